import { RoomfulError } from "../contract/roomful-error";
import type { ConnectError } from "../contract/socket-data";

/** Socket.IO sends the client `message` and `data` of what a namespace's middleware refuses with. */
export function toConnectError(error: unknown): ConnectError {
  const refusal = error instanceof RoomfulError ? error : new RoomfulError("INTERNAL", { cause: error });
  return Object.assign(new Error(refusal.message, { cause: error }), { data: refusal.toReply() });
}
