import { hasMoreKeysThan } from "../contract/json-value";
import { toPayloadError } from "../contract/payload-error";
import type { PayloadSchemas } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import type { PacketCheck } from "./check-packets";

/** More than any payload of the contract has. */
const MAX_KEYS = 32;

/** Refuses what no schema has to look at: thousands of unknown keys cost it ten milliseconds. */
export function refuseManyKeys(payload: unknown): void {
  if (hasMoreKeysThan(payload, MAX_KEYS)) {
    throw new RoomfulError("PAYLOAD_INVALID", { details: [{ path: "", problem: "has unknown keys" }] });
  }
}

/**
 * Refuses events that are not in the contract (EVENT_UNKNOWN), and payloads that do not match their schema.
 * The payload that the schema made, with its defaults, takes the place of the client's.
 */
export function validatePacket(schemas: PayloadSchemas): PacketCheck {
  return (packet) => {
    const [event, payload] = packet;
    // An own property: clients also call `constructor` and `__proto__`, or a number.
    if (typeof event !== "string" || !Object.hasOwn(schemas, event)) {
      throw new RoomfulError("EVENT_UNKNOWN");
    }
    refuseManyKeys(payload);
    const result = schemas[event as keyof PayloadSchemas].safeParse(payload);
    if (!result.success) {
      throw toPayloadError(result.error);
    }
    packet[1] = result.data;
  };
}
