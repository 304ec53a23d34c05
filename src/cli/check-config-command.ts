import Table from "cli-table3";
import { Command } from "commander";

import { listOptions } from "../config/config";
import { findConfigWarnings } from "../config/config-warnings";
import { findUnknownVariables, loadConfig } from "../config/load-config";
import type { Environment } from "./create-program";

/** `roomful check-config`: what every variable is, and whether the service would start with it. */
export function createCheckConfigCommand(env: Environment): Command {
  return new Command("check-config")
    .description("check the environment, and show every variable with its value and meaning")
    .action(() => {
      const config = loadConfig(env);
      const table = new Table({
        head: ["variable", "value", "", "meaning"],
        wordWrap: true,
        colWidths: [null, 32, 9, 60],
      });
      for (const { path, variable, option } of listOptions()) {
        const value = path.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], config);
        const zero = option.zero === undefined ? "" : ` 0: ${option.zero}.`;
        table.push([
          variable,
          textOf(value, option.isSecret),
          env[variable]?.trim() ? "set" : "default",
          option.doc + zero,
        ]);
      }
      console.log(table.toString());
      for (const variable of findUnknownVariables(env)) {
        console.error(`roomful: ${variable} means nothing here; is it misspelt?`);
      }
      for (const warning of findConfigWarnings(config)) {
        console.error(`roomful: ${warning}`);
      }
      console.log("The configuration is complete.");
    });
}

function textOf(value: unknown, isSecret = false): string {
  const text = Array.isArray(value) ? value.join(",") : String(value ?? "");
  return isSecret && text !== "" ? "(hidden)" : text;
}
