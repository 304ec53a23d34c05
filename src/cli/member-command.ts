import { Command } from "commander";

import { loadConfig } from "../config/load-config";
import { MemberRepository } from "../repositories/member-repository";
import { checkNamespace, checkRoomName } from "./arguments";
import type { Environment } from "./create-program";
import { tellNodes } from "./tell-nodes";
import { withDatabase } from "./with-database";

interface MemberOptions {
  user: string;
  namespace: string;
}

/** `roomful member add|remove ROOM --user ID`: who may join a room where `ROOMFUL_ROOM_ACCESS` is `members`. */
export function createMemberCommand(env: Environment): Command {
  const command = new Command("member").description("say who may join a room where rooms are for members");
  for (const [action, summary] of [
    ["add", "let a user join a room"],
    ["remove", "no longer let a user join a room; running nodes see it within 15 s, with Redis at once"],
  ] as const) {
    command
      .command(action)
      .description(summary)
      .argument("<room>", "the room")
      .requiredOption("--user <id>", "the user")
      .option("--namespace <name>", "the room's namespace", "/")
      .action(async (room: string, { user, namespace }: MemberOptions) => {
        checkRoomName(room);
        const config = loadConfig(env);
        checkNamespace(namespace, config.namespaces);
        await withDatabase(config.database, async (dataSource) => {
          const members = new MemberRepository(dataSource);
          const member = { namespace, room, userId: user };
          const isChanged =
            action === "add" ? await members.add(member).then(() => true) : await members.remove(member);
          await tellNodes(config.redis, dataSource);
          console.log(
            isChanged
              ? `${user} ${action === "add" ? "may" : "may no longer"} join ${room}.`
              : `${user} was not a member of ${room}.`,
          );
        });
      });
  }
  return command;
}
