import type { RoomfulConfig } from "../config/config";
import type { Clock } from "../lifecycle/clock";
import { createJwksFetcher, JwksKeys } from "./jwks-keys";
import { requirementsOf, signToken, type TokenRequest } from "./sign-token";
import { createJwksTokenVerifier, createTokenVerifier, type TokenVerifier } from "./token-verifier";

export interface TokenKeysOptions {
  config: RoomfulConfig["jwt"];
  /** What verifies tokens where no JWKS address does; the first one signs. */
  secrets: readonly string[];
  clock: Clock;
  /** The JWKS address does not answer. */
  onKeysAway(error: unknown): void;
  /** It names an RSA key that is too short to be safe. */
  onShortKey(kid: string): void;
}

/** What is done with the keys that a node was given: tokens are verified and, where there is a secret, made. */
export interface TokenKeys {
  verifier: TokenVerifier;
  signToken: ((request: TokenRequest) => string) | undefined;
}

export function createTokenKeys({ config, secrets, clock, onKeysAway, onShortKey }: TokenKeysOptions): TokenKeys {
  const { jwksUrl } = config;
  const [secret] = secrets;
  return {
    verifier:
      jwksUrl === undefined
        ? createTokenVerifier({ config, secrets, clock })
        : createJwksTokenVerifier({
            config,
            keys: new JwksKeys({ fetchKeys: createJwksFetcher(jwksUrl, onShortKey), clock, onError: onKeysAway }),
            clock,
          }),
    signToken:
      secret === undefined
        ? undefined
        : (request) => signToken(secret, { ...requirementsOf(config), ...request }, clock),
  };
}
