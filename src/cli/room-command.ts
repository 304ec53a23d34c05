import { Argument, Command, Option } from "commander";

import { loadConfig } from "../config/load-config";
import { ROOM_NAME_PATTERN } from "../contract/names";
import { RoomRepository } from "../repositories/room-repository";
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
      if (!ROOM_NAME_PATTERN.test(name)) {
        throw new Error(`"${name}" is not a room name: 1 to 64 letters, digits, and . _ : - after the first`);
      }
      const config = loadConfig(env);
      if (!config.namespaces.includes(namespace)) {
        throw new Error(`"${namespace}" is not one of the namespaces ${config.namespaces.join(", ")}`);
      }
      await withDatabase(config.database, (dataSource) =>
        new RoomRepository(dataSource).setDelivery(namespace, name, delivery === "default" ? null : delivery),
      );
      console.log(`${name}: ${delivery === "default" ? `${config.delivery} (the default)` : delivery}`);
    });
}
