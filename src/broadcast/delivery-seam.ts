import type { Adapter } from "socket.io-adapter";

type AdapterClass = typeof Adapter;

export interface DeliverySeamOptions {
  /** Called before the packet goes to the room's sockets on this node. */
  onDelivery(namespace: string, event: string, payload: unknown): void;
  onError(error: unknown): void;
}

/** The part of socket.io-adapter that the seam rests on; a test pins it. */
interface EncodingAdapter {
  _encode(packet: unknown, options: unknown): unknown;
}

/**
 * The one seam that sees every broadcast which this node delivers, its own and other nodes' alike.
 *
 * `broadcast` would not do: an adapter that joins nodes calls its parent's for what comes from outside.
 * `_encode` is called by it through `this`, once a broadcast, for both. Events to one socket do not pass here.
 */
export function observeDeliveries(Base: AdapterClass, { onDelivery, onError }: DeliverySeamOptions): AdapterClass {
  const { _encode: encode } = Base.prototype as unknown as Partial<EncodingAdapter>;
  if (!encode) {
    throw new Error("socket.io-adapter has no _encode any more: deliveries cannot be seen");
  }

  class ObservedAdapter extends Base {}
  // Not as a method of the class: the type says private, though subclasses are what it is called through.
  Object.defineProperty(ObservedAdapter.prototype, "_encode", {
    value(this: Adapter, packet: { data?: unknown }, options: unknown): unknown {
      try {
        if (Array.isArray(packet.data)) {
          onDelivery(this.nsp.name, String(packet.data[0]), packet.data[1]);
        }
      } catch (error) {
        // Whoever listens must not keep the room from getting it.
        onError(error);
      }
      return encode.call(this, packet, options);
    },
  });
  return ObservedAdapter;
}
