import type { Store } from "roomful-client";

/** One value that can be watched, in the shape that the client's own stores have. */
export interface Value<Content> extends Store<Content> {
  set(content: Content): void;
}

export function createValue<Content>(first: Content): Value<Content> {
  const listeners = new Set<() => void>();
  let content = first;
  return {
    getSnapshot: () => content,
    set(next) {
      if (next !== content) {
        content = next;
        for (const listener of [...listeners]) {
          listener();
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
