import { toPayloadError } from "../contract/payload-error";
import { handshakeAuthSchema } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import type { HandshakeCheck } from "./check-handshake";
import type { TokenVerifier } from "./token-verifier";
import { refuseManyKeys } from "./validate-packet";

export interface AuthenticateHandshakeOptions {
  verifier: TokenVerifier;
  addressOf(handshake: { address: string; headers: Record<string, string | string[] | undefined> }): string;
}

/** Admits a socket only with a valid token in `handshake.auth.token`, and leaves its user on `socket.data`. */
export function authenticateHandshake({ verifier, addressOf }: AuthenticateHandshakeOptions): HandshakeCheck {
  return async (socket) => {
    const { handshake, nsp } = socket;
    refuseManyKeys(handshake.auth);
    const parsed = handshakeAuthSchema.safeParse(handshake.auth);
    if (!parsed.success) {
      throw toPayloadError(parsed.error);
    }
    const { token, ...auth } = parsed.data;
    const claims = await verifier.verify(token);
    if (claims.namespaces && !claims.namespaces.includes(nsp.name)) {
      throw new RoomfulError("NAMESPACE_FORBIDDEN");
    }
    socket.data = { claims, auth, address: addressOf(handshake) };
    // Kept, it would stand in memory, and be sent to other nodes with everything else about the socket.
    handshake.auth = {};
  };
}
