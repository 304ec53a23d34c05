import type { ErrorReply } from "../../src";

/** The refusal of a handshake that must fail. */
export async function refusalOf(connecting: Promise<unknown>): Promise<ErrorReply> {
  try {
    await connecting;
  } catch (error) {
    if (error instanceof Error && "data" in error) {
      // Socket.IO's `connect_error`: what the service refused with stands in `data`.
      return error.data as ErrorReply;
    }
    throw error;
  }
  throw new Error("the handshake was not refused");
}
