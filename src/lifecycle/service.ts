/** Something with a life of its own: a connection, a timer, a listening port. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  /** May be called twice, and before `start`. Resolves when nothing is left running. */
  stop(): Promise<void>;
}
