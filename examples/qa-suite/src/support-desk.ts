/** The support desk as the app's screens use it, for customers and agents alike. */
import { type Client, type ClientConnection, type ClientOptions, createClient, type Room } from "roomful-client";

export interface TicketLine {
  author: string;
  text: string;
  /** "sent" as soon as it cannot be lost any more. */
  state: "sending" | "sent" | "failed";
}

/** One ticket, kept up to date by itself: `room` tells when there is something new to show. */
export class Ticket {
  constructor(
    readonly room: Room,
    private readonly connection: ClientConnection,
  ) {}

  get lines(): TicketLine[] {
    return this.room.messages
      .filter(({ type }) => type !== "system")
      .map(({ username, content, status, isOwn }) => ({
        author: username,
        text: content,
        state: status === "failed" ? "failed" : isOwn && status !== "stored" ? "sending" : "sent",
      }));
  }

  /** The customer had the last word. */
  get isWaitingForAgent(): boolean {
    const last = this.lines.at(-1);
    return last !== undefined && !last.author.startsWith("agent-");
  }

  /** What stands above the lines, if anything is wrong. */
  get banner(): string | undefined {
    switch (this.connection.getSnapshot().status) {
      case "connected":
        return undefined;
      case "refused":
        return "Please sign in again.";
      default:
        return "You are offline. What you write is sent later.";
    }
  }

  get people(): string[] {
    return this.room.members.map(({ username }) => username).sort();
  }

  get typing(): string[] {
    return this.room.typing.map(({ username }) => username);
  }

  /** Resolves with the number of the line when it cannot be lost any more. */
  async write(text: string): Promise<number> {
    return (await this.room.send(text)).seq;
  }
}

export type SupportDeskOptions = Pick<ClientOptions, "url" | "token" | "getToken">;

/** One person's way to all tickets. */
export class SupportDesk {
  private readonly client: Client;

  constructor(options: SupportDeskOptions) {
    this.client = createClient(options);
  }

  get connection(): ClientConnection {
    return this.client.connection;
  }

  ticket(number: number): Ticket {
    return new Ticket(this.client.room(`ticket-${number}`), this.connection);
  }

  onTicketClosed(listener: (reason: string) => void): void {
    this.client.on("ticket_closed", (payload) => {
      listener((payload as { reason: string }).reason);
    });
  }

  /** For the browser's `online` event: there is no need to wait for the next attempt. */
  comeOnline(): void {
    this.connection.reconnect();
  }

  close(): void {
    this.client.close();
  }
}
