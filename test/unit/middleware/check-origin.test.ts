import type { IncomingMessage } from "node:http";

import { corsOf, createOriginCheck, type OriginOptions } from "../../../src/middleware/check-origin";

interface SetupOptions extends Partial<OriginOptions> {
  origin?: string;
  host?: string;
}

function mayConnect({ allowedOrigins = [], mode = "production", ...headers }: SetupOptions): boolean {
  return createOriginCheck({ allowedOrigins, mode })({ headers } as IncomingMessage);
}

const host = "chat.example:8443";

describe("the origin check", () => {
  it.each(["production", "development", "test"] as const)("lets in who is no browser (%s)", (mode) => {
    expect(mayConnect({ mode, host })).toBe(true);
    expect(mayConnect({ mode, host, allowedOrigins: ["https://app.example"] })).toBe(true);
  });

  it.each(["development", "test"] as const)("lets any page in when nothing is set, in %s", (mode) => {
    expect(mayConnect({ mode, host, origin: "https://anywhere.example" })).toBe(true);
    expect(mayConnect({ mode, host, origin: "null" })).toBe(true);
  });

  it("lets the service's own page in whatever is listed, in development, where it has one", () => {
    const listed = { host, origin: `http://${host}`, allowedOrigins: ["https://app.example"] };

    expect(mayConnect({ ...listed, mode: "development" })).toBe(true);
    expect(mayConnect({ ...listed, mode: "development", origin: "http://other.example" })).toBe(false);
    expect(mayConnect({ ...listed, mode: "production" })).toBe(false);
  });

  it("lets only pages of the same host in when nothing is set, in production", () => {
    expect(mayConnect({ host, origin: `https://${host}` })).toBe(true);
    expect(mayConnect({ host, origin: `http://${host}` })).toBe(true);
    expect(mayConnect({ host: "chat.example", origin: "https://chat.example:443" })).toBe(true);
  });

  it.each([
    ["https://chat.example", "chat.example:443"],
    ["http://chat.example", "chat.example:80"],
    ["https://chat.example", "Chat.Example"],
    ["https://[::1]", "[::1]:443"],
  ])("takes %s for the host %s: the scheme's own port may stand there", (origin, named) => {
    expect(mayConnect({ host: named, origin })).toBe(true);
  });

  it.each([
    ["https://chat.example", "chat.example:80"],
    ["http://chat.example", "chat.example:443"],
    ["https://chat.example:8443", "chat.example:443"],
    ["https://chat.example", "chat.example/@evil.example"],
  ])("does not take %s for the host %s", (origin, named) => {
    expect(mayConnect({ host: named, origin })).toBe(false);
  });

  it.each([
    ["another host", "https://evil.example"],
    ["another port", "https://chat.example"],
    ["a host that begins alike", `https://${host}.evil.example`],
    ["a host that ends alike", `https://evil-${host}`],
    ["the host as a user name", `https://${host}@evil.example`],
    ["the host as a path", `https://evil.example/${host}`],
    ["null", "null"],
    ["no address", "chat.example:8443"],
    ["an empty one", ""],
  ])("refuses %s in production", (_what, origin) => {
    expect(mayConnect({ host, origin })).toBe(false);
  });

  it("refuses an origin without a host to compare it with, in production", () => {
    expect(mayConnect({ origin: `https://${host}` })).toBe(false);
    expect(mayConnect({ origin: "null" })).toBe(false);
  });

  describe.each(["production", "development"] as const)("with a list, in %s", (mode) => {
    const allowedOrigins = ["https://app.example", "https://admin.example:8443"];

    it("lets in what the list names", () => {
      for (const origin of allowedOrigins) {
        expect(mayConnect({ mode, host, allowedOrigins, origin })).toBe(true);
      }
    });

    it.each([
      ["another scheme", "http://app.example"],
      ["another port", "https://app.example:8443"],
      ["a part of it", "https://app.exampl"],
      ["more than it", "https://app.example.evil"],
      ["null", "null"],
    ])("refuses %s", (_what, origin) => {
      expect(mayConnect({ mode, host, allowedOrigins, origin })).toBe(false);
    });
  });

  it("compares with the list as browsers write origins", () => {
    const allowedOrigins = ["https://App.Example/", "HTTPS://admin.example:443", "capacitor://localhost", "null"];
    const right = ["https://app.example", "https://admin.example", "capacitor://localhost", "null"];

    expect(right.filter((origin) => !mayConnect({ host, allowedOrigins, origin }))).toEqual([]);
    expect(mayConnect({ host, allowedOrigins, origin: "https://admin.example:8443" })).toBe(false);
  });

  it("lets in the names below one that is listed with a wildcard, and nothing else", () => {
    const allowedOrigins = ["https://*.chat.example", "http://*.dev.test:8080"];
    const right = ["https://a.chat.example", "https://a.b.chat.example", "http://x.dev.test:8080"];
    const wrong = [
      ...["https://chat.example", "http://a.chat.example", "https://a.chat.example:8443", "https://xchat.example"],
      ...["https://a.chat.example.evil.example", "https://evil.example/.chat.example", "https://.chat.example"],
      ...["http://x.dev.test", "https://evil.example#.chat.example", "https://evil.example\\.chat.example", "null"],
    ];

    expect(right.filter((origin) => !mayConnect({ host, allowedOrigins, origin }))).toEqual([]);
    expect(wrong.filter((origin) => mayConnect({ host, allowedOrigins, origin }))).toEqual([]);
  });
});

describe("corsOf", () => {
  it.each(["production", "development"] as const)("lets pages of the listed origins read, in %s", (mode) => {
    const { origin } = corsOf({ allowedOrigins: ["https://app.example/", "https://*.chat.example"], mode });
    const mayRead = (asked: string | undefined): unknown => {
      let answer: unknown;
      if (typeof origin === "function") {
        origin(asked, (_error, isAllowed) => {
          answer = isAllowed;
        });
      }
      return answer;
    };

    expect(["https://app.example", "https://a.chat.example"].map(mayRead)).toEqual([true, true]);
    expect(["https://chat.example", "https://evil.example", "null", undefined].map(mayRead)).toEqual(
      Array(4).fill(false),
    );
  });

  it("lets pages of any origin read when nothing is set, but not in production", () => {
    expect(corsOf({ allowedOrigins: [], mode: "development" })).toEqual({ origin: true });
    expect(corsOf({ allowedOrigins: [], mode: "test" })).toEqual({ origin: true });
    expect(corsOf({ allowedOrigins: [], mode: "production" })).toEqual({ origin: false });
  });
});
