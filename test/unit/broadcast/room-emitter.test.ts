import { RoomEmitter } from "../../../src/broadcast/room-emitter";
import type { RoomfulNamespace } from "../../../src/contract/socket-data";

/** Writes down how Socket.IO is called. */
function setup() {
  const calls: unknown[][] = [];
  const target = {
    to: (rooms: unknown) => note("to", rooms),
    except: (rooms: unknown) => note("except", rooms),
    get volatile() {
      return note("volatile");
    },
    emit: (...args: unknown[]) => note("emit", ...args),
  };
  function note(...call: unknown[]): typeof target {
    calls.push(call);
    return target;
  }
  // Of a namespace, the emitter uses these alone.
  return { calls, emitter: new RoomEmitter(target as unknown as RoomfulNamespace) };
}

it("sends an event of another program to our rooms only, whatever they are called", () => {
  const { calls, emitter } = setup();

  emitter.emitCustom({ rooms: ["a", "u:ada"] }, { event: "x", data: null, isVolatile: false });

  expect(calls).toEqual([
    ["to", ["r:a", "r:u:ada"]],
    ["except", []],
    ["emit", "x", null],
  ]);
});

it("excepts users, and sockets where an id is one of a socket; never a room", () => {
  const { calls, emitter } = setup();
  const socketId = "abcdefghij_-ABCDEFGH";

  emitter.emitCustom(
    { userId: "ada" },
    { event: "x", data: 1, except: ["bob", socketId, "r:a", `${socketId}x`], isVolatile: true },
  );

  expect(calls).toEqual([
    ["to", ["u:ada"]],
    ["except", ["u:bob", `u:${socketId}`, "u:r:a", `u:${socketId}x`, socketId]],
    ["volatile"],
    ["emit", "x", 1],
  ]);
});
