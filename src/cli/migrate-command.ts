import { Command } from "commander";

import { loadConfig } from "../config/load-config";
import type { Environment } from "./create-program";
import { withDatabase } from "./with-database";

/** `roomful migrate`: brings the schema up to date, which `serve` does too. */
export function createMigrateCommand(env: Environment): Command {
  return new Command("migrate").description("bring the database's schema up to date").action(async () => {
    await withDatabase(loadConfig(env).database, async (_dataSource, migrated) => {
      console.log(migrated.length > 0 ? `Ran ${migrated.join(", ")}.` : "The schema is up to date.");
    });
  });
}
