import { Command } from "commander";

import { loadConfig } from "../config/load-config";
import { RoomRepository } from "../repositories/room-repository";
import type { Environment } from "./create-program";
import { withDatabase } from "./with-database";

/** `roomful new-epoch`: for the hour after a restore from backup, when numbers may be given a second time. */
export function createNewEpochCommand(env: Environment): Command {
  return new Command("new-epoch")
    .description("after a restore from backup: give every room a new epoch, so that clients reload")
    .action(async () => {
      await withDatabase(loadConfig(env).database, async (dataSource) => {
        const count = await new RoomRepository(dataSource).renewEpochs();
        console.log(`${count} ${count === 1 ? "room has" : "rooms have"} a new epoch.`);
      });
    });
}
