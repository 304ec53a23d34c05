import { isCarriable } from "./text";

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

/** The fault of what has more members than may be looked at. */
export const TOO_MANY_MEMBERS = "is too long";

/**
 * Says what keeps a parsed JSON value from being passed on unchanged, or undefined when nothing does.
 *
 * The depth is limited because Socket.IO walks packets recursively: 5,000 levels in 10 KB end the process.
 * Numbers that JSON writes as null (1e400 is parsed as Infinity), whole numbers that the Redis adapter's
 * encoding does not carry (from 2^63 on they arrive as others) and the key `__proto__` are refused.
 *
 * @param left how many members may be looked at, over all levels: what has more is too long, whatever they are.
 */
export function findJsonFault(
  value: unknown,
  maxDepth: number,
  left = { members: Number.POSITIVE_INFINITY },
): string | undefined {
  if (typeof value === "string") {
    return isCarriable(value) ? undefined : "holds NUL or a lone surrogate";
  }
  if (typeof value === "number") {
    const isCarried = Number.isFinite(value) && (!Number.isInteger(value) || Math.abs(value) < 2 ** 63);
    return isCarried ? undefined : "holds a number that is too large";
  }
  if (value === null || typeof value === "boolean") {
    return undefined;
  }
  if (typeof value !== "object" || Buffer.isBuffer(value)) {
    return "holds something that is not JSON";
  }
  if (maxDepth <= 0) {
    return "is nested too deep";
  }
  const members = Array.isArray(value) ? value : Object.values(value);
  left.members -= members.length;
  if (left.members < 0) {
    return TOO_MANY_MEMBERS;
  }
  if (!Array.isArray(value) && !Object.keys(value).every(isAllowedKey)) {
    return "holds a key that is not allowed";
  }
  for (const member of members) {
    const fault = findJsonFault(member, maxDepth - 1, left);
    if (fault) {
      return fault;
    }
  }
  return undefined;
}

function isAllowedKey(key: string): boolean {
  return key !== "__proto__" && isCarriable(key);
}

/** True of an object or a list with more members than that. Does not look at all of them. */
export function hasMoreKeysThan(value: unknown, max: number): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  if (Array.isArray(value)) {
    return value.length > max;
  }
  let keys = 0;
  for (const _ in value) {
    keys += 1;
    if (keys > max) {
      return true;
    }
  }
  return false;
}
