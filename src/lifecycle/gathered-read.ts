/**
 * Reads what many ask for: requests of one moment are one read, and one runs at a time.
 *
 * A request joins only a read that has not begun: what happened before the request is seen by it.
 */
export class GatheredRead<Wanted, Answer> {
  private waiting = new Map<string, Wanted>();
  private next: Promise<Answer> | undefined;
  private running: Promise<unknown> = Promise.resolve();

  constructor(private readonly read: (wanted: readonly Wanted[]) => Promise<Answer>) {}

  /** The answer to a read that asks for these among others. `keyOf` tells which requests are one. */
  of(wanted: readonly Wanted[], keyOf: (each: Wanted) => string): Promise<Answer> {
    for (const each of wanted) {
      this.waiting.set(keyOf(each), each);
    }
    this.next ??= this.running.then(() => {
      const gathered = [...this.waiting.values()];
      this.waiting = new Map();
      this.next = undefined;
      const reading = this.read(gathered);
      this.running = reading.catch(() => {
        // Those who wait for it are told.
      });
      return reading;
    });
    return this.next;
  }
}
