/** Beyond this many numbers ahead of a hole it is not worth knowing which: the hole is filled from the table. */
const MAX_AHEAD = 10_000;

/** Which of a room's numbers have been told, as far as there is no hole before them. */
export class AnnouncedNumbers {
  private last = 0;
  /** Told, with a hole before them. */
  private readonly ahead = new Set<number>();

  /** Everything up to this number is told. */
  get upTo(): number {
    return this.last;
  }

  /** Numbers up to this one are told, or are of no interest. What was told above it stays told. */
  begin(seq: number): void {
    this.last = seq;
    for (const told of this.ahead) {
      if (told <= seq) {
        this.ahead.delete(told);
      }
    }
    this.closeGap();
  }

  add(seq: number): void {
    if (seq > this.last && this.ahead.size < MAX_AHEAD) {
      this.ahead.add(seq);
      this.closeGap();
    }
  }

  clear(): void {
    this.last = 0;
    this.ahead.clear();
  }

  private closeGap(): void {
    while (this.ahead.delete(this.last + 1)) {
      this.last += 1;
    }
  }
}
