import type { ErrorReply } from "./roomful-error";

/** What every acknowledgement carries. */
export type Ack<Data = null> = { ok: true; data: Data } | { ok: false; error: ErrorReply };

/** Answers the client, if it asked for an answer. What stands in the acknowledgement's place is untrusted. */
export function acknowledge(args: readonly unknown[], reply: Ack<unknown>): void {
  const ack = args.at(-1);
  if (typeof ack === "function") {
    ack(reply);
  }
}
