import type { Outgoing } from "./outbox";
import type { OutboxStorage } from "./types";

/** An unanswered send, as it is kept. */
interface Kept {
  userId: string;
  message: Outgoing;
}

/**
 * Keeps unanswered sends in a storage, which several tabs may share: each change reads the list, so that it takes
 * nothing from another tab. A storage that fails is done without.
 */
export function createOutboxKeeper(storage: OutboxStorage | undefined, key: string) {
  let last: Promise<unknown> = Promise.resolve();

  function change(edit: (list: Kept[]) => Kept[]): Promise<unknown> {
    if (storage) {
      last = last
        .then(async () => {
          const text = await storage.getItem(key);
          await storage.setItem(key, JSON.stringify(edit(text ? JSON.parse(text) : [])));
        })
        .catch(() => {
          // Full, forbidden or of another program: the outbox in memory goes on.
        });
    }
    return last;
  }

  const without = (list: Kept[], id: string): Kept[] => list.filter(({ message }) => message.id !== id);

  return {
    /** What the user had not been answered. Others' stays for them. */
    async load(userId: string): Promise<Outgoing[]> {
      let mine: Outgoing[] = [];
      await change((list) => {
        mine = list.filter((each) => each.userId === userId).map(({ message }) => message);
        return list;
      });
      return mine;
    },

    add: (userId: string, message: Outgoing) =>
      void change((list) => [...without(list, message.id), { userId, message }]),

    remove: (id: string) => void change((list) => without(list, id)),
  };
}
