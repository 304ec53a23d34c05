import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";

import { FaultProxy } from "../../src/testing/fault-proxy";

/** A server that answers each chunk with itself, and ends when the other side has ended. */
let echo: Server;
let accepted: Socket[];
const proxies: FaultProxy[] = [];
const callers: Socket[] = [];

beforeEach(async () => {
  accepted = [];
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on("error", () => {});
    socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(echo, "listening");
});
afterEach(async () => {
  for (const socket of [...callers.splice(0), ...accepted]) {
    socket.destroy();
  }
  for (const proxy of proxies.splice(0)) {
    await proxy.close();
  }
  echo.close();
});

async function start(above?: FaultProxy): Promise<FaultProxy> {
  const { port } = echo.address() as AddressInfo;
  const proxy = await FaultProxy.start({ target: () => ({ host: "127.0.0.1", port }), ...(above && { above }) });
  proxies.push(proxy);
  return proxy;
}

function call({ address }: FaultProxy): Socket {
  const socket = connect({ ...address, allowHalfOpen: true });
  socket.on("error", () => {});
  callers.push(socket);
  return socket;
}

/** Resolves when this has come back. */
async function echoes(socket: Socket, sent: string): Promise<void> {
  let got = "";
  socket.write(sent);
  while (got !== sent) {
    const [chunk] = await once(socket, "data");
    got += String(chunk);
  }
}

/** Resolves when the connection has ended, well or badly. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

it("passes everything in both directions, and each direction's end by itself", async () => {
  const caller = call(await start());
  const sent = "x".repeat(3_000_000);

  const got = text(caller);
  caller.end(sent);

  // What the echo sends after the caller's end still comes.
  expect((await got) === sent).toBe(true);
});

it("ends connections at a cut, and new ones until it resumes", async () => {
  const proxy = await start();
  const caller = call(proxy);
  await echoes(caller, "before");
  const [far] = accepted;

  proxy.cut();

  await Promise.all([gone(caller), gone(far as Socket)]);
  const [refused] = await once(call(proxy), "error");
  expect((refused as NodeJS.ErrnoException).code).toBe("ECONNRESET");
  proxy.resume();
  await echoes(call(proxy), "after");
});

it("holds what is sent, without a word to either side, and lets it through in order", async () => {
  const proxy = await start();
  const caller = call(proxy);
  await echoes(caller, "before");
  proxy.hold();
  let got = "";
  caller.on("data", (chunk) => {
    got += chunk;
  });
  caller.write("one ");
  caller.write("two ");
  // Another connection of the same server, not held, has a round trip's time for both.
  await echoes(call(await start()), "fence");
  expect([got, caller.destroyed, accepted[0]?.destroyed]).toEqual(["", false, false]);

  proxy.resume();

  while (got !== "one two ") {
    await once(caller, "data");
  }
});

it("tells nobody of an end while it holds", async () => {
  const proxy = await start();
  const caller = call(proxy);
  await echoes(caller, "before");
  const far = accepted[0] as Socket;
  proxy.hold();
  caller.resetAndDestroy();
  await echoes(call(await start()), "fence");
  expect(far.destroyed).toBe(false);

  proxy.resume();

  await gone(far);
});

it("delays each way and keeps the order, of the end too", async () => {
  const proxy = await start();
  const caller = call(proxy);
  await echoes(caller, "before");
  proxy.slow(40);
  const startedAtMs = performance.now();
  const got = text(caller);
  for (const word of ["a", "b", "c"]) {
    caller.write(word);
  }
  caller.end("d");

  expect(await got).toBe("abcd");
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(79);
});

it("does not keep what came while it was slow", async () => {
  const proxy = await start();
  const caller = call(proxy);
  await echoes(caller, "before");
  proxy.slow(3_600_000);
  const echoed = echoes(caller, "late");
  await echoes(call(await start()), "fence");

  proxy.resume();

  await echoed;
});

it("lets a slow reader be felt at the other side", async () => {
  const proxy = await start();
  const caller = call(proxy);
  await echoes(caller, "before");
  caller.pause();
  const far = accepted[0] as Socket;
  far.unpipe();
  const chunk = Buffer.alloc(1_000_000);
  // Only what kernels take is taken: sooner or later a write has to wait.
  let written = 0;
  while (far.write(chunk) || (await isDrained(far))) {
    written += 1;
    expect(written).toBeLessThan(100);
  }
  expect(far.writableNeedDrain).toBe(true);
});

/** Whether the socket takes more before a fence of its own loop has gone round. */
async function isDrained(socket: Socket): Promise<boolean> {
  const drained = once(socket, "drain").then(() => true);
  const fence = (async () => {
    for (let round = 0; round < 20; round += 1) {
      await echoes(call(await start()), "fence");
    }
    return false;
  })();
  return Promise.race([drained, fence]);
}

it("lets what was said before a connection broke arrive, and then its end", async () => {
  const proxy = await start();
  const caller = call(proxy);
  await echoes(caller, "before");
  const far = accepted[0] as Socket;
  far.unpipe();
  const got = text(caller);

  far.write("last words", () => far.resetAndDestroy());

  expect(await got).toBe("last words");
  // Nobody takes it any more, and the caller is not kept waiting.
  await new Promise((resolve) => caller.write("too late", resolve));
});

it("breaks the connection where nobody is at the other end", async () => {
  const { port } = echo.address() as AddressInfo;
  const nobody = await FaultProxy.start({ target: () => undefined });
  const closed = await FaultProxy.start({ target: () => ({ host: "127.0.0.1", port }) });
  proxies.push(nobody, closed);
  await new Promise((resolve) => echo.close(resolve));

  for (const proxy of [nobody, closed]) {
    const [error] = await once(call(proxy), "error");
    expect((error as NodeJS.ErrnoException).code).toBe("ECONNRESET");
  }
});

it("has the faults of the one above it on top of its own", async () => {
  const above = await start();
  const [here, beside] = [await start(above), await start(above)];
  const [cut, spared] = [call(here), call(beside)];
  await echoes(cut, "before");
  await echoes(spared, "before");

  here.cut();
  await gone(cut);
  await echoes(spared, "still here");

  above.cut();
  await gone(spared);
  above.resume();
  await echoes(call(beside), "back");
  await once(call(here), "error");
});

it("leaves nothing when it is closed, whatever it was doing", async () => {
  const proxy = await start();
  const caller = call(proxy);
  await echoes(caller, "before");
  proxy.slow(3_600_000);
  caller.write("never");
  const ends = [gone(caller), gone(accepted[0] as Socket)];

  await proxy.close();
  await proxy.close();

  await Promise.all(ends);
});

it("leaves nothing when it is closed in the moment in which an end arrives", async () => {
  const proxy = await start();
  const caller = call(proxy);
  await echoes(caller, "before");
  const far = accepted[0] as Socket;
  proxy.slow(3_600_000);
  caller.end();
  // By now the proxy has read the end.
  await echoes(call(await start()), "fence");
  const ends = [gone(caller), gone(far)];
  const isSocket = (resource: string) => resource === "TCPSocketWrap";
  const before = process.getActiveResourcesInfo().filter(isSocket).length;

  proxy.resume();
  await proxy.close();

  await Promise.all(ends);
  // The caller, the other side, and the proxy's two between them: one that stays would keep Node from ending.
  expect(process.getActiveResourcesInfo().filter(isSocket)).toHaveLength(before - 4);
});
