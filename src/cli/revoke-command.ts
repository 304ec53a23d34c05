import { Command, InvalidArgumentError } from "commander";

import { loadConfig } from "../config/load-config";
import { RevocationRepository } from "../repositories/revocation-repository";
import type { Environment } from "./create-program";
import { tellNodes } from "./tell-nodes";
import { withDatabase } from "./with-database";

interface RevokeOptions {
  user: string;
  before?: Date;
  undo?: true;
}

/** `roomful revoke --user ID`: the user's tokens up to now no longer count; later ones do. */
export function createRevokeCommand(env: Environment): Command {
  return new Command("revoke")
    .description("withdraw a user's tokens; running nodes cut the user's sockets within 15 s, with Redis at once")
    .requiredOption("--user <id>", "the user")
    .option("--before <time>", "tokens that were issued before this, in ISO 8601 (default: now)", parseTime)
    .option("--undo", "let the user's tokens count again")
    .action(async ({ user, before = new Date(), undo }: RevokeOptions) => {
      const config = loadConfig(env);
      await withDatabase(config.database, async (dataSource) => {
        const revocations = new RevocationRepository(dataSource);
        if (undo) {
          const isRestored = await revocations.restore(user);
          await tellNodes(config.redis, dataSource);
          console.log(isRestored ? `The tokens of ${user} count again.` : `No token of ${user} was withdrawn.`);
          return;
        }
        await revocations.revoke({ userId: user, issuedBefore: before });
        await tellNodes(config.redis, dataSource);
        console.log(`Tokens of ${user} from before ${before.toISOString()} no longer count.`);
      });
    });
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError("Expected a time such as 2026-11-24T12:00:00Z.");
  }
  return time;
}
