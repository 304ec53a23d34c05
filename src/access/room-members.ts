import { RoomfulError } from "../contract/roomful-error";
import { GatheredRead } from "../lifecycle/gathered-read";
import type { MemberRecord, MemberRepository, NamespaceUser } from "../repositories/member-repository";

export interface RoomMembersOptions {
  members: Pick<MemberRepository, "findMany" | "roomsOf">;
  /** False while Postgres is known to be away. */
  isAvailable(): boolean;
  /** The error means that Postgres is out of reach. */
  isUnavailable(error: unknown): boolean;
  /** Memberships that live sockets rest on. */
  inUse(): MemberRecord[];
  /** A membership in use has ended. */
  onRemoved(member: MemberRecord): void;
}

const UNAVAILABLE_RETRY_MS = 1_000;

/**
 * Who may join which room, where rooms are for members: asked of Postgres at each join, and again, for those
 * who are in, at each refresh. Joins of one moment are one query. While Postgres is away, those count who counted when it
 * last answered.
 */
export class RoomMembers {
  /** Memberships in use, and those found since the last refresh. */
  private known = new Set<string>();
  private readonly memberships = new GatheredRead(async (wanted: readonly MemberRecord[]) => {
    const found = await this.options.members.findMany(wanted);
    return new Set(found.map(keyOf));
  });
  private readonly roomNames = new GatheredRead(async (users: readonly NamespaceUser[]) => {
    const found = await this.options.members.roomsOf(users);
    const roomsOf = new Map<string, Set<string>>();
    for (const member of found) {
      const rooms = roomsOf.get(userKeyOf(member)) ?? new Set();
      roomsOf.set(userKeyOf(member), rooms.add(member.room));
    }
    return roomsOf;
  });

  constructor(private readonly options: RoomMembersOptions) {}

  /** Throws UNAVAILABLE where only Postgres knows, and it is away. */
  async has(member: MemberRecord): Promise<boolean> {
    if (!this.options.isAvailable()) {
      return this.isKnownOrThrow(member, undefined);
    }
    try {
      const found = await this.memberships.of([member], keyOf);
      const isMember = found.has(keyOf(member));
      if (isMember) {
        this.known.add(keyOf(member));
      } else {
        this.known.delete(keyOf(member));
      }
      return isMember;
    } catch (error) {
      if (!this.options.isUnavailable(error)) {
        throw error;
      }
      return this.isKnownOrThrow(member, error);
    }
  }

  /** Names of the rooms that the user may join. Throws UNAVAILABLE. */
  async roomsOf(namespace: string, userId: string): Promise<ReadonlySet<string>> {
    const { isAvailable, isUnavailable } = this.options;
    if (!isAvailable()) {
      throw new RoomfulError("UNAVAILABLE", { retryAfterMs: UNAVAILABLE_RETRY_MS });
    }
    try {
      const user = { namespace, userId };
      const roomsOf = await this.roomNames.of([user], userKeyOf);
      return roomsOf.get(userKeyOf(user)) ?? new Set();
    } catch (cause) {
      if (!isUnavailable(cause)) {
        throw cause;
      }
      throw new RoomfulError("UNAVAILABLE", { retryAfterMs: UNAVAILABLE_RETRY_MS, cause });
    }
  }

  /** Looks at those who are in again; who may no longer be is reported. */
  async refresh(): Promise<void> {
    const { members, inUse, onRemoved } = this.options;
    const before = inUse();
    const found = before.length > 0 ? await members.findMany(before) : [];
    this.known = new Set(found.map(keyOf));
    for (const member of before) {
      if (!this.known.has(keyOf(member))) {
        onRemoved(member);
      }
    }
  }

  private isKnownOrThrow(member: MemberRecord, cause: unknown): boolean {
    if (this.known.has(keyOf(member))) {
      return true;
    }
    throw new RoomfulError("UNAVAILABLE", { retryAfterMs: UNAVAILABLE_RETRY_MS, cause });
  }
}

/** Neither namespaces nor rooms hold a space. */
function keyOf({ namespace, room, userId }: MemberRecord): string {
  return `${namespace} ${room} ${userId}`;
}

function userKeyOf({ namespace, userId }: NamespaceUser): string {
  return `${namespace} ${userId}`;
}
