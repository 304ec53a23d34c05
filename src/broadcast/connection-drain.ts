import type { Clock } from "../lifecycle/clock";

/** What is needed of Socket.IO: its sockets, to tell them, and its connections, to close them. */
export interface DrainableSocket {
  emit(event: "draining", payload: { reconnectAfterMs: number }): unknown;
}

export interface DrainableConnection {
  close(): unknown;
}

/** Connections are closed in this many slices, so that not all clients come to the other nodes at one moment. */
const SLICES = 10;
const SLICE_INTERVAL_MS = 50;

/** Tells every socket to reconnect after a time of its own, within `spreadMs`. */
export function announceDraining(sockets: Iterable<DrainableSocket>, spreadMs: number, random: () => number): void {
  for (const socket of sockets) {
    socket.emit("draining", { reconnectAfterMs: Math.round(random() * spreadMs) });
  }
}

/**
 * Closes the transports. Not Socket.IO's own disconnect: after that a client does not come back by itself.
 */
export async function closeInSlices(connections: readonly DrainableConnection[], clock: Clock): Promise<void> {
  const sliceSize = Math.max(1, Math.ceil(connections.length / SLICES));
  for (let start = 0; start < connections.length; start += sliceSize) {
    for (const connection of connections.slice(start, start + sliceSize)) {
      connection.close();
    }
    await new Promise<void>((resolve) => clock.setTimer(resolve, SLICE_INTERVAL_MS));
  }
}
