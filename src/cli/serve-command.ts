import { Command } from "commander";

import { createRoomful } from "../app";
import { findConfigWarnings } from "../config/config-warnings";
import { findUnknownVariables, loadConfig } from "../config/load-config";
import { runProcess } from "../lifecycle/run-process";
import { createLogger } from "../observability/logger";
import type { Environment } from "./create-program";

/** `roomful serve`: runs the service until it is told to stop. */
export function createServeCommand(env: Environment): Command {
  return new Command("serve").description("run the service (what `roomful` alone does)").action(async () => {
    const config = loadConfig(env);
    const logger = createLogger(config.log);
    for (const variable of findUnknownVariables(env)) {
      logger.warn({ variable }, "this variable means nothing here; is it misspelt?");
    }
    const isForPeople = config.mode === "development";
    const roomful = createRoomful(config, {
      logger,
      ...(isForPeople && { onProgress: (text: string) => console.log(text) }),
    });
    const { isServing } = await runProcess({ service: roomful, timeoutMs: config.shutdown.timeoutMs, logger });
    if (!isServing) {
      return;
    }
    if (isForPeople) {
      console.log(greeting(roomful.url, roomful.signToken !== undefined && config.http.developmentTokens !== "off"));
      for (const warning of findConfigWarnings(config)) {
        console.log(`  Careful            ${warning}\n`);
      }
    }
    logger.info({ url: roomful.url, pid: process.pid }, "serving");
  });
}

function connectExample(url: string): string {
  const { origin, pathname } = new URL(url);
  const path = pathname === "/" ? "" : `path: "${pathname}/socket.io", `;
  return `io("${origin}", { ${path}auth: { token } })`;
}

function greeting(url: string, handsOutTokens: boolean): string {
  const token = handsOutTokens
    ? `curl -X POST ${url}/dev/token -H 'content-type: application/json' -d '{"userId":"alice"}'`
    : "sign one with your key: `sub` and `exp` are required";
  const tryThis = handsOutTokens
    ? `open ${url} in two tabs and follow the page`
    : `connect with socket.io-client: ${connectExample(url)}`;
  return [
    "",
    `  Roomful serves at  ${url}`,
    `  Get a token        ${token}`,
    `  Try it             ${tryThis}`,
    "",
  ].join("\n");
}
