import type { RoomfulConfig } from "../config/config";
import type { TokenClaims } from "../contract/socket-data";

/** Says whether a token's holder may join a room. */
export type RoomAccess = (claims: TokenClaims, room: string) => boolean;

/**
 * Access by the token alone: where it names rooms, only those; where it names none, none of them if tokens
 * have to, and all of them otherwise. Where rooms are for members, membership is asked for too.
 */
export function createRoomAccess(
  mode: RoomfulConfig["roomAccess"],
  matches: (patterns: readonly string[], room: string) => boolean,
): RoomAccess {
  return ({ rooms }, room) => (rooms ? matches(rooms, room) : mode !== "token");
}
