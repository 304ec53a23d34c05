import type { User } from "../../../src/contract/events";
import type { PresenceStore } from "../../../src/presence/presence-store";

/** A user as presence knows one. */
export function userOf(userId: string, username = userId): User {
  return { userId, username, color: "#3b7dd8" };
}

/** What every presence store promises. `create` answers an empty one, for each test. */
export function presenceStoreSuite(create: () => PresenceStore | Promise<PresenceStore>): void {
  let store: PresenceStore;

  beforeEach(async () => {
    store = await create();
  });

  const add = (room: string, userId: string, socketId = `socket-${userId}`, namespace = "/") =>
    store.add(namespace, room, userOf(userId), socketId);
  const remove = (room: string, userId: string, socketId = `socket-${userId}`, namespace = "/") =>
    store.remove(namespace, room, userId, socketId);
  const addAll = async (room: string, userIds: readonly string[]): Promise<void> => {
    for (const userId of userIds) {
      await add(room, userId);
    }
  };
  const idsOf = async (room: string, limit = 100, after?: string): Promise<string[]> => {
    const { users } = await store.list("/", room, limit, after);
    return users.map(({ userId }) => userId);
  };
  const anyRoom = () => true;

  describe("add", () => {
    it("says that a user is new with the first socket, and not with others", async () => {
      expect(await add("general", "alice", "tab-1")).toEqual({ isNew: true });
      expect(await add("general", "alice", "tab-2")).toEqual({ isNew: false });
      expect(await add("general", "bob", "tab-3")).toEqual({ isNew: true });
    });

    it("counts a socket that is added again once", async () => {
      await add("general", "alice", "tab-1");

      expect(await add("general", "alice", "tab-1")).toEqual({ isNew: false });
      expect(await remove("general", "alice", "tab-1")).toEqual({ isGone: true });
    });

    it("says that a user is new in each room", async () => {
      await add("general", "alice");

      expect(await add("random", "alice")).toEqual({ isNew: true });
    });

    it("says that a user is new again after the last socket went", async () => {
      await add("general", "alice");
      await remove("general", "alice");

      expect(await add("general", "alice")).toEqual({ isNew: true });
    });
  });

  describe("remove", () => {
    it("says that a user is gone with the last socket, and not before", async () => {
      await add("general", "alice", "tab-1");
      await add("general", "alice", "tab-2");

      expect(await remove("general", "alice", "tab-1")).toEqual({ isGone: false });
      expect(await idsOf("general")).toEqual(["alice"]);
      expect(await remove("general", "alice", "tab-2")).toEqual({ isGone: true });
      expect(await idsOf("general")).toEqual([]);
    });

    it("says once that a user is gone", async () => {
      await add("general", "alice");
      await add("general", "bob");
      await remove("general", "alice");

      expect(await remove("general", "alice")).toEqual({ isGone: false });
      expect(await store.list("/", "general", 100)).toMatchObject({ count: 1 });
    });

    it("does nothing with a socket, user, room or namespace that is not there", async () => {
      await add("general", "alice", "tab-1");

      expect(await remove("general", "alice", "tab-2")).toEqual({ isGone: false });
      expect(await remove("general", "bob", "tab-1")).toEqual({ isGone: false });
      expect(await remove("random", "alice", "tab-1")).toEqual({ isGone: false });
      expect(await remove("general", "alice", "tab-1", "/support")).toEqual({ isGone: false });
      expect(await idsOf("general")).toEqual(["alice"]);
    });

    it("leaves the user in the other rooms", async () => {
      await add("general", "alice");
      await add("random", "alice");
      await remove("general", "alice");

      expect(await idsOf("random")).toEqual(["alice"]);
    });
  });

  describe("list", () => {
    it("answers who is in the room, whole", async () => {
      await store.add("/", "general", userOf("alice", "Alice 张 😀"), "tab-1");

      expect(await store.list("/", "general", 100)).toEqual({
        ...{ users: [userOf("alice", "Alice 张 😀")], count: 1, partial: false },
      });
    });

    it("answers a room that nobody is in", async () => {
      expect(await store.list("/", "general", 100)).toEqual({ users: [], count: 0, partial: false });
      await add("general", "alice");
      await remove("general", "alice");
      expect(await store.list("/", "general", 100)).toEqual({ users: [], count: 0, partial: false });
    });

    it("keeps namespaces apart", async () => {
      await add("general", "alice");
      await add("general", "bob", "tab-1", "/support");

      expect(await idsOf("general")).toEqual(["alice"]);
      expect((await store.list("/support", "general", 100)).users).toEqual([userOf("bob")]);
      expect(await remove("general", "alice")).toEqual({ isGone: true });
      expect(await store.list("/support", "general", 100)).toMatchObject({ count: 1 });
    });

    it("is in the order of user ids by code unit, whatever the order in which they came and went", async () => {
      // Code units put the surrogates of an emoji before U+FF61; code points and UTF-8 do not.
      const ordered = ["10", "9", "Bob", "_", "alice", "alice2", "bob", "é", "张", "😀", "｡"];
      await addAll("general", ["bob", "｡", "_", "alice2", "zoe", "9", "张", "Bob", "é", "10", "😀", "alice"]);
      await remove("general", "zoe");
      await remove("general", "_");
      await add("general", "_");

      expect(await idsOf("general")).toEqual(ordered);
    });

    it("answers pages that hold everybody once, and the count of all", async () => {
      const everybody = Array.from({ length: 25 }, (_, index) => `user-${String(index).padStart(2, "0")}`);
      await addAll("general", everybody.toReversed());
      const found: string[] = [];
      for (let after: string | undefined; ; after = found.at(-1)) {
        const { users, count } = await store.list("/", "general", 10, after);
        expect(count).toBe(25);
        if (users.length === 0) {
          break;
        }
        found.push(...users.map(({ userId }) => userId));
      }

      expect(found).toEqual(everybody);
      expect(await idsOf("general", 10)).toHaveLength(10);
    });

    it("goes on after somebody who has left in between", async () => {
      await addAll("general", ["alice", "bob", "carol", "dave"]);
      await remove("general", "bob");

      expect(await idsOf("general", 10, "bob")).toEqual(["carol", "dave"]);
      expect(await idsOf("general", 10, "zoe")).toEqual([]);
    });

    it("answers the count alone at a limit of 0", async () => {
      await addAll("general", ["alice", "bob"]);

      expect(await store.list("/", "general", 0)).toEqual({ users: [], count: 2, partial: false });
    });

    it("counts people and not sockets", async () => {
      await add("general", "alice", "tab-1");
      await add("general", "alice", "tab-2");

      expect(await store.list("/", "general", 100)).toMatchObject({ users: [userOf("alice")], count: 1 });
    });
  });

  describe("rooms", () => {
    it("answers the rooms with somebody in them, by name, with their counts", async () => {
      await add("random", "alice", "tab-1");
      await add("random", "alice", "tab-2");
      await add("General", "alice");
      await add("general", "alice");
      await add("general", "bob");
      await add("empty", "alice");
      await remove("empty", "alice");
      await add("elsewhere", "alice", "tab-1", "/support");

      expect(await store.rooms("/", 100, anyRoom)).toEqual({
        rooms: [
          { room: "General", count: 1 },
          { room: "general", count: 2 },
          { room: "random", count: 1 },
        ],
        hasMore: false,
      });
    });

    it("answers none where nobody is", async () => {
      expect(await store.rooms("/", 100, anyRoom)).toEqual({ rooms: [], hasMore: false });
    });

    it("answers pages, and says whether there is more", async () => {
      for (const room of ["e", "b", "d", "a", "c"]) {
        await add(room, "alice");
      }
      const page = async (limit: number, after?: string) => {
        const { rooms, hasMore } = await store.rooms("/", limit, anyRoom, after);
        return [rooms.map(({ room }) => room).join(""), hasMore];
      };

      expect(await page(2)).toEqual(["ab", true]);
      expect(await page(2, "b")).toEqual(["cd", true]);
      expect(await page(2, "d")).toEqual(["e", false]);
      expect(await page(5)).toEqual(["abcde", false]);
      expect(await page(2, "bb")).toEqual(["cd", true]);
    });

    it("fills a page with what is accepted, and asks for nothing else", async () => {
      for (const room of ["a1", "b1", "a2", "b2", "a3"]) {
        await add(room, "alice");
      }
      const accepts = (room: string) => room.startsWith("a");

      const first = await store.rooms("/", 2, accepts);
      const second = await store.rooms("/", 2, accepts, "a2");

      expect(first).toEqual({
        rooms: [
          { room: "a1", count: 1 },
          { room: "a2", count: 1 },
        ],
        hasMore: true,
      });
      expect(second).toEqual({ rooms: [{ room: "a3", count: 1 }], hasMore: false });
    });

    it("looks at no more rooms than a page needs", async () => {
      await Promise.all(Array.from({ length: 3_000 }, (_, index) => add(`room-${10_000 + index}`, "alice")));
      let lookedAt = 0;
      const accepts = () => {
        lookedAt += 1;
        return true;
      };

      const { rooms, hasMore } = await store.rooms("/", 100, accepts, "room-11000");

      expect([rooms.length, rooms[0]?.room, hasMore]).toEqual([100, "room-11001", true]);
      expect(lookedAt).toBe(101);
    });

    it("ends a page after 20,000 rooms that are not accepted, and says where to go on", async () => {
      const names = Array.from({ length: 20_600 }, (_, index) => `room-${10_000 + index}`);
      await Promise.all(names.map((room) => add(room, "alice")));
      let lookedAt = 0;
      const accepts = (room: string) => {
        lookedAt += 1;
        return room === names.at(0) || room === names.at(-1);
      };

      const first = await store.rooms("/", 100, accepts);
      const { next } = first;

      expect(first).toEqual({ rooms: [{ room: names[0], count: 1 }], hasMore: true, next: names[19_999] });
      expect(lookedAt).toBe(20_000);
      expect(await store.rooms("/", 100, accepts, next)).toEqual({
        rooms: [{ room: names.at(-1), count: 1 }],
        hasMore: false,
      });
    });
  });
}
