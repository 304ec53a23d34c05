import type { MessageBody, RoomList, User } from "../../src/contract/events";
import type { JsonObject } from "../../src/contract/json-value";
import type { RoomfulClientError } from "./roomful-client-error";

/** What React's `useSyncExternalStore` takes: both functions may be passed around without their object. */
export interface Store<Snapshot> {
  /** Calls when the snapshot is another one; answers how to stop that. */
  subscribe(listener: () => void): () => void;
  /** The same reference while nothing has changed; never changed itself. */
  getSnapshot(): Snapshot;
}

/** Where the outbox is kept beyond this page or process: `localStorage` fits, and so does React Native's AsyncStorage. */
export interface OutboxStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
}

export interface ClientOptions {
  /** Where the service is, with its base path if it has one: `https://example.com`, `https://example.com/chat`. */
  url: string;
  /** @default "/" */
  namespace?: string;
  /** A token that is never renewed. One of `token` and `getToken` is needed. */
  token?: string;
  /** Gets a fresh token: before each connect, and before the one in use expires. */
  getToken?: () => string | Promise<string>;
  /**
   * Keeps unanswered sends beyond this page or process; they are sent when the same user connects again.
   * @default in memory only
   */
  storage?: OutboxStorage;
  /** In order; one that cannot be had, or is refused, is passed over. @default polling, then websocket */
  transports?: ("websocket" | "polling")[];
  /**
   * Sends cookies to a service of another origin, which must allow them: for a proxy that keeps clients at their node.
   * @default false
   */
  withCredentials?: boolean;
  /** Path of Socket.IO on the server. @default "/socket.io" below the path of `url` */
  path?: string;
  /**
   * Messages that a room keeps in memory at most; older ones come back with `loadOlder`.
   * @default 10000
   */
  maxMessages?: number;
}

/**
 * - connecting: never connected yet, or an attempt is under way.
 * - connected: the server has greeted.
 * - waiting: the connection is lost, or was refused for the moment; the next attempt comes by itself at `retryAtMs`.
 * - refused: the server refused for good, for the reason in `error`; `reconnect()` tries again.
 * - closed: `close()` was called.
 */
export type ConnectionStatus = "connecting" | "connected" | "waiting" | "refused" | "closed";

export interface ConnectionState {
  readonly status: ConnectionStatus;
  /** Who this client is, as the server said; stays known while the connection is lost. */
  readonly user?: User | undefined;
  readonly socketId?: string | undefined;
  /** Why the connection was refused or ended last, as far as that is known; none while connected. */
  readonly error?: Error | undefined;
  /** Wall clock, milliseconds since 1970; while waiting. */
  readonly retryAtMs?: number | undefined;
  /** What the server said of the end of the connection before this one. */
  readonly lastDisconnect?: RoomfulClientError | undefined;
}

export interface ClientConnection extends Store<ConnectionState> {
  /**
   * Connects at once: for an app that comes back to the foreground, a network that is back, or a user who
   * signed in again. A connection that stands is given up for a new one; nothing is lost by that.
   */
  reconnect(): void;
}

/**
 * - sending: written here, and not answered yet.
 * - shown: somebody's message, live, that has no number yet; also messages of type `system`, which get none.
 * - stored: it has its number.
 * - failed: written here and refused for good, for the reason in `error`.
 */
export type MessageStatus = "sending" | "shown" | "stored" | "failed";

/** A message as the list holds it. The object stays the same while nothing about the message changes. */
export interface RoomMessage extends Omit<MessageBody, "room"> {
  /** The same for the whole life of the message: what a list is keyed by. */
  readonly key: string;
  readonly seq: number | undefined;
  readonly status: MessageStatus;
  /** Of this client's user: also what other tabs and devices sent. */
  readonly isOwn: boolean;
  readonly error: RoomfulClientError | undefined;
  /** When this client first saw it, by its own clock. */
  readonly shownAtMs: number;
  /** Of a system message: the number that was the highest when it came. */
  readonly afterSeq: number | undefined;
}

