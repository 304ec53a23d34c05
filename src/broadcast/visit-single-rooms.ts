import type { Adapter, BroadcastOptions } from "socket.io-adapter";

type AdapterClass = typeof Adapter;
type AdapterSocket = Parameters<Adapter["nsp"]["sockets"]["set"]>[1];

/** The part of socket.io-adapter that this rests on; a test pins it. */
interface ApplyingAdapter {
  apply(options: BroadcastOptions, callback: (socket: AdapterSocket) => void): void;
  computeExceptSids(except?: BroadcastOptions["except"]): Set<string>;
}

/**
 * Visits the sockets of a single room without gathering their ids: nobody is in one room twice. Gathering them is for
 * broadcasts to several rooms, and most of what visiting costs.
 */
export function visitSingleRooms(Base: AdapterClass): AdapterClass {
  const { apply, computeExceptSids } = Base.prototype as unknown as Partial<ApplyingAdapter>;
  if (typeof apply !== "function" || typeof computeExceptSids !== "function") {
    return Base;
  }
  class SingleRoomAdapter extends Base {}
  Object.defineProperty(SingleRoomAdapter.prototype, "apply", {
    value(this: Adapter, options: BroadcastOptions, callback: (socket: AdapterSocket) => void): void {
      if (options.rooms.size !== 1) {
        apply.call(this, options, callback);
        return;
      }
      const [room] = options.rooms;
      const except = options.except?.size ? computeExceptSids.call(this, options.except) : undefined;
      for (const id of this.rooms.get(room as string) ?? []) {
        const socket = except?.has(id) ? undefined : this.nsp.sockets.get(id);
        if (socket) {
          callback(socket);
        }
      }
    },
  });
  return SingleRoomAdapter;
}
