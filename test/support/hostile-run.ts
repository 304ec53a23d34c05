import { setTimeout as delay } from "node:timers/promises";

import { type Client, createClient, type Room, RoomfulClientError, type SendResult } from "../../client/src";
import { readerFaults } from "../../src/testing/room-check";
import type { TableRow } from "../../src/testing/room-table";
import { createFastClock, createHostileNetwork, type FaultCounts, type HostileNetwork } from "./hostile-network";
import { createRandom } from "./random";

export interface HostileRunOptions {
  seed: number;
  /** One of the nodes that are up; asked for each attempt. */
  pickUrl(random: () => number): string;
  mint(userId: string): Promise<string>;
}

interface Sent {
  content: string;
  /** Settles when the promise of the SDK has. */
  outcome: Promise<void>;
  result?: SendResult;
  error?: unknown;
}

export interface HostileRunReport {
  sends: number;
  refused: number;
  faults: FaultCounts;
}

/** The SDK's waits, shortened: a gap is repaired after 0.1 to 0.2 s, a ghost is 3 s old. */
const CLOCK_SPEED = 10;
/** Each time that a writer talks. */
const SENDS_PER_WRITER = 5;
const QUITTER_SENDS = 3;
const TOO_LONG = "x".repeat(9_000);

/** A few people in a room, over a network that does what it can; the same for the same seed, but for the timing of real sockets. */
export class HostileRun {
  readonly room: string;
  private readonly random: () => number;
  private readonly networks: HostileNetwork[] = [];
  private readonly clients: Client[] = [];
  private quitter: { room: Room; client: Client; network: HostileNetwork } | undefined;
  private readonly readers: Room[] = [];
  private writers: { room: Room; userId: string }[] = [];
  /** By writer and talk, in the order in which it was written. */
  private readonly sent: Sent[][] = [];
  /** A network that loses single calls breaks the order of a connection, on which the order of sends rests. */
  private readonly keepsOrder: boolean;

  constructor(private readonly options: HostileRunOptions) {
    this.room = `hostile-${options.seed}`;
    this.random = createRandom(options.seed);
    this.keepsOrder = this.random() < 0.5;
  }

  /** Begins to talk, while nodes may come and go. */
  async begin(): Promise<void> {
    this.quitter = this.enter("zed", false);
    // Two tabs of one person, somebody else, and a late reader.
    this.writers = [this.enter("ada"), this.enter("ada"), this.enter("bob")];
    const talk = this.talk();
    await delay(this.random() * 1_000);
    this.enter("eve");
    await talk;
  }

  /** Talks for a while under fire. */
  async talk(): Promise<void> {
    await Promise.all(this.writers.map(({ room, userId }) => this.write(room, userId)));
  }

  /** Everything that was asked for is answered, over a network that is whole again. */
  async settle(): Promise<HostileRunReport> {
    for (const network of this.networks) {
      network.heal();
    }
    // With it everybody hears of the highest number: what was lost before it is a gap.
    const [reader] = this.readers;
    if (reader) {
      this.sent.push([this.send(reader, `the last word of ada-${this.options.seed}`)]);
    }
    const sent = this.sent.flat();
    await Promise.all(sent.map(({ outcome }) => outcome));
    return {
      sends: sent.length,
      refused: sent.filter(({ error }) => error !== undefined).length,
      faults: this.networks.reduce((sum, { counts }) => addCounts(sum, counts), {
        cuts: 0,
        lost: 0,
        repeated: 0,
        late: 0,
        refused: 0,
      }),
    };
  }

  /** What is not as the contract says; empty when all is well. */
  faults(table: readonly TableRow[]): string[] {
    return [
      ...this.untruths(table),
      ...this.disorder(),
      ...this.readers.flatMap((reader, index) =>
        readerFaults(reader, table).map((fault) => `reader ${index} (${reader.status}): ${fault}`),
      ),
    ];
  }

  close(): void {
    for (const client of this.clients) {
      client.close();
    }
  }

