import { ANY_AUDIENCE } from "./audience";
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
  if (mode === "production" && jwt.publicKey !== undefined && jwt.audience === undefined) {
    warnings.push(
      "ROOMFUL_JWT_AUDIENCE is not set: every token that the holder of the private key signs admits here, for whatever app it was meant.",
    );
  }
  if (mode === "production" && jwt.jwksUrl !== undefined && jwt.audience === ANY_AUDIENCE) {
    const whose = jwt.issuer === undefined ? "with the keys of ROOMFUL_JWKS_URL" : `by ${jwt.issuer}`;
    warnings.push(
      `ROOMFUL_JWT_AUDIENCE=*: every token that is signed ${whose} admits here, for whatever app it was meant.`,
    );
  }
  if (mode === "production" && jwt.jwksUrl?.startsWith("http:") && !isLoopback(new URL(jwt.jwksUrl).hostname)) {
    warnings.push("ROOMFUL_JWKS_URL is read without TLS: whoever can change what is on the way can sign any token.");
  }
  return warnings;
}
