import { RedisAdapter } from "@socket.io/redis-adapter";
import { decode, encode } from "notepack.io";
import type { Adapter } from "socket.io-adapter";

import { SERVER_EVENTS } from "../contract/events";
import type { RedisPublisher, RedisSubscriber } from "../redis/redis-link";

export interface RedisAdapterOptions {
  /** Base of the names of its channels. */
  key: string;
  publisher: RedisPublisher;
  subscriber: RedisSubscriber;
  /** A message that no node of ours can have sent, or that could not be delivered; it is dropped. */
  onError(error: unknown): void;
}

/** Anybody who may publish in Redis can reach this: a message that is no packet must not end the process. */
const NOTHING: unknown[] = [];
/** Deeper packets cannot be ours, and Socket.IO walks them recursively. */
const MAX_DEPTH = 16;
/** Socket.IO's number of an event. */
const EVENT = 2;

/** The adapter that joins nodes, with its ears guarded. Nothing of ours asks other nodes: their requests are not answered. */
export function createRedisAdapter({ key, publisher, subscriber, onError }: RedisAdapterOptions): typeof Adapter {
  class GuardedRedisAdapter extends RedisAdapter {
    constructor(namespace: ConstructorParameters<typeof RedisAdapter>[0]) {
      super(namespace, publisher, subscriber, {
        key,
        parser: {
          encode,
          decode(message: Buffer): unknown {
            try {
              return checked(decode(message));
            } catch (error) {
              onError(error);
              return NOTHING;
            }
          },
        },
      });
    }
  }
  const parent = RedisAdapter.prototype as unknown as Record<"onmessage", (...args: unknown[]) => void>;
  Object.defineProperties(GuardedRedisAdapter.prototype, {
    // Their types say private, though the listeners call them through the object.
    onmessage: {
      value(this: Adapter, ...args: unknown[]): void {
        try {
          parent.onmessage.apply(this, args);
        } catch (error) {
          onError(error);
        }
      },
    },
    onrequest: { value(): void {} },
  });
  return GuardedRedisAdapter as unknown as typeof Adapter;
}

/** The message, if it has the form of those that the adapter publishes: who, packet, options. */
function checked(message: unknown): unknown {
  const [uid, packet, options] = Array.isArray(message) ? message : NOTHING;
  const { type, data } = (packet ?? {}) as { type?: unknown; data?: unknown };
  const { rooms, except } = (options ?? {}) as { rooms?: unknown; except?: unknown };
  const isPacket = type === EVENT && Array.isArray(data) && typeof data[0] === "string" && isShallow(data, MAX_DEPTH);
  // Other programs may send events of any name, but ours only as what they are.
  const isOurEvent = isPacket && SERVER_EVENTS.has(data[0]);
  if (isOurEvent && (typeof data[1] !== "object" || data[1] === null)) {
    throw new Error("an event in Redis has the name of one of ours, and nothing in it");
  }
  if (typeof uid !== "string" || !isPacket || !isTexts(rooms) || !isTexts(except)) {
    throw new Error("a message in Redis is no packet of ours");
  }
  return message;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) {
    return true;
  }
  return levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1));
}
