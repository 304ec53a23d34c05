/**
 * What goes over the wire, as product.md 2 words it. Times are ISO 8601 in UTC.
 */
import type { JsonObject } from "./json-value";
import type { ErrorReply } from "./roomful-error";

/** A person as others see them. */
export interface User {
  userId: string;
  username: string;
  /** `#rrggbb` */
  color: string;
}

/** A message without its place: what its sender said, and who and when. */
export interface MessageBody extends User {
  id: string;
  room: string;
  type: string;
  content: string;
  createdAt: string;
  /** Number of the stored message of the same room that this one answers. */
  replyTo?: number;
  /** User ids. */
  mentions?: string[];
  metadata?: JsonObject;
}

/** A message as history holds it. */
export interface StoredMessage extends MessageBody {
  seq: number;
}

/** The key of a message, everywhere: `id` belongs to its sender. */
export type MessageKey = [userId: string, id: string];

/** Consecutive numbers: the i-th item has number `from + i`. */
export interface StoredRun {
  from: number;
  items: MessageKey[];
}

/** Messages that were committed, with their numbers. */
export interface StoredRuns {
  epoch: string;
  runs: StoredRun[];
}

/** The live `message` event. */
export interface LiveMessage extends MessageBody {
  /** The highest number that the node knows for the room; 0: unknown. */
  tip: number;
  /** Present when the message was committed before it was shown (strict rooms, and what a poll found). */
  seq?: number;
  /** Numbers of earlier messages, carried along. */
  stored?: StoredRuns;
}

/** Answer of `join`, and body of `room_state`. */
export interface RoomState {
  room: string;
  epoch: string | null;
  lastSeq: number | null;
  /** true: `messages` follow `after` without a gap; false: drop what you have; null: nothing was asked, or unknown now. */
  recovered: boolean | null;
  messages: StoredMessage[];
  hasMore: boolean;
  /** Shown here and not seen numbered or retracted, taken at the moment of joining: the newest that fit. */
  pending: LiveMessage[];
  /** Older ones are pending too: of a message that is not listed nothing is said. */
  hasMorePending?: true;
  /** The first 100, or as many as fit. */
  users: User[];
  count: number;
}

export interface MessageAccepted {
  id: string;
  seq: number;
  createdAt: string;
  /** The id was stored by an earlier call. */
  duplicate: boolean;
}

export interface HistoryPage {
  messages: StoredMessage[];
  hasMoreBefore: boolean;
  hasMoreAfter: boolean;
  lastSeq: number;
  epoch: string | null;
  /** On the newest page: the newest that fit. */
  pending?: LiveMessage[];
  /** Older ones are pending too. */
  hasMorePending?: true;
}

export interface PresencePage {
  users: User[];
  count: number;
  /** Some nodes could not be asked. */
  partial: boolean;
}

export interface RoomList {
  rooms: { room: string; count: number; lastSeq: number }[];
  hasMore: boolean;
  /** Where to go on in place of the last room's name: 20,000 rooms were looked at, and the page is not full. */
  next?: string;
}

/** What each client event is answered with. */
export interface ClientEventAnswers {
  join: RoomState;
  leave: null;
  message: MessageAccepted;
  typing: null;
  history: HistoryPage;
  presence: PresencePage;
  rooms: RoomList;
  refresh_token: { tokenExpiresAt: string };
}

export interface Welcome extends User {
  socketId: string;
  tokenExpiresAt: string;
  serverTime: string;
  /** Why the server cut `auth.lastSocketId`, for 60 s after it did. */
  lastDisconnect?: ErrorReply;
}

/** Payload of `user_joined` and `user_left`. */
export interface PresenceStep extends User {
  room: string;
  count: number;
  users: User[];
}

export interface PresenceChanged {
  room: string;
  /** At most 50 each. */
  joined: User[];
  left: string[];
  truncated?: true;
  count: number;
}

export interface ServerToClientEvents {
  welcome: (payload: Welcome) => void;
  message: (payload: LiveMessage) => void;
  stored: (payload: { room: string } & StoredRuns) => void;
  retracted: (payload: { room: string; userId: string; id: string; code: ErrorReply["code"] }) => void;
  typing: (payload: { room: string; userId: string; username: string; isTyping: boolean }) => void;
  user_joined: (payload: PresenceStep) => void;
  user_left: (payload: PresenceStep) => void;
  presence_changed: (payload: PresenceChanged) => void;
  room_state: (payload: RoomState | { room: string; error: ErrorReply }) => void;
  token_expiring: (payload: { expiresAt: string }) => void;
  draining: (payload: { reconnectAfterMs: number }) => void;
  closing: (payload: ErrorReply) => void;
}

/** Names of the events that the server may send. */
export type ServerEvent = keyof ServerToClientEvents;
/** A server event's payload. */
export type ServerPayload<Event extends ServerEvent> = Parameters<ServerToClientEvents[Event]>[0];

/** Their names, for what must know them at run time. */
export const SERVER_EVENTS: ReadonlySet<string> = new Set<ServerEvent>([
  "welcome",
  "message",
  "stored",
  "retracted",
  "typing",
  "user_joined",
  "user_left",
  "presence_changed",
  "room_state",
  "token_expiring",
  "draining",
  "closing",
]);
