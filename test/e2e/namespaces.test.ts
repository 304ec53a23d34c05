import { Manager } from "socket.io-client";

import { startTestServer, type TestServer } from "../../src/testing";
import { EngineSocket } from "../support/engine-socket";
import { refusalOf } from "../support/refusal";

const NAMESPACES = ["/", "/support", "/a", "/b", "/c"];
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ config: { namespaces: NAMESPACES } });
});
afterAll(() => server.close());

it("keeps rooms, history and presence of namespaces apart", async () => {
  const main = await server.connect({ userId: "alice", rooms: ["lobby"] });
  const support = await server.connect({ userId: "bob", namespace: "/support" });
  await support.call("join", { room: "lobby" });
  const { id, seq } = await main.call("message", { room: "lobby", content: "on /" });
  const answer = await support.call("message", { room: "lobby", content: "on /support" });

  expect([seq, answer.seq]).toEqual([1, 1]);
  await support.expectNone("message", (message) => message.id === id);
  expect((await support.call("history", { room: "lobby" })).messages.map(({ content }) => content)).toEqual([
    "on /support",
  ]);
  expect(await support.call("presence", { room: "lobby" })).toMatchObject({ count: 1, users: [{ userId: "bob" }] });
  expect((await support.call("rooms", {})).rooms).toEqual([{ room: "lobby", count: 1, lastSeq: 1 }]);
});

it.each(NAMESPACES)("checks the token on %s", async (namespace) => {
  expect(await refusalOf(server.connect({ userId: "eve", token: null, namespace }))).toMatchObject({
    code: "TOKEN_MISSING",
  });
  await expect(server.connect({ userId: "eve", namespace })).resolves.toBeDefined();
});

it("refuses a namespace that is not listed, also beside one that is", async () => {
  expect(await refusalOf(server.connect({ userId: "alice", namespace: "/admin" }))).toMatchObject({
    code: "NAMESPACE_UNKNOWN",
    retryable: false,
  });
  const raw = await EngineSocket.open(server.url);
  await raw.connect(await server.tokens.mint({ userId: "alice" }));
  raw.send(`0/admin,{"token":"x"}`);
  expect(await raw.until((frame) => frame.startsWith("44/admin,"))).toContain("NAMESPACE_UNKNOWN");
  // The connection lives on for the namespace that was joined.
  raw.send(`21["presence",{"room":"x"}]`);
  expect(await raw.until((frame) => frame.startsWith("431"))).toContain("NOT_IN_ROOM");
  raw.ws.close();
});

it("admits a token to the namespaces that it names", async () => {
  const claims = { namespaces: ["/support"] };
  await expect(server.connect({ userId: "alice", claims, namespace: "/support" })).resolves.toBeDefined();
  expect(await refusalOf(server.connect({ userId: "alice", claims }))).toMatchObject({ code: "NAMESPACE_FORBIDDEN" });
});

it("allows a connection four namespaces", async () => {
  const token = await server.tokens.mint({ userId: "alice" });
  const manager = new Manager(server.url, { transports: ["websocket"], reconnection: false });
  const outcomes = await Promise.all(
    NAMESPACES.map(
      (namespace) =>
        new Promise<string>((resolve) => {
          const socket = manager.socket(namespace, { auth: { token } });
          socket.once("welcome", () => resolve("welcome"));
          socket.once("connect_error", (error) => resolve((error as Error & { data: { code: string } }).data.code));
        }),
    ),
  );
  manager._close();

  expect(outcomes.toSorted()).toEqual(["TOO_MANY_CONNECTIONS", "welcome", "welcome", "welcome", "welcome"]);
});

it("closes a connection that joins the same namespace twice", async () => {
  const raw = await EngineSocket.open(server.url);
  const token = await server.tokens.mint({ userId: "alice" });
  await raw.connect(token);
  raw.send(`0${JSON.stringify({ token })}`);

  await raw.closed();
});
