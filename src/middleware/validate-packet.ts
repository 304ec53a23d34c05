import type { z } from "zod";

import { type PayloadSchemas, TOO_LARGE } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import type { PacketCheck } from "./check-packets";

const MAX_DETAILS = 10;

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
    const result = schemas[event as keyof PayloadSchemas].safeParse(payload);
    if (!result.success) {
      throw toPayloadError(result.error);
    }
    packet[1] = result.data;
  };
}

/** Says where a payload is wrong and why, in our own words: nothing that the client sent comes back or is logged. */
export function toPayloadError(error: z.ZodError): RoomfulError {
  const isTooLarge = error.issues.some((issue) => issue.code === "custom" && issue.params === TOO_LARGE);
  const details = error.issues
    .slice(0, MAX_DETAILS)
    .map((issue) => ({ path: issue.path.join("."), problem: problemOf(issue) }));
  return new RoomfulError(isTooLarge ? "PAYLOAD_TOO_LARGE" : "PAYLOAD_INVALID", { details });
}

function problemOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return "has unknown keys";
    case "invalid_type":
      return `is not ${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
    case "too_small":
      if (issue.origin === "string" && issue.minimum === 1) {
        return "is empty";
      }
      return `is below ${issue.minimum}`;
    case "too_big":
      return `is above ${issue.maximum}`;
    case "custom":
    case "invalid_format":
      // Texts of our own schemas.
      return issue.message;
    default:
      return "is not of an accepted form";
  }
}
