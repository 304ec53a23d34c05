import { Command } from "commander";

import { createCheckConfigCommand } from "./check-config-command";
import { createKeyCommand } from "./key-command";
import { createMemberCommand } from "./member-command";
import { createMigrateCommand } from "./migrate-command";
import { createNewEpochCommand } from "./new-epoch-command";
import { createRedisAclCommand } from "./redis-acl-command";
import { createRedisPrefixCommand } from "./redis-prefix-command";
import { createReplayCommand } from "./replay-command";
import { createRevokeCommand } from "./revoke-command";
import { createRoomCommand } from "./room-command";
import { createServeCommand } from "./serve-command";
import { createTokenCommand } from "./token-command";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The command line. Every command has `--help`, is configured by the environment, answers on standard output,
 * and complains on standard error. Exit status: 0 done; 1 failed, or not understood.
 */
export function createProgram(env: Environment): Command {
  const program = new Command("roomful")
    .description("Realtime rooms on Socket.IO. Configured by environment variables: see `roomful check-config`.")
    .showHelpAfterError("(see --help)")
    .addCommand(createServeCommand(env), { isDefault: true })
    .addCommand(createMigrateCommand(env))
    .addCommand(createTokenCommand(env))
    .addCommand(createCheckConfigCommand(env))
    .addCommand(createNewEpochCommand(env))
    .addCommand(createRoomCommand(env))
    .addCommand(createMemberCommand(env))
    .addCommand(createRevokeCommand(env))
    .addCommand(createKeyCommand())
    .addCommand(createRedisPrefixCommand(env))
    .addCommand(createRedisAclCommand(env))
    .addCommand(createReplayCommand(env));
  return program;
}
