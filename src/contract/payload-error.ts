import type { z } from "zod";

import { TOO_LARGE } from "./fields";
import { RoomfulError } from "./roomful-error";

const MAX_DETAILS = 10;

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
