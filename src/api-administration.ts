import { RoomfulError } from "./contract/roomful-error";
import type { ApiAdministration } from "./http/api/api-sources";
import type { MemberRepository } from "./repositories/member-repository";
import type { RevocationRepository } from "./repositories/revocation-repository";
import type { RoomRepository } from "./repositories/room-repository";

export interface ApiAdministrationParts {
  rooms: Pick<RoomRepository, "setDelivery">;
  members: Pick<MemberRepository, "add" | "remove">;
  revocations: Pick<RevocationRepository, "revoke">;
  /** Lets this node look at rooms, or at memberships and revocations, now. */
  lookAtRooms(): Promise<void>;
  lookAtAccess(): Promise<void>;
  /** Disconnects this node's sockets of a user. */
  disconnect(namespace: string, userId: string): void;
  others: OtherNodes | undefined;
}

/** How other nodes are told. */
export interface OtherNodes {
  readonly canBeTold: boolean;
  lookAtRooms(): void;
  lookAtAccess(): void;
  disconnect(notice: { namespace: string; userId: string }): void;
}

const UNAVAILABLE_RETRY_MS = 1_000;

/** Changes on all nodes: into Postgres, then seen here, and told to the others, who otherwise see it at their next look. */
export function createApiAdministration(parts: ApiAdministrationParts): ApiAdministration {
  const { rooms, members, revocations, others } = parts;

  async function accessChanged(): Promise<void> {
    others?.lookAtAccess();
    await parts.lookAtAccess();
  }

  return {
    async setDelivery(namespace, room, delivery) {
      await rooms.setDelivery(namespace, room, delivery);
      others?.lookAtRooms();
      await parts.lookAtRooms();
    },
    async addMember(namespace, room, userId) {
      await members.add({ namespace, room, userId });
      await accessChanged();
    },
    async removeMember(namespace, room, userId) {
      const isRemoved = await members.remove({ namespace, room, userId });
      await accessChanged();
      return isRemoved;
    },
    async disconnect(namespace, userId) {
      parts.disconnect(namespace, userId);
      if (others && !others.canBeTold) {
        // Nothing in Postgres would tell them later.
        throw new RoomfulError("UNAVAILABLE", { retryAfterMs: UNAVAILABLE_RETRY_MS });
      }
      others?.disconnect({ namespace, userId });
    },
    async revoke(userId, issuedBefore) {
      await revocations.revoke({ userId, issuedBefore });
      await accessChanged();
    },
  };
}
