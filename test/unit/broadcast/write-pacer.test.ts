import { EventEmitter } from "node:events";
import type { EngineConnection } from "../../../src/broadcast/engine-connection";
import type { LoopTimes } from "../../../src/broadcast/pacing-window";
import { WritePacer } from "../../../src/broadcast/write-pacer";
import { TestClock } from "../../../src/testing/test-clock";

const SENDER = { sendFrame() {} };

/** A connection of Engine.IO whose transport takes everything. What it writes: test/integration/paced-writes. */
function connectionOf(written: string[][], { onFlush = () => {}, ...differing }: Record<string, unknown> = {}) {
  const transport = Object.assign(new EventEmitter(), {
    ...{ name: "websocket", writable: true, onError() {} },
    socket: { readyState: 1, bufferedAmount: 0, _sender: SENDER },
    send: (packets: { data: string }[]) => written.push(packets.map(({ data }) => data)),
  });
  const connection = Object.assign(new EventEmitter(), {
    ...{ id: "c", readyState: "open", writeBuffer: [] as unknown[], packetsFn: [], transport, close() {} },
    write(data: string): void {
      connection.writeBuffer.push({ type: "message", data: Buffer.from(data) });
      connection.flush();
    },
    flush(): void {
      (onFlush as () => void)();
      transport.send(connection.writeBuffer.splice(0) as { data: string }[]);
    },
    ...differing,
  });
  return connection as unknown as EngineConnection;
}

function setup(times: () => LoopTimes = () => ({ active: 0, idle: 0 })) {
  const clock = new TestClock({ isFrozen: true });
  const errors: unknown[] = [];
  const written: string[][] = [];
  const counts = { unsupported: 0 };
  const pacer = new WritePacer({
    ...{ clock, config: { maxWindowMs: 20 }, loopTimes: times },
    onWatched() {},
    onBehind() {},
    onError: (error) => errors.push(error),
    onUnsupported() {
      counts.unsupported += 1;
    },
  });
  return { clock, counts, errors, pacer, written };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("writes in this turn of the event loop while it is quiet, and once for all that was sent", async () => {
  const { pacer, written } = setup();
  const connection = connectionOf(written);
  pacer.pace(connection);
  connection.write("one");
  connection.write("two");
  expect(written).toEqual([]);

  await turn();
  expect(written.map((batch) => batch.map(String))).toEqual([["one", "two"]]);
});

it("waits for the end of the window when it is busy, for all connections together", async () => {
  let active = 0;
  const { clock, pacer, written } = setup(() => {
    active += 1_000;
    return { active, idle: 0 };
  });
  const [first, second] = [connectionOf(written), connectionOf(written)];
  pacer.pace(first);
  pacer.pace(second);
  first.write("at once");
  await turn();
  expect(written).toHaveLength(1);

  first.write("later");
  await clock.advance(10);
  second.write("later too");
  await turn();
  expect(written).toHaveLength(1);
  await clock.advance(10);
  expect(written).toHaveLength(3);
});

it("writes to the others when one connection's listeners throw", async () => {
  const { errors, pacer, written } = setup();
  const failure = new Error("a listener's");
  const failing = connectionOf([], {
    onFlush() {
      throw failure;
    },
  });
  const healthy = connectionOf(written);
  pacer.pace(failing);
  pacer.pace(healthy);
  failing.write("lost");
  healthy.write("kept");
  await turn();

  expect(errors).toEqual([failure]);
  expect(written.map((batch) => batch.map(String))).toEqual([["kept"]]);
});

describe("a connection that is not as expected", () => {
  it.each([
    ["flush", { flush: undefined }],
    ["writeBuffer", { writeBuffer: undefined }],
    ["packetsFn", { packetsFn: undefined }],
    ["transport.writable", { transport: { name: "polling" } }],
    [
      "transport.onError",
      {
        transport: {
          ...{ name: "websocket", writable: true },
          socket: { readyState: 1, bufferedAmount: 0, _sender: SENDER },
        },
      },
    ],
    [
      "socket.bufferedAmount",
      {
        transport: { name: "websocket", writable: true, onError() {}, socket: { readyState: 1, _sender: SENDER } },
      },
    ],
    [
      "socket._sender.sendFrame",
      {
        transport: {
          ...{ name: "websocket", writable: true, onError() {} },
          socket: { readyState: 1, bufferedAmount: 0, _sender: {} },
        },
      },
    ],
  ])("is left as it is, and so are all after it: no %s", (_name, differing) => {
    const { counts, pacer, written } = setup();
    const strange = connectionOf(written, differing);
    const { write, close } = strange;
    pacer.pace(strange);
    expect(strange.write).toBe(write);
    expect(strange.close).toBe(close);

    const usual = connectionOf(written);
    pacer.pace(usual);
    usual.write("at once");
    expect(written).toHaveLength(1);
    pacer.pace(connectionOf(written, differing));
    expect(counts.unsupported).toBe(1);
  });
});
