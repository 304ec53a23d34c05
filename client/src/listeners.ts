/** Functions to be called when something happens; each is called even when one before it throws. */
export function createListeners<Args extends unknown[] = []>() {
  const all = new Set<(...args: Args) => void>();

  return {
    /** Answers how to stop. */
    add(listener: (...args: Args) => void): () => void {
      // Of its own, so that the same function added twice is called twice, and removed once.
      const own = (...args: Args): void => listener(...args);
      all.add(own);
      return () => all.delete(own);
    },

    call(...args: Args): void {
      for (const listener of [...all]) {
        try {
          listener(...args);
        } catch (error) {
          // The application's mistake, and its to see; what we are in the middle of goes on.
          setTimeout(() => {
            throw error;
          });
        }
      }
    },
  };
}
