import { EventEmitter } from "node:events";

import { bytesOfPacket, type EngineConnection, terminate } from "../../../src/broadcast/engine-connection";

describe("bytesOfPacket", () => {
  it("counts a text in bytes of UTF-8, with a frame's header", () => {
    expect(bytesOfPacket({ data: "hello" })).toBe(7);
    expect(bytesOfPacket({ data: "张😀" })).toBe(9);
  });

  it("counts bytes as they are", () => {
    expect(bytesOfPacket({ data: Buffer.alloc(1_000) })).toBe(1_002);
  });

  it("counts a packet without data, as a heartbeat is", () => {
    expect(bytesOfPacket({})).toBe(2);
  });

  it("counts the frame that a broadcast has made in advance, and not its text as well", () => {
    const wsPreEncodedFrame = [Buffer.alloc(4), Buffer.alloc(300)];

    expect(bytesOfPacket({ data: "x".repeat(299), options: { wsPreEncodedFrame } })).toBe(304);
  });

  it("counts the text of a packet whose options hold no frame", () => {
    expect(bytesOfPacket({ data: "hello", options: {} })).toBe(7);
  });
});

describe("terminate", () => {
  function setup(transport: object) {
    const ended: unknown[] = [];
    const socket = { terminate: () => ended.push("terminate") };
    const connection = Object.assign(new EventEmitter(), {
      ...{ id: "c1", readyState: "open", writeBuffer: [], write: () => {} },
      close: (...args: unknown[]) => ended.push(["close", ...args]),
      transport: Object.assign(new EventEmitter(), { name: "websocket", socket, ...transport }),
    });
    const shouldClose = () => ended.push("shouldClose");
    return { connection: connection as unknown as EngineConnection, ended, shouldClose };
  }

  it("ends a websocket hard", () => {
    const { connection, ended } = setup({});
    terminate(connection);

    expect(ended).toEqual(["terminate"]);
  });

  it("closes polling and discards what it has not sent", () => {
    const { connection, ended } = setup({ name: "polling", socket: undefined });
    terminate(connection);

    expect(ended).toEqual([["close", true]]);
  });

  it("ends an orderly close of polling that has begun", () => {
    const { connection, ended, shouldClose } = setup({ name: "polling", socket: undefined });
    Object.assign(connection.transport, { shouldClose });
    terminate(connection);

    expect(ended).toEqual([["close", true], "shouldClose"]);
  });

  it("closes polling that has no close to end", () => {
    const { connection, ended } = setup({ name: "polling", socket: undefined, shouldClose: null });
    terminate(connection);

    expect(ended).toEqual([["close", true]]);
  });

  it("closes a websocket that has no socket of its own", () => {
    const { connection, ended } = setup({ socket: undefined });
    terminate(connection);

    expect(ended).toEqual([["close", true]]);
  });
});
