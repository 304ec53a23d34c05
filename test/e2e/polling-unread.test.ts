import { startTestServer, type TestServer } from "../../src/testing";
import { readMetric } from "../support/metrics";
import { PollingSession } from "../support/polling-session";

const MEBIBYTE = 1_048_576;
/** Pages of 256 KiB that one poll is answered with. */
const PAGES = 120;
/** More than the kernel keeps of a connection that is not read: 10 MB by default, both ends together. */
const FILLED = 24 * MEBIBYTE;

let server: TestServer;
const sessions: PollingSession[] = [];
beforeAll(async () => {
  server = await startTestServer({ config: { emitBuffer: { maxBytes: 64 * MEBIBYTE } } });
  const alice = await server.connect({ userId: "alice", rooms: ["hall"] });
  await alice.waitFor("room_state");
  for (let index = 0; index < 40; index += 1) {
    await alice.call("message", { room: "hall", content: "x".repeat(8_000) });
  }
});
afterAll(async () => {
  for (const session of sessions) {
    session.close();
  }
  await server.close();
});

async function open(userId: string): Promise<PollingSession> {
  const session = await PollingSession.open(server.directUrl, await server.tokens.mint({ userId }));
  sessions.push(session);
  await session.send(`20["join",{"room":"hall"}]`);
  return session;
}

/** Asks for pages, and resolves when so many bytes wait for who asked. */
async function fill(session: PollingSession, bytes: number): Promise<void> {
  await session.send(...Array.from({ length: PAGES }, (_, index) => `2${index + 1}["history",{"room":"hall"}]`));
  while ((await readMetric(server, "roomful_emit_buffer_bytes")) < bytes) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves when nothing is held for anybody any more. */
async function isEmpty(meanwhile?: () => Promise<unknown>): Promise<void> {
  while ((await readMetric(server, "roomful_emit_buffer_bytes")) > 0) {
    await meanwhile?.();
  }
}

async function reasonOf(userId: string, lastSocketId: string): Promise<unknown> {
  const { welcome } = await server.connect({ userId, lastSocketId });
  return welcome.lastDisconnect;
}

it("counts what a poll was answered with until it is read, and cuts who does not read it", async () => {
  const session = await open("mallory");
  await fill(session, FILLED);
  session.pollUnread();
  // Answered, and not read: the next request is answered after it.
  expect((await session.send(`2999["rooms",{}]`)).status).toBe(200);
  expect(await readMetric(server, "roomful_emit_buffer_bytes")).toBeGreaterThan(FILLED);

  await server.clock.advance(5_300);
  await isEmpty();
  expect(await reasonOf("mallory", session.socketId)).toMatchObject({
    code: "SLOW_CONSUMER",
    details: { limit: "age" },
  });
});

it("cuts who asks again before an answer is read", async () => {
  const session = await open("trudy");
  await fill(session, FILLED);
  session.pollUnread();
  await session.send(`2997["rooms",{}]`);
  session.pollUnread();
  // Whichever of them comes first: there is an answer for the second one too.
  await isEmpty(() => session.send(`2998["rooms",{}]`));

  expect(await reasonOf("trudy", session.socketId)).toMatchObject({
    code: "SLOW_CONSUMER",
    details: { limit: "polls" },
  });
});

it("lets who reads be, however much it is", async () => {
  const session = await open("bob");
  await fill(session, FILLED);
  let answers = "";
  while (!answers.includes(`43${PAGES}[`)) {
    answers += await session.poll();
  }

  expect((await session.send(`21000["rooms",{}]`)).status).toBe(200);
  expect(await session.poll()).toContain("431000[");
});
