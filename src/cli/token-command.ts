import { Command, InvalidArgumentError, Option } from "commander";

import { developmentSecret } from "../config/development-secret";
import { loadConfig } from "../config/load-config";
import { systemClock } from "../lifecycle/clock";
import { requirementsOf, signToken } from "../middleware/sign-token";
import type { Environment } from "./create-program";

interface TokenOptions {
  user: string;
  name?: string;
  rooms?: string[];
  ttl: number;
}

/** `roomful token --user ID`: signs a token with the configured secret, or with the development secret. */
export function createTokenCommand(env: Environment): Command {
  return new Command("token")
    .description("sign a token with ROOMFUL_JWT_SECRET, or with the development secret of the data folder")
    .requiredOption("--user <id>", "the token's `sub`", parseUserId)
    .option("--name <name>", "the user's name, as others see it")
    .option("--rooms <patterns...>", "rooms that the user may join; * stands for any run of characters")
    .addOption(
      new Option("--ttl <duration>", "valid for this long: 90s, 15m, 1h, 7d")
        .argParser(parseDuration)
        .default(parseDuration("1h"), "1h"),
    )
    .action(async ({ user, name, rooms, ttl }: TokenOptions) => {
      const { jwt, database } = loadConfig(env);
      if (jwt.publicKey !== undefined || jwt.jwksUrl !== undefined) {
        const variable = jwt.publicKey === undefined ? "ROOMFUL_JWKS_URL" : "ROOMFUL_JWT_PUBLIC_KEY";
        throw new Error(`${variable} is set: only the holder of its private key can sign tokens`);
      }
      if (jwt.maxLifetimeMs > 0 && ttl > jwt.maxLifetimeMs) {
        throw new Error(
          `--ttl is longer than ROOMFUL_JWT_MAX_LIFETIME_MS=${jwt.maxLifetimeMs}: nodes would refuse the token`,
        );
      }
      const secret = jwt.secret[0] ?? (await developmentSecret(database.dataDir));
      const request = {
        userId: user,
        ttlMs: ttl,
        ...(name !== undefined && { username: name }),
        ...(rooms !== undefined && { rooms }),
        ...requirementsOf(jwt),
      };
      console.log(signToken(secret, request, systemClock));
    });
}

function parseUserId(text: string): string {
  if (text.length < 1 || text.length > 128) {
    throw new InvalidArgumentError("Expected 1 to 128 characters.");
  }
  return text;
}

const UNITS_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration such as `90s` or `1h`. */
function parseDuration(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit ?? ""];
  if (unitMs === undefined || Number(count) === 0) {
    throw new InvalidArgumentError("Expected a number and a unit: 90s, 15m, 1h, 7d.");
  }
  return Number(count) * unitMs;
}
