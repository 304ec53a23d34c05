import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { EngineSocket } from "../support/engine-socket";

const EVENTS = ["join", "leave", "message", "typing", "history", "presence", "rooms", "refresh_token"] as const;

let server: TestServer;
let witness: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  witness = await server.connect({ userId: "witness", rooms: ["a"] });
  await witness.waitFor("room_state");
});
afterEach(async () => {
  // The process lives, and the room got nothing that was refused.
  await witness.expectNone("message", ({ type, userId }) => type !== "system" && userId !== "witness");
});
afterAll(() => server.close());

function nested(depth: number): string {
  return `${"[".repeat(depth)}${"]".repeat(depth)}`;
}

const PAYLOADS: [string, string][] = [
  ["nothing", ""],
  ["null", "null"],
  ["a number", "1e400"],
  ["a text", `"room"`],
  ["a list", `[{"room":"a"}]`],
  ["an empty object", "{}"],
  ["an unknown key", `{"room":"a","content":"x","isTyping":true,"token":"t","extra":1}`],
  ["prototype keys", `{"__proto__":{"room":"a","content":"x"},"constructor":{"prototype":{}}}`],
  ["a room that is an object", `{"room":{"toString":"a"},"content":"x"}`],
  ["a room with a slash", `{"room":"a/b","content":"x","isTyping":true}`],
  ["5,000 levels", `{"room":"a","content":"x","metadata":{"a":${nested(5_000)}}}`],
  ["9 levels", `{"room":"a","content":"x","metadata":{"a":${nested(9)}}}`],
  ["50 KB of lists", `{"room":"a","content":"x","metadata":{"a":[${"[],".repeat(16_000)}[]]}}`],
  ["a placeholder of an attachment that never comes", `{"room":"a","content":{"_placeholder":true,"num":0}}`],
];

describe.each(EVENTS)("%s", (event) => {
  // An empty object is all that `rooms` needs.
  const payloads = PAYLOADS.filter(([, payload]) => event !== "rooms" || payload !== "{}");

  it.each(payloads)("is refused and answered with %s for a payload", async (_what, payload) => {
    const socket = await EngineSocket.open(server.url);
    await socket.connect(await server.tokens.mint({ userId: "mallory", rooms: ["a"] }));
    socket.send(`21["join",{"room":"a"}]`);
    await socket.until((frame) => frame.startsWith("431"));
    socket.send(`22["${event}"${payload && ","}${payload}]`);

    const [answer] = JSON.parse((await socket.until((frame) => frame.startsWith("432"))).slice(3));

    expect(answer).toMatchObject({
      ok: false,
      error: { code: expect.stringMatching(/^PAYLOAD_(INVALID|TOO_LARGE)$/), retryable: false },
    });
    expect(JSON.stringify(answer)).not.toContain("mallory");
    socket.ws.terminate();
  });
});

it("survives packets whose last argument stands where the acknowledgement would", async () => {
  const mallory = await server.connect({ userId: "mallory", rooms: ["a"] });
  await mallory.waitFor("room_state");
  for (const event of [...EVENTS, "no_such_event"]) {
    for (const args of [[], [{ room: "a" }, "ack"], [null, "ack"], ["ack"], [{ room: "b" }, { call: "me" }, 3]]) {
      mallory.socket.emit(event, ...args);
    }
  }
  await mallory.fence();

  expect(mallory.socket.connected).toBe(true);
});

it.each(["constructor", "__proto__", "toString", "hasOwnProperty", "disconnecting2", "", "x".repeat(10_000)])(
  "answers the unknown event %.20s",
  async (event) => {
    const mallory = await server.connect({ userId: "mallory" });

    expect(await mallory.socket.timeout(5_000).emitWithAck(event, {})).toMatchObject({
      ok: false,
      error: { code: "EVENT_UNKNOWN" },
    });
  },
);

it.each([
  ["a number for an event's name", `21[7,{"room":"a"}]`],
  ["no name at all", "21[]"],
  ["an object for a name", `21[{"toString":"message"},{}]`],
  ["a name of Socket.IO's own", `21["disconnect",{}]`],
  ["another one", `21["disconnecting",{}]`],
  ["binary attachments", `51-1["message",{"_placeholder":true,"num":0}]`],
  ["an acknowledgement that nobody asked for", `3999[{"ok":true}]`],
  ["no JSON", `21["message",`],
  ["a packet type that is none", "9"],
  ["text that is no packet", "hello"],
])("outlives %s", async (_what, packet) => {
  const socket = await EngineSocket.open(server.url);
  await socket.connect(await server.tokens.mint({ userId: "mallory" }));
  socket.send(packet);
  socket.ws.send(Buffer.from([1, 2, 3]));
  socket.ws.close();
  await socket.closed();

  await expect(witness.call("message", { room: "a", content: "still here" })).resolves.toBeDefined();
});

it("refuses content that cannot be stored as it is, and takes everything else", async () => {
  const alice = await server.connect({ userId: "alice", rooms: ["b"] });
  await alice.waitFor("room_state");
  const send = (content: unknown) => alice.emitWithAck("message", { room: "b", content: content as string });

  for (const content of ["", "\0", "a\0b", "\ud800", "\udc00\ud800"]) {
    expect(await send(content)).toMatchObject({ error: { code: "PAYLOAD_INVALID" } });
  }
  expect(await send("é".repeat(4_097))).toMatchObject({ error: { code: "PAYLOAD_TOO_LARGE" } });
  const accepted = [
    "é".repeat(4_096),
    "\u0001\u001b[31m",
    "<script>",
    "'; DROP TABLE messages; --",
    "\ufffe\uffff",
    " ",
  ];
  for (const content of accepted) {
    expect(await send(content)).toMatchObject({ ok: true });
  }
  expect((await alice.call("history", { room: "b" })).messages.map(({ content }) => content)).toEqual(accepted);
});
