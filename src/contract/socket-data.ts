import type { Namespace, Server, Socket } from "socket.io";

import type { ClientToServerEvents } from "./client-events";
import type { ServerToClientEvents, User } from "./events";
import type { HandshakeAuth } from "./payload-schemas";
import type { ErrorReply } from "./roomful-error";

/** What a verified token allows. */
export interface TokenClaims extends User {
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** Milliseconds since 1970; undefined when the token does not say. */
  issuedAt: number | undefined;
  /** Patterns of rooms the user may join (`*`: any run of characters); undefined when the token names none. */
  rooms: readonly string[] | undefined;
  /** Namespaces the token admits to; undefined: all. */
  namespaces: readonly string[] | undefined;
  maySend: boolean;
}

/** What the service knows of a socket, from its verified token. Set before `connection`. */
interface SocketData {
  claims: TokenClaims;
  /** The handshake's own wishes, without the token. */
  auth: Omit<HandshakeAuth, "token">;
  /** The client's address, as far as it can be trusted. */
  address: string;
}

type NoEvents = Record<string, never>;
export type RoomfulServer = Server<ClientToServerEvents, ServerToClientEvents, NoEvents, SocketData>;
export type RoomfulNamespace = Namespace<ClientToServerEvents, ServerToClientEvents, NoEvents, SocketData>;
export type RoomfulSocket = Socket<ClientToServerEvents, ServerToClientEvents, NoEvents, SocketData>;

/** The error that Socket.IO hands to the client as `connect_error`, with the reply in its `data`. */
export interface ConnectError extends Error {
  data: ErrorReply;
}
