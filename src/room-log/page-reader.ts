import { RoomfulError } from "../contract/roomful-error";
import type { MessageRepository, PageQuery, RoomPage } from "../repositories/message-repository";

export interface PageReaderOptions {
  messages: Pick<MessageRepository, "page">;
  /** Queries at the same time; the others wait, and equal ones become one while they wait. */
  maxConcurrent: number;
  /** False while Postgres is known to be away: a read is refused at once instead of waiting for its timeout. */
  isAvailable(): boolean;
  /** The error means that Postgres is out of reach. */
  isUnavailable(error: unknown): boolean;
}

interface Waiting {
  query: PageQuery;
  page: Promise<RoomPage>;
  run: () => void;
}

const UNAVAILABLE_RETRY_MS = 1_000;

/**
 * Reads pages of messages; a storm of equal requests costs a few queries.
 *
 * A request shares only a query that has not begun: one that began earlier may not see what was
 * committed before the request, and what a new member of the room was not shown would be lost to it.
 */
export class PageReader {
  private readonly waiting = new Map<string, Waiting>();
  private running = 0;

  constructor(private readonly options: PageReaderOptions) {}

  /** Throws UNAVAILABLE while Postgres is away. */
  async read(query: PageQuery): Promise<RoomPage> {
    if (!this.options.isAvailable()) {
      throw new RoomfulError("UNAVAILABLE", { retryAfterMs: UNAVAILABLE_RETRY_MS });
    }
    try {
      return await this.share(query);
    } catch (cause) {
      if (this.options.isUnavailable(cause)) {
        throw new RoomfulError("UNAVAILABLE", { retryAfterMs: UNAVAILABLE_RETRY_MS, cause });
      }
      throw cause;
    }
  }

  private share(query: PageQuery): Promise<RoomPage> {
    const key = JSON.stringify(query);
    const equal = this.waiting.get(key);
    if (equal) {
      return equal.page;
    }
    let run!: () => void;
    const page = new Promise<void>((resolve) => {
      run = resolve;
    }).then(() => this.options.messages.page(query));
    this.waiting.set(key, { query, page, run });
    // What comes in this turn of the event loop is one moment.
    setImmediate(() => this.startNext());
    return page;
  }

  private startNext(): void {
    for (const [key, { page, run }] of this.waiting) {
      if (this.running >= this.options.maxConcurrent) {
        return;
      }
      this.waiting.delete(key);
      this.running += 1;
      run();
      const end = (): void => {
        this.running -= 1;
        this.startNext();
      };
      page.then(end, end);
    }
  }
}
