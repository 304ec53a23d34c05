import { io, type Socket } from "socket.io-client";

import { createClient, type Client as SdkClient, type SendResult, type Store } from "../../../client/src";
import type { TokenSource } from "./token-source";

export interface ClientOptions {
  url: string;
  userId: string;
  tokens: TokenSource;
  /** Cuts the connection at random, each so many milliseconds on average; undefined: never. */
  cutEveryMs?: number | undefined;
}

/** One user's connection, by the SDK: what it sends is answered in the end, and what it missed is caught up with. */
export class Client {
  /** Connections that chaos has cut. */
  cuts = 0;
  private readonly sdk: SdkClient;
  private cutTimer: NodeJS.Timeout | undefined;

  private constructor(
    { url, userId, tokens, cutEveryMs }: ClientOptions,
    private readonly onMessage: (client: Client, room: string, id: string) => void,
  ) {
    const connect = (address: string, options: object): Socket => {
      const socket = io(address, options);
      if (cutEveryMs !== undefined) {
        socket.on("connect", () => this.planCut(socket, cutEveryMs));
      }
      return socket;
    };
    this.sdk = createClient(
      { url, transports: ["websocket", "polling"], getToken: () => tokens(url, userId) },
      { connect: connect as typeof io },
    );
  }

  /** Connects; resolves when the service has greeted. Rejects with the refusal when it refuses for good. */
  static async connect(
    options: ClientOptions,
    onMessage: (client: Client, room: string, id: string) => void,
  ): Promise<Client> {
    const client = new Client(options, onMessage);
    await reached(client.sdk.connection, "connected");
    return client;
  }

  /** Joins, for as long as it takes. Rejects with the refusal. */
  async join(name: string): Promise<void> {
    const room = this.sdk.room(name);
    room.onChange((change) => {
      if (change.type === "message" && change.message.type !== "system") {
        this.onMessage(this, name, change.message.id);
      }
    });
    await reached(room, "live");
  }

  async leave(name: string): Promise<void> {
    await this.sdk.room(name).leave();
  }

  /** Resolves when the message is stored. Rejects with the refusal. */
  send(room: string, id: string, content: string): Promise<SendResult> {
    return this.sdk.room(room).send(content, { id });
  }

  close(): void {
    clearTimeout(this.cutTimer);
    this.sdk.close();
  }

  private planCut(socket: Socket, cutEveryMs: number): void {
    clearTimeout(this.cutTimer);
    // Exponential: a cut does not know of the one before.
    this.cutTimer = setTimeout(
      () => {
        this.cuts += 1;
        socket.io.engine.close();
      },
      -Math.log(1 - Math.random()) * cutEveryMs,
    );
  }
}

/** Resolves when the store says so, rejects with its error when it is refused. */
function reached(store: Store<{ status: string; error?: Error | undefined }>, status: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const snapshot = store.getSnapshot();
      if (snapshot.status === status) {
        stop();
        resolve();
      } else if (snapshot.status === "refused") {
        stop();
        reject(snapshot.error);
      }
    };
    const stop = store.subscribe(look);
    look();
  });
}
