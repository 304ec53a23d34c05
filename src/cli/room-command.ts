import { Argument, Command, Option } from "commander";

import { loadConfig } from "../config/load-config";
import { RoomRepository } from "../repositories/room-repository";
import { checkNamespace, checkRoomName } from "./arguments";
import type { Environment } from "./create-program";
import { withDatabase } from "./with-database";

interface RoomOptions {
  delivery: "fast" | "strict" | "default";
  namespace: string;
}

/** `roomful room NAME --delivery MODE`: gives a room a delivery mode of its own. */
export function createRoomCommand(env: Environment): Command {
  return new Command("room")
    .description("set how messages of a room are delivered; running nodes see it within 15 s")
    .addArgument(new Argument("<name>", "the room"))
    .addOption(
      new Option("--delivery <mode>", "fast: shown, then stored; strict: stored, then shown")
        .choices(["fast", "strict", "default"])
        .makeOptionMandatory(),
    )
    .option("--namespace <name>", "the room's namespace", "/")
    .action(async (name: string, { delivery, namespace }: RoomOptions) => {
      checkRoomName(name);
      const config = loadConfig(env);
      checkNamespace(namespace, config.namespaces);
      await withDatabase(config.database, (dataSource) =>
        new RoomRepository(dataSource).setDelivery(namespace, name, delivery === "default" ? null : delivery),
      );
      console.log(`${name}: ${delivery === "default" ? `${config.delivery} (the default)` : delivery}`);
    });
}
