/** What shows one snapshot after another, as rooms and the connection of `roomful-client` do. */
export interface SnapshotStore<Snapshot> {
  subscribe(listener: () => void): () => void;
  getSnapshot(): Snapshot;
}

/** Resolves with the first snapshot that fits, the one of now included. Rejects with the last one when none does in time. */
export async function until<Snapshot>(
  store: SnapshotStore<Snapshot>,
  fits: (snapshot: Snapshot) => boolean,
  timeoutMs = 30_000,
): Promise<Snapshot> {
  let stop = (): void => {};
  let timeout: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Snapshot>((resolve, reject) => {
      const look = (): void => {
        const snapshot = store.getSnapshot();
        if (fits(snapshot)) {
          resolve(snapshot);
        }
      };
      stop = store.subscribe(look);
      timeout = setTimeout(
        () => reject(new Error(`no snapshot fits: ${JSON.stringify(store.getSnapshot())}`)),
        timeoutMs,
      );
      look();
    });
  } finally {
    stop();
    clearTimeout(timeout);
  }
}
