import { systemClock } from "../../lifecycle/clock";
import { signToken, type TokenRequest } from "../../middleware/sign-token";
import { addressBelow } from "./address-below";

/** Gets a token of a user for the service at `url`. */
export type TokenSource = (url: string, userId: string) => Promise<string>;

/** Replaying a day of chat takes a while. */
const TTL_MS = 24 * 3_600_000;

/** Signs tokens where a secret is known, as the service requires them; asks the service's development route otherwise. */
export function createTokenSource(secret: string | undefined, requirements: Partial<TokenRequest> = {}): TokenSource {
  if (secret !== undefined) {
    return async (_url, userId) => signToken(secret, { ...requirements, userId, ttlMs: TTL_MS }, systemClock);
  }
  return async (url, userId) => {
    const response = await fetch(addressBelow(url, "dev/token"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ userId }),
    });
    if (!response.ok) {
      throw new Error(
        `${url} hands out no tokens (status ${response.status}). Set ROOMFUL_JWT_SECRET to the service's secret.`,
      );
    }
    const { token } = (await response.json()) as { token: string };
    return token;
  };
}
