import { MemoryPresenceStore } from "../../../src/presence/memory-presence-store";
import { presenceStoreSuite, userOf } from "../../support/suites/presence-store-suite";

presenceStoreSuite(() => new MemoryPresenceStore());

it("holds the order of a large room whose people come and go", async () => {
  const store = new MemoryPresenceStore();
  const present = new Set<string>();
  // Every id comes, and in another order a third of them goes.
  for (let index = 0; index < 3_000; index += 1) {
    const userId = `user-${(index * 7_919) % 3_000}`;
    present.add(userId);
    await store.add("/", "general", userOf(userId), "socket");
  }
  for (let index = 0; index < 3_000; index += 3) {
    const userId = `user-${(index * 104_729) % 3_000}`;
    present.delete(userId);
    await store.remove("/", "general", userId, "socket");
  }

  const { users, count } = await store.list("/", "general", 3_000);

  expect(count).toBe(2_000);
  expect(users.map(({ userId }) => userId)).toEqual([...present].toSorted());
});
