import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { startTestServer, type TestClient, type TestServer } from "../../src/testing";

interface Emit {
  namespace?: string;
  rooms?: string[];
  users?: string[];
  /** User ids. */
  except?: string[];
  /** A method of the emitter. */
  call?: string;
  args: unknown[];
}

const PROGRAM = join(__dirname, "../support/emitting-program.cjs");

let server: TestServer;
let alice: TestClient;
let bob: TestClient;
let carol: TestClient;

beforeAll(async () => {
  server = await startTestServer({ nodes: 2, config: { namespaces: ["/", "/support"] } });
});
beforeEach(async () => {
  [alice, bob, carol] = (await Promise.all(
    ["alice", "bob", "carol"].map((userId, index) => server.nodes[index % 2]?.connect({ userId })),
  )) as [TestClient, TestClient, TestClient];
  await alice.call("join", { room: "hall" });
  await bob.call("join", { room: "hall" });
});
afterEach(() => {
  for (const client of [alice, bob, carol]) {
    client.close();
  }
});
afterAll(() => server.close());

/** Emits from a process of its own. */
async function emit(...emits: Emit[]): Promise<void> {
  await promisify(execFile)(process.execPath, [
    PROGRAM,
    server.redis?.url ?? "",
    server.redis?.prefix ?? "",
    JSON.stringify(emits),
  ]);
}

/** Ends a list of emits, so that everybody has got what came before. */
const END: Emit = { users: ["alice", "bob", "carol"], args: ["end"] };
async function ended(): Promise<void> {
  for (const client of [alice, bob, carol]) {
    await client.waitFor("end");
  }
}

it("reaches a room on every node, and nobody else", async () => {
  await emit({ rooms: ["hall"], args: ["price_changed", { price: 7 }] }, END);
  await ended();

  expect([alice, bob, carol].map((client) => client.received("price_changed"))).toEqual([
    [{ price: 7 }],
    [{ price: 7 }],
    [],
  ]);
});

it("leaves out whom it excepts", async () => {
  await emit({ rooms: ["hall"], except: ["bob"], args: ["price_changed", 1] }, END);
  await ended();

  expect([alice, bob].map((client) => client.received("price_changed"))).toEqual([[1], []]);
});

it("reaches users, wherever their sockets are, several rooms, and everybody", async () => {
  const tab = (await server.nodes[1]?.connect({ userId: "alice" })) as TestClient;
  await emit(
    { users: ["alice"], args: ["for_alice", 1] },
    { rooms: ["hall", "void"], users: ["carol"], args: ["for_some", 2] },
    { args: ["for_all", 3] },
    END,
  );
  await ended();
  await tab.waitFor("end");

  expect([alice, tab, bob, carol].map((client) => client.received("for_alice"))).toEqual([[1], [1], [], []]);
  expect([alice, bob, carol].map((client) => client.received("for_some"))).toEqual([[2], [2], [2]]);
  expect([alice, bob, carol].map((client) => client.received("for_all"))).toEqual([[3], [3], [3]]);
  tab.close();
});

it("reaches a namespace, and not the others", async () => {
  const there = (await server.nodes[0]?.connect({ userId: "there", namespace: "/support" })) as TestClient;
  await there.call("join", { room: "hall" });
  await emit({ namespace: "/support", rooms: ["hall"], args: ["ticket", 1] }, END);
  await there.waitFor("ticket");
  await ended();

  expect([alice, bob].map((client) => client.received("ticket"))).toEqual([[], []]);
  there.close();
});

it("cannot join, move or cut sockets", async () => {
  await emit(
    { users: ["carol"], call: "socketsJoin", args: ["r:hall"] },
    { rooms: ["hall"], call: "socketsLeave", args: ["r:hall"] },
    { rooms: ["hall"], call: "disconnectSockets", args: [true] },
    { rooms: ["hall"], args: ["still", 1] },
    END,
  );
  await ended();

  expect([alice, bob, carol].map((client) => client.received("still"))).toEqual([[1], [1], []]);
});

it("does no harm when it emits under our own words, or emits garbage", async () => {
  const deep = JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`);
  await emit(
    { rooms: ["hall"], args: ["message"] },
    { rooms: ["hall"], args: ["message", { room: "hall", id: 7, userId: {}, content: null, seq: "x" }] },
    { rooms: ["hall"], args: ["message", { room: "hall", id: "y", userId: "ghost", content: "boo", seq: "x" }] },
    { rooms: ["hall"], args: ["message", { room: "hall", id: "x", userId: "ghost", content: "boo", type: "text" }] },
    { rooms: ["hall"], args: ["stored", { room: "hall", epoch: "other", runs: [{ from: -1, items: 7 }] }] },
    { rooms: ["hall"], args: ["retracted", null] },
    { rooms: ["hall"], args: ["deep", deep] },
    { namespace: "/nowhere", rooms: ["hall"], args: ["x"] },
    END,
  );
  await ended();
  const { seq } = await alice.call("message", { room: "hall", content: "unharmed" });

  await bob.waitFor("message", ({ content }) => content === "unharmed");
  await bob.waitFor("stored", ({ runs }) => runs.some(({ from }) => from === seq));
  const page = await bob.call("history", { room: "hall", after: 0 });
  expect(page.messages.map(({ content }) => content)).toEqual(["unharmed"]);
  expect(bob.received("deep")).toEqual([]);
});
