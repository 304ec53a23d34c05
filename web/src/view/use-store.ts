import { useLayoutEffect, useReducer } from "preact/hooks";
import type { Store } from "roomful-client";

/** A busy room changes a hundred times a second; nobody sees more than its frames. */
const FRAME_MS = 16;

/** The store's snapshot; renders again, once a frame at most, when there is another. */
export function useStore<Snapshot>(store: Store<Snapshot>): Snapshot {
  const [, render] = useReducer((count: number) => count + 1, 0);
  const snapshot = store.getSnapshot();

  useLayoutEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        render(undefined);
      }, FRAME_MS);
    };
    const stop = store.subscribe(look);
    if (store.getSnapshot() !== snapshot) {
      look();
    }
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [store]);
  return snapshot;
}
