import type { RevocationList } from "../access/revocation-list";
import type { Payload } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";
import type { TokenExpiry } from "../middleware/token-expiry";
import type { TokenVerifier } from "../middleware/token-verifier";
import type { RoomAccess } from "./room-access";
import type { RoomMembership } from "./room-membership";
import type { EventHandler } from "./to-listener";

export interface RefreshTokenHandlerDeps {
  namespace: string;
  verifier: Pick<TokenVerifier, "verify">;
  expiry: Pick<TokenExpiry, "check" | "renewed">;
  revocations: Pick<RevocationList, "check">;
  membership: Pick<RoomMembership, "evict" | "roomsOf">;
  mayJoin: RoomAccess;
}

/** Takes a new token of the same user, so that the socket lives on; what it no longer allows ends now. */
export function createRefreshTokenHandler(
  deps: RefreshTokenHandlerDeps,
): EventHandler<Payload<"refresh_token">, { tokenExpiresAt: string }> {
  const { namespace, verifier, expiry, revocations, membership, mayJoin } = deps;

  return async function handleRefreshToken({ token }, socket) {
    const claims = await verifier.verify(token);
    if (claims.userId !== socket.data.claims.userId) {
      throw new RoomfulError("TOKEN_INVALID");
    }
    expiry.check(claims);
    revocations.check(claims);
    if (claims.namespaces && !claims.namespaces.includes(namespace)) {
      throw new RoomfulError("NAMESPACE_FORBIDDEN");
    }
    // Name and colour stay as the rooms have seen them; the next connection brings new ones.
    const { username, color } = socket.data.claims;
    socket.data.claims = { ...claims, username, color };
    expiry.renewed(socket);
    leaveForbiddenRooms(socket);
    return { tokenExpiresAt: new Date(claims.expiresAt).toISOString() };
  };

  function leaveForbiddenRooms(socket: RoomfulSocket): void {
    for (const room of membership.roomsOf(socket)) {
      if (!mayJoin(socket.data.claims, room)) {
        membership.evict(socket, room);
      }
    }
  }
}
