import { isCarriable } from "./text";

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

/**
 * Says what keeps a parsed JSON value from being passed on unchanged, or undefined when nothing does.
 *
 * The depth is limited because Socket.IO walks packets recursively: 5,000 levels in 10 KB end the process.
 * Numbers that JSON writes as null (1e400 is parsed as Infinity), whole numbers that the Redis adapter's
 * encoding does not carry (from 2^63 on they arrive as others) and the key `__proto__` are refused.
 */
export function findJsonFault(value: unknown, maxDepth: number): string | undefined {
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
  for (const [key, member] of Object.entries(value)) {
    if (key === "__proto__" || !isCarriable(key)) {
      return "holds a key that is not allowed";
    }
    const fault = findJsonFault(member, maxDepth - 1);
    if (fault) {
      return fault;
    }
  }
  return undefined;
}