/**
 * - joining: not in the room: there is no connection, or the server has not answered yet.
 * - catching-up: in the room; what was missed is being read.
 * - live: everything is here, and what comes is shown at once.
 * - refused: the server refuses the room for the reason in `error`; it is tried again with the next connection.
 * - left: `leave()` or the client's `close()` was called.
 */
export type RoomStatus = "joining" | "catching-up" | "live" | "refused" | "left";

export interface RoomSnapshot {
  readonly room: string;
  readonly status: RoomStatus;
  readonly error: RoomfulClientError | undefined;
  /** Numbered first, then un-numbered in the order in which they came. A `system` message stays behind what it came after. */
  readonly messages: readonly RoomMessage[];
  /** `loadOlder` would bring some. */
  readonly hasOlder: boolean;
  /** Who is here; in rooms of more than 100 people those that are known. */
  readonly members: readonly User[];
  readonly memberCount: number;
  /** Others who are typing. */
  readonly typing: readonly Pick<User, "userId" | "username">[];
  /** The highest number that is known in the room; 0: none yet. */
  readonly lastSeq: number;
}

export interface SendOptions {
  /** A UUID in lower case. @default a new UUIDv7 */
  id?: string | undefined;
  /** @default "text" */
  type?: string | undefined;
  /** Number of a stored message of the room. */
  replyTo?: number | undefined;
  /** User ids, up to 50. */
  mentions?: string[] | undefined;
  metadata?: JsonObject | undefined;
}

/** Stored: committed to disk, once, under this number. */
export interface SendResult {
  id: string;
  seq: number;
  createdAt: string;
}

/**
 * What has changed in a room, for those who do not look at the list.
 *
 * - message: it has come into the list, live, by catching up or as an older one; once each.
 * - stored: it has got its number.
 * - changed: something else about it is another, its status for instance.
 * - removed: it is not stored: taken back by the server, never heard of again, or discarded here.
 * - reloaded: the list was dropped, and is read anew: numbers that were remembered mean nothing any more.
 */
export type RoomChange =
  | { readonly type: "message" | "stored" | "changed" | "removed"; readonly message: RoomMessage }
  | { readonly type: "reloaded" };

/** One room, joined by itself as long as it is not left. What a snapshot holds can be read from it directly, too. */
export interface Room extends Store<RoomSnapshot>, RoomSnapshot, RoomActions {}

/** What can be done in a room. */
export interface RoomActions {
  /**
   * Sends; the message is in the list at once. Resolves when it is stored, however long that takes and however often
   * the connection is lost. Rejects with a RoomfulClientError when it was refused for good, or the room is left.
   */
  send(content: string, options?: SendOptions): Promise<SendResult>;
  /** Sends a failed message again, under its id. */
  resend(id: string): Promise<SendResult>;
  /** Takes a failed message out of the list. */
  discard(id: string): void;
  /** Call it at each key; few of them are sent. Typing ends by itself after some seconds, or with `false`. */
  setTyping(isTyping: boolean): void;
  /** Brings older messages into the list; resolves at once when there are none. Rejects with a RoomfulClientError. */
  loadOlder(limit?: number): Promise<void>;
  /** Leaves; sends that are not answered are rejected. */
  leave(): Promise<void>;
  /** Calls for each change of the list; answers how to stop. */
  onChange(listener: (change: RoomChange) => void): () => void;
}

export interface Client {
  readonly connection: ClientConnection;
  /** The room of this name: joined at the first call, the same object until it is left. */
  room(name: string): Room;
  /**
   * Rooms with somebody in them that this user may join, by name, 100 a page; `after` is the last name of the page
   * before. Rejects with a RoomfulClientError, without a connection too.
   */
  rooms(after?: string): Promise<RoomList>;
  /** An event of the application's own, sent into rooms by its servers. Answers how to stop. */
  on(event: string, listener: (payload: unknown) => void): () => void;
  /** Ends everything. Sends that are not answered are rejected; those in a storage stay there for the next client. */
  close(): void;
}
