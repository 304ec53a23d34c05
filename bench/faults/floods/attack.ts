/** What a flooder is told: it does nothing but harm, in a process of its own, within these bounds. */
export interface AttackPlan {
  name: "ping" | "refused" | "poll" | "presence";
  url: string;
  /** One for each connection; what is cut comes back with the same. */
  tokens: readonly string[];
  seconds: number;
  /** All connections together open so many. */
  maxConnections: number;
}

/** What it got done. */
export interface AttackReport {
  /** Packets, frames or polls. */
  sent: number;
  bytesSent: number;
  connectionsOpened: number;
  /** Connections that the server has ended. */
  connectionsEnded: number;
}

/** One connection's part: opens, floods and returns when it was ended, or when the time is over. */
export type Attack = (attacker: Attacker) => Promise<void>;

/** What an attack counts and asks. */
export interface Attacker {
  readonly url: string;
  readonly token: string;
  readonly index: number;
  readonly report: AttackReport;
  readonly isOver: () => boolean;
}
