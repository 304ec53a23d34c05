/** A packet of Engine.IO as it came in, before Socket.IO sees it. */
export interface IncomingPacket {
  type: string;
  data?: unknown;
}

/** Socket.IO's event with attachments: type 5, their number, the namespace, the id, the event's name. */
const BINARY_EVENT = /^5\d+-((?:\/[^,]*,)?\d*)\[\s*("(?:[^"\\]|\\.)*"|\d+)/s;
const BINARY_ACK = "6";

/**
 * Takes the bytes out of what a client sends: no event of the contract has any. An event with attachments becomes one with
 * `null` for its payload, so that it is refused and answered like others; the attachments are dropped.
 *
 * Otherwise a Buffer would reach the schemas, which look at it byte by byte, or stand in `metadata` as an object.
 */
export function stripBytes(packet: IncomingPacket): void {
  if (packet.type !== "message") {
    return;
  }
  const { data } = packet;
  if (typeof data !== "string") {
    packet.type = "noop";
    return;
  }
  if (data.startsWith(BINARY_ACK)) {
    // The server asks clients nothing.
    packet.type = "noop";
    return;
  }
  const [, address, name] = (data.startsWith("5") && BINARY_EVENT.exec(data)) || [];
  if (name !== undefined) {
    packet.data = `2${address}[${name},null]`;
  }
}
