import type { RoomfulConfig } from "./config";
import { isLoopback } from "./loopback";

/** What is allowed and opens more than somebody may expect: sentences for the log, `check-config` and the terminal. */
export function findConfigWarnings(config: RoomfulConfig): string[] {
  const { mode, http, jwt } = config;
  const warnings: string[] = [];
  if (mode !== "production" && http.host !== undefined && !isLoopback(http.host)) {
    const handsOutTokens = http.developmentTokens !== "off" && jwt.publicKey === undefined && jwt.jwksUrl === undefined;
    const opened = [
      ...(handsOutTokens ? ["POST /dev/token signs a token of any user for whoever asks"] : []),
      ...(http.allowedOrigins.length === 0 ? ["pages of any origin may connect"] : []),
    ];
    warnings.push(
      `HOST=${http.host} opens a service in ${mode} mode to other machines: ${opened.join(", and ")}. ` +
        "They may call it by address, or by a name that ROOMFUL_ALLOWED_HOSTS lists. Unset HOST to serve this machine alone.",
    );
  }
  return warnings;
}
