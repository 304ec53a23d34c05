import { RoomfulClientError } from "../../../client/src";
import { Client, type ClientOptions } from "./client";
import type { RoomReplay } from "./room-replay";

/** One nick: a user over all files, with one connection from the first line to the last, and one send at a time. */
export class Speaker {
  private client: Promise<Client> | undefined;
  private turn: Promise<void> = Promise.resolve();
  private linesLeft = 0;
  private readonly linesLeftIn = new Map<RoomReplay, number>();
  private readonly joined = new Set<RoomReplay>();

  constructor(
    private readonly options: ClientOptions,
    private readonly onMessage: (client: Client, room: string, id: string) => void,
  ) {}

  /** One more line is going to be said in the room. */
  expect(replay: RoomReplay): void {
    this.linesLeft += 1;
    this.linesLeftIn.set(replay, (this.linesLeftIn.get(replay) ?? 0) + 1);
  }

  /** Says a line when the lines before it are answered; joins before the first, leaves after the last. */
  say(replay: RoomReplay, text: string, pace: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(() => this.sayNow(replay, text, pace));
    return this.turn;
  }

  /** Connections that were cut. */
  cuts = 0;

  private async sayNow(replay: RoomReplay, text: string, pace: () => Promise<void>): Promise<void> {
    try {
      const client = await this.connect();
      if (!this.joined.has(replay)) {
        await replay.join(client);
        this.joined.add(replay);
      }
      await pace();
      await replay.send(client, text);
    } catch (error) {
      replay.countRefusal(error instanceof RoomfulClientError ? error.code : String(error));
    } finally {
      await this.endLine(replay);
    }
  }

  private async endLine(replay: RoomReplay): Promise<void> {
    this.linesLeft -= 1;
    const left = (this.linesLeftIn.get(replay) ?? 0) - 1;
    this.linesLeftIn.set(replay, left);
    const client = await this.client?.catch(() => undefined);
    if (client && left === 0 && this.joined.delete(replay)) {
      await replay.leave(client).catch((error: unknown) => replay.countRefusal(String(error)));
    }
    if (client && this.linesLeft === 0) {
      this.cuts = client.cuts;
      client.close();
    }
  }

  private connect(): Promise<Client> {
    this.client ??= Client.connect(this.options, this.onMessage);
    return this.client;
  }
}
