import type { ClientPlan } from "./load-client";

/** What a worker is to send. */
export type SendPlan = SocketPlan | HttpPlan;

/** By its clients. */
export type SocketPlan =
  /** At a steady rate, over all of the worker's senders in turn; every `answerEvery`-th with an acknowledgement (0: none). */
  | { kind: "paced"; perSecond: number; bytes: number; answerEvery: number }
  /** Each sender keeps this many unanswered. */
  | { kind: "window"; window: number; bytes: number }
  | { kind: "typing"; perSecond: number };

/** Over HTTP, into the rooms of its clients: each connection keeps one request of `batch` messages unanswered; 1 is no batch. */
export interface HttpPlan {
  kind: "http";
  host: string;
  port: number;
  /** Of the API. */
  key: string;
  connections: number;
  batch: number;
  bytes: number;
}

export interface OpenPlan {
  host: string;
  port: number;
  clients: (ClientPlan & { name: string; sends: boolean })[];
  /** Connections that are being made at the same time. */
  concurrency: number;
}

/** What a worker is told; each is answered once. */
export interface Calls {
  /** Connects clients and joins them, beside those that are there. */
  open: { takes: OpenPlan; gives: { seconds: number } };
  /** Begins to send; what was sent before goes on to count. */
  send: { takes: SendPlan; gives: null };
  /** Ends sending. Answers may still be on their way. */
  hush: { takes: null; gives: null };
  /** `times`: with the latencies, which are many. */
  read: { takes: { times: boolean }; gives: Reading };
  /** Sets what `read` gives to nothing, but for what was sent and is awaited. */
  reset: { takes: null; gives: null };
  /** So many of the clients that neither send nor are sampled stop reading. */
  stall: { takes: number; gives: null };
  close: { takes: null; gives: null };
}

export type Call = keyof Calls;

export interface RoomCount {
  /** Messages sent to the room by clients of this worker. */
  sent: number;
  /** The fewest and the most messages that a client of the room was given. Stalled clients are not counted. */
  least: number;
  most: number;
}

/** What a worker's clients have counted since `reset`. */
export interface Reading {
  /** By the worker's clock, to set against the same of an earlier reading. */
  atUs: number;
  /** Processor time of the worker, in milliseconds. */
  cpuMs: number;
  rooms: Record<string, RoomCount>;
  sent: number;
  /** Frames of any kind. */
  frames: number;
  deliveries: number;
  typings: number;
  typingsSent: number;
  unanswered: number;
  /** Acknowledgements that say yes. */
  accepted: number;
  latenciesUs: Record<string, number[]>;
  acksUs: number[];
  refusals: Record<string, number>;
  misplaced: number;
  closed: number;
  /** How late the latest send was, after the moment it was due, in milliseconds. */
  sendLateMs: number;
}

export interface Request {
  id: number;
  call: Call;
  argument: unknown;
}

export interface Response {
  id: number;
  result?: unknown;
  error?: string;
}
