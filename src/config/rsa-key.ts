import type { KeyObject } from "node:crypto";

/** Shorter ones have been factored, or nearly: RFC 7518 demands as much, and jsonwebtoken asks for it only when it signs. */
export const MIN_RSA_BITS = 2_048;

/** True for an RSA key that is no longer safe; other kinds have no length to choose. */
export function isShortRsaKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const isRsa = asymmetricKeyType === "rsa" || asymmetricKeyType === "rsa-pss";
  return isRsa && (asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS;
}