  /** Somebody speaks and is gone: nobody sends again what a node that dies now has shown and not stored. */
  async quit(): Promise<void> {
    const { quitter } = this;
    if (quitter) {
      // Over a good line: what it says is shown, and not stored yet when the node dies.
      quitter.network.heal();
      const mine = Array.from({ length: QUITTER_SENDS }, (_, index) => this.send(quitter.room, `farewell ${index}`));
      this.sent.push(mine);
      await delay(20 + this.random() * 20);
      quitter.client.close();
    }
  }

  private enter(
    userId: string,
    isReader = true,
  ): { userId: string; room: Room; client: Client; network: HostileNetwork } {
    const { pickUrl, mint, seed } = this.options;
    const { random } = this;
    const own = `${userId}-${seed}`;
    const network = createHostileNetwork(random, () => pickUrl(random), {
      cutEveryMs: 300 + random() * 2_000,
      refusedAttempt: 0.2 * random(),
      lostCall: this.keepsOrder ? 0 : 0.1 * random(),
      repeatedCall: 0.2 * random(),
      lostAnswer: 0.15 * random(),
      repeatedAnswer: 0.2 * random(),
      lateAnswer: 0.15 * random(),
      lostEvent: 0.3 * random(),
      repeatedEvent: 0.3 * random(),
      maxDelayMs: 60 * random(),
    });
    const client = createClient(
      { url: "http://picked.by.the.network", getToken: () => mint(own), transports: ["websocket"] },
      { clock: createFastClock(CLOCK_SPEED), random, connect: network.connect },
    );
    const room = client.room(this.room);
    this.networks.push(network);
    this.clients.push(client);
    if (isReader) {
      this.readers.push(room);
    }
    return { userId: own, room, client, network };
  }

  private async write(room: Room, userId: string): Promise<void> {
    const mine: Sent[] = [];
    const writer = this.sent.push(mine);
    for (let index = 0; index < SENDS_PER_WRITER; index += 1) {
      await delay(this.random() ** 2 * 400);
      const isTooLong = this.random() < 0.05;
      mine.push(this.send(room, `${writer}.${index} by ${userId}${isTooLong ? TOO_LONG : ""}`));
    }
  }

  private send(room: Room, content: string): Sent {
    const sent: Sent = { content, outcome: Promise.resolve() };
    sent.outcome = room.send(content).then(
      (result) => {
        sent.result = result;
      },
      (error: unknown) => {
        sent.error = error;
      },
    );
    return sent;
  }

  /** Numbers of one writer that are not in the order in which it wrote. */
  private disorder(): string[] {
    return this.sent.flatMap((mine, writer) => {
      const seqs = mine.flatMap(({ result }) => result?.seq ?? []);
      const isSorted = seqs.every((seq, index) => index === 0 || seq > (seqs[index - 1] as number));
      return isSorted || !this.keepsOrder ? [] : [`writer ${writer} was numbered ${seqs}`];
    });
  }

  /** Sends whose outcome is not what the table says. */
  private untruths(table: readonly TableRow[]): string[] {
    return this.sent.flat().flatMap(({ content, result, error }) => {
      const short = content.slice(0, 40);
      const rows = table.filter((row) => row.content === content);
      if (result) {
        const [row] = rows;
        const isTrue = rows.length === 1 && row?.seq === result.seq && row.id === result.id;
        return isTrue
          ? []
          : [`"${short}" was answered ${JSON.stringify(result)}, and the table has ${JSON.stringify(rows)}`];
      }
      if (!(error instanceof RoomfulClientError)) {
        return [`"${short}" has no outcome: ${String(error)}`];
      }
      const expected = content.startsWith("farewell") ? "CLOSED" : content.endsWith(TOO_LONG) && "PAYLOAD_TOO_LARGE";
      const isExpected = error.code === expected;
      const isTrue = rows.length === 0 || error.mayBeStored;
      return isExpected && isTrue
        ? []
        : [`"${short}" was refused with ${error.code}, and the table has ${rows.length}`];
    });
  }
}

export function addCounts<Key extends string>(
  sum: Record<Key, number>,
  more: Record<Key, number>,
): Record<Key, number> {
  const keys = Object.keys(more) as Key[];
  return Object.fromEntries(keys.map((key) => [key, sum[key] + more[key]])) as Record<Key, number>;
}
