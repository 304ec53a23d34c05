/** The service's default: `ROOMFUL_LIMITS_MAX_CONTENT_BYTES`. A service that takes less says so when it refuses. */
const MAX_BYTES = 8 * 1_024;

/** By how many bytes of UTF-8 a message is too long; 0 or less: it is not. */
export function excessBytes(text: string): number {
  return new TextEncoder().encode(text).length - MAX_BYTES;
}
