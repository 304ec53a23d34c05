import { createHash, hash } from "node:crypto";

import { RoomfulError } from "../../contract/roomful-error";
import { type ApiCall, fromPostgres } from "./api-call";
import type { ApiSources } from "./api-sources";

type CallState =
  | { state: "begun"; lease: string }
  | { state: "done"; answer: unknown }
  | { state: "in_flight"; retryAfterMs: number }
  | { state: "conflict" };

/** Where calls are remembered by their callers' keys: `IdempotencyRepository`. */
export interface IdempotencyStore {
  begin(caller: string, calls: readonly { key: string; requestHash: string }[]): Promise<CallState[]>;
  finish(caller: string, lease: string, done: readonly { key: string; answer: object }[]): Promise<void>;
  release(caller: string, lease: string, keys: readonly string[]): Promise<void>;
}

/** A keyed call, once it is known what is to be done about it. */
export type KeyedCall =
  | { isReplayed: true; answer: unknown }
  | { isReplayed: false; lease: string }
  | { refusal: RoomfulError };

/** Any UUID will do, as long as it never changes. */
const NAMESPACE = Buffer.from("6f2d1c0e9b7a4e55a3c4d8f01b2e3c4d", "hex");

/**
 * The id of a message whose sender named a key: a UUIDv5 of caller, user and key, so that a repeat is the same
 * message for as long as it is stored.
 */
export function messageIdOf(caller: string, userId: string, key: string): string {
  const bytes = createHash("sha1").update(NAMESPACE).update(`${caller}\0${userId}\0${key}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** What a key stands for, in a few bytes. */
export function requestHashOf(...request: readonly unknown[]): string {
  return hash("sha256", JSON.stringify(request), "base64");
}

/** Leases keyed calls, or says why not. Throws UNAVAILABLE. */
export async function beginKeyed(
  caller: string,
  calls: readonly { key: string; requestHash: string }[],
  sources: ApiSources,
): Promise<KeyedCall[]> {
  const states = await fromPostgres(() => sources.idempotency.begin(caller, calls), sources);
  return states.map((state) => {
    switch (state.state) {
      case "begun":
        return { isReplayed: false, lease: state.lease };
      case "done":
        return { isReplayed: true, answer: state.answer };
      case "in_flight":
        return { refusal: new RoomfulError("IDEMPOTENCY_IN_FLIGHT", { retryAfterMs: state.retryAfterMs }) };
      default:
        return { refusal: new RoomfulError("IDEMPOTENCY_CONFLICT") };
    }
  });
}

/** Does something once for its key; without a key, each time. What fails is not remembered. */
export async function once<Answer extends object>(
  call: ApiCall,
  request: readonly unknown[],
  sources: ApiSources,
  act: () => Promise<Answer>,
): Promise<{ answer: Answer; isReplayed: boolean }> {
  const { caller, idempotencyKey: key } = call;
  if (key === undefined) {
    return { answer: await act(), isReplayed: false };
  }
  const requestHash = requestHashOf(call.namespace.name, ...request);
  const [keyed] = (await beginKeyed(caller.name, [{ key, requestHash }], sources)) as [KeyedCall];
  if ("refusal" in keyed) {
    throw keyed.refusal;
  }
  if (keyed.isReplayed) {
    // Written by the same operation: the hash covers its name.
    return { answer: keyed.answer as Answer, isReplayed: true };
  }
  let answer: Answer;
  try {
    answer = await act();
  } catch (error) {
    await sources.idempotency.release(caller.name, keyed.lease, [key]).catch(sources.onError);
    throw error;
  }
  // It is done, whether this is noted or not: until the lease ends, a repeat is told to wait.
  await sources.idempotency.finish(caller.name, keyed.lease, [{ key, answer }]).catch(sources.onError);
  return { answer, isReplayed: false };
}
