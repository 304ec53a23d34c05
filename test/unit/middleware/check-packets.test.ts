import { RoomfulError } from "../../../src/contract/roomful-error";
import type { RoomfulSocket } from "../../../src/contract/socket-data";
import { checkPackets, type PacketCheck } from "../../../src/middleware/check-packets";

type Middleware = (packet: unknown[], next: (error?: Error) => void) => void;

function setup(...checks: PacketCheck[]) {
  const middleware: Middleware[] = [];
  const socket = {
    id: "s1",
    connected: true,
    use: (each: Middleware) => middleware.push(each),
  } as unknown as RoomfulSocket;
  const refused: [event: string, error: unknown][] = [];
  checkPackets(socket, checks, (event, error) => refused.push([event, error]));
  /** Lets a packet in; the arguments of `next`, when it is called. */
  const receive = (packet: unknown[]) => {
    const passed: unknown[][] = [];
    for (const each of middleware) {
      each(packet, (...args) => passed.push(args));
    }
    return passed;
  };
  return { socket, refused, receive };
}

const refuse = (error: unknown): PacketCheck => {
  return () => {
    throw error;
  };
};

it("lets a packet pass when every check has let it, in their order", () => {
  const seen: string[] = [];
  const { receive, refused, socket } = setup(
    (packet, by) => seen.push(`first ${packet[0]} ${by === socket}`),
    (packet, by) => seen.push(`second ${packet[0]} ${by === socket}`),
  );

  expect(receive(["join", { room: "general" }])).toEqual([[]]);
  expect(seen).toEqual(["first join true", "second join true"]);
  expect(refused).toEqual([]);
});

it("hands on what a check puts into the packet", () => {
  const seen: unknown[] = [];
  const { receive } = setup(
    (packet) => {
      packet[1] = "made by the check";
    },
    (packet) => seen.push(packet[1]),
  );
  const packet = ["join", "sent"];

  receive(packet);

  expect(seen).toEqual(["made by the check"]);
  expect(packet).toEqual(["join", "made by the check"]);
});

it("answers and drops a packet that a check refuses, without asking the others", () => {
  const seen: unknown[] = [];
  const error = new RoomfulError("RATE_LIMITED", { retryAfterMs: 120 });
  const { receive, refused } = setup(refuse(error), (packet) => seen.push(packet));
  const replies: unknown[] = [];

  const passed = receive(["typing", {}, (reply: unknown) => replies.push(reply)]);

  expect(passed).toEqual([]);
  expect(seen).toEqual([]);
  expect(replies).toEqual([{ ok: false, error: error.toReply() }]);
  expect(refused).toEqual([["typing", error]]);
});

it("answers a packet that is an acknowledgement and nothing else", () => {
  const { receive } = setup(refuse(new RoomfulError("EVENT_UNKNOWN")));
  const replies: unknown[] = [];

  receive(["jion", (reply: unknown) => replies.push(reply)]);

  expect(replies).toMatchObject([{ ok: false, error: { code: "EVENT_UNKNOWN" } }]);
});

it.each([
  ["nothing", []],
  ["a text", ["ack"]],
  ["null", [{}, null]],
])("drops a refused packet that ends in %s", (_what, args) => {
  const { receive, refused } = setup(refuse(new RoomfulError("EVENT_UNKNOWN")));

  expect(receive(["jion", ...args])).toEqual([]);
  expect(refused).toHaveLength(1);
});

it("answers INTERNAL when a check itself fails, and reports why", () => {
  const bug = new TypeError("claims is undefined");
  const { receive, refused } = setup(refuse(bug));
  const replies: unknown[] = [];

  receive(["join", {}, (reply: unknown) => replies.push(reply)]);

  expect(replies).toMatchObject([{ ok: false, error: { code: "INTERNAL" } }]);
  expect(JSON.stringify(replies)).not.toContain("claims");
  expect(refused).toEqual([["join", bug]]);
});

it("checks every packet anew", () => {
  const { receive } = setup(([event]) => {
    if (event !== "join") {
      throw new RoomfulError("EVENT_UNKNOWN");
    }
  });

  expect(["join", "jion", "join"].map((event) => receive([event]).length)).toEqual([1, 0, 1]);
});

it("does not look at packets of a socket that is gone, and answers none", () => {
  const replies: unknown[] = [];
  const { socket, receive, refused } = setup(refuse(new RoomfulError("EVENT_UNKNOWN")));
  Object.assign(socket, { connected: false });

  expect(receive(["join", {}, (reply: unknown) => replies.push(reply)])).toEqual([]);
  expect(replies).toEqual([]);
  expect(refused).toEqual([]);
});
