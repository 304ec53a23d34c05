import { ERROR_CODES, type ErrorCode } from "../../../src/contract/error-codes";
import { RoomfulError, toErrorReply } from "../../../src/contract/roomful-error";

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

describe("the catalogue", () => {
  it("names every code that is published, and no other", () => {
    // The list of the specification, and what came later: codes are added, never renamed or taken away.
    expect(CODES.toSorted()).toEqual(
      [
        ...[
          "CONTENT_TYPE_UNSUPPORTED",
          "DISCONNECTED",
          "REQUEST_TIMEOUT",
          "HOST_REFUSED",
          "TRANSPORT_REFUSED",
          "FLOODING",
        ],
        ...["TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "ORIGIN_REFUSED", "NAMESPACE_UNKNOWN"],
        ...["NAMESPACE_FORBIDDEN", "TOO_MANY_CONNECTIONS", "HANDSHAKE_TIMEOUT"],
        ...["EVENT_UNKNOWN", "PAYLOAD_INVALID", "PAYLOAD_TOO_LARGE"],
        ...["ROOM_FORBIDDEN", "NOT_IN_ROOM", "TOO_MANY_ROOMS", "SEND_FORBIDDEN"],
        ...["RATE_LIMITED", "OVERLOADED", "DRAINING", "UNAVAILABLE"],
        ...["IDEMPOTENCY_CONFLICT", "STORAGE_REJECTED", "SLOW_CONSUMER", "REVOKED"],
        ...["API_KEY_INVALID", "SCOPE_MISSING", "NOT_FOUND", "IDEMPOTENCY_IN_FLIGHT", "INTERNAL"],
      ].toSorted(),
    );
  });

  it("calls retryable what may succeed later, and nothing else", () => {
    expect(CODES.filter((code) => ERROR_CODES[code].retryable).toSorted()).toEqual(
      [
        ...["TOO_MANY_CONNECTIONS", "HANDSHAKE_TIMEOUT", "RATE_LIMITED", "OVERLOADED", "DRAINING", "UNAVAILABLE"],
        ...["SLOW_CONSUMER", "IDEMPOTENCY_IN_FLIGHT", "INTERNAL", "DISCONNECTED", "REQUEST_TIMEOUT", "FLOODING"],
      ].toSorted(),
    );
  });

  it.each(CODES)("has a sentence and an HTTP error status for %s", (code) => {
    const { message, httpStatus } = ERROR_CODES[code];

    expect(message).toMatch(/^[A-Z].+\.$/);
    expect(httpStatus).toBeGreaterThanOrEqual(400);
    expect(httpStatus).toBeLessThan(600);
  });
});

describe("RoomfulError", () => {
  it.each(CODES)("makes a reply of the catalogue's words for %s", (code) => {
    const { message, retryable } = ERROR_CODES[code];

    expect(new RoomfulError(code).toReply()).toStrictEqual({ code, message, retryable });
  });

  it("is an error that can be told by its class and name", () => {
    const error = new RoomfulError("NOT_IN_ROOM");

    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe("RoomfulError");
    expect(error.message).toBe(ERROR_CODES.NOT_IN_ROOM.message);
  });

  it("replies with how long to wait, in whole milliseconds and never less", () => {
    expect(new RoomfulError("RATE_LIMITED", { retryAfterMs: 12.01 }).toReply()).toStrictEqual({
      ...{ code: "RATE_LIMITED", message: ERROR_CODES.RATE_LIMITED.message, retryable: true },
      retryAfterMs: 13,
    });
  });

  it("replies with a wait of 0", () => {
    expect(new RoomfulError("RATE_LIMITED", { retryAfterMs: 0 }).toReply()).toHaveProperty("retryAfterMs", 0);
  });

  it("replies with its details", () => {
    const details = [{ path: "room", problem: "is not a room name" }];

    expect(new RoomfulError("PAYLOAD_INVALID", { details }).toReply()).toHaveProperty("details", details);
  });

  it("keeps its cause for the log and out of the reply", () => {
    const cause = new Error("relation messages does not exist");
    const error = new RoomfulError("STORAGE_REJECTED", { cause });

    expect(error.cause).toBe(cause);
    expect(JSON.stringify(error.toReply())).not.toContain("relation");
  });
});

describe("toErrorReply", () => {
  it("answers a RoomfulError's own reply", () => {
    const error = new RoomfulError("OVERLOADED", { retryAfterMs: 500 });

    expect(toErrorReply(error)).toStrictEqual(error.toReply());
  });

  it.each([
    ["a bug", new TypeError("secret is not a function")],
    ["a text", "secret"],
    ["undefined", undefined],
    ["null", null],
    ["an object that looks like a reply", { code: "NOT_IN_ROOM", message: "secret", toReply: () => "secret" }],
  ])("answers INTERNAL for %s, and shows nothing of it", (_what, thrown) => {
    expect(toErrorReply(thrown)).toStrictEqual({
      ...{ code: "INTERNAL", message: ERROR_CODES.INTERNAL.message, retryable: true },
      retryAfterMs: 1_000,
    });
  });
});
