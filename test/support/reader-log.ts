import type { LiveMessage, RoomState, ServerPayload, StoredMessage } from "../../src";

/** What a reader holds of one room, by the reader rule of the delivery contract (product.md 3.6). */
export class ReaderLog {
  /** Placed, by number. */
  readonly numbered = new Map<number, string>();
  /** Shown, and not placed yet: content by key. */
  readonly unnumbered = new Map<string, string>();
  /** Keys in `stored` that this reader has never seen: it must read again. */
  readonly unknown: string[] = [];
  private readonly contents = new Map<string, string>();
  private readonly seqs = new Map<string, number>();

  applyState({ recovered, messages, pending }: RoomState): void {
    if (recovered === false) {
      this.numbered.clear();
      this.unnumbered.clear();
    }
    this.applyPage(messages);
    for (const message of pending) {
      this.applyMessage(message);
    }
  }

  applyPage(messages: readonly Pick<StoredMessage, "userId" | "id" | "seq" | "content">[]): void {
    for (const message of messages) {
      this.place(keyOf(message), message.seq, message.content);
    }
  }

  applyMessage(message: LiveMessage): void {
    if (message.type === "system") {
      return;
    }
    if (message.stored) {
      this.applyStored(message.stored);
    }
    const key = keyOf(message);
    if (message.seq !== undefined) {
      this.place(key, message.seq, message.content);
    } else if (!this.seqs.has(key)) {
      this.contents.set(key, message.content);
      this.unnumbered.set(key, message.content);
    }
  }

  applyStored({ runs }: Pick<ServerPayload<"stored">, "runs">): void {
    for (const { from, items } of runs) {
      items.forEach(([userId, id], index) => {
        const key = keyOf({ userId, id });
        const content = this.contents.get(key);
        if (content === undefined) {
          this.unknown.push(key);
        } else {
          this.place(key, from + index, content);
        }
      });
    }
  }

  private place(key: string, seq: number, content: string): void {
    const known = this.numbered.get(seq);
    if (known !== undefined && known !== content) {
      throw new Error(`number ${seq} was given to "${known}" and to "${content}"`);
    }
    this.contents.set(key, content);
    this.seqs.set(key, seq);
    this.unnumbered.delete(key);
    this.numbered.set(seq, content);
  }
}

function keyOf({ userId, id }: { userId: string; id: string }): string {
  return `${userId} ${id}`;
}
