import { createHash, randomBytes } from "node:crypto";
import { Command, Option } from "commander";

import { parseApiKey } from "../config/api-key";
import { API_SCOPES, type ApiScope } from "../contract/api-routes";

interface KeyOptions {
  name: string;
  scopes?: ApiScope[];
  rooms?: string[];
}

const KEY_BYTES = 32;

/** `roomful key --name NAME`: makes a key of the HTTP API, and the entry by which the service knows it. */
export function createKeyCommand(): Command {
  return new Command("key")
    .description("make a key of the HTTP API, and the entry for ROOMFUL_API_KEYS that holds its hash only")
    .requiredOption("--name <name>", "who will use it; the same name again for a key that takes another's place")
    .addOption(new Option("--scopes <scopes...>", "what it may do (default: all)").choices([...API_SCOPES]))
    .option("--rooms <patterns...>", "the only rooms that it may reach; * stands for any run of characters")
    .action(({ name, scopes, rooms }: KeyOptions) => {
      const key = `rk_${randomBytes(KEY_BYTES).toString("base64url")}`;
      const hash = createHash("sha256").update(key).digest("hex");
      const parts = [name, `sha256=${hash}`, scopes?.join("+") ?? "*", ...(rooms ? [rooms.join("|")] : [])];
      const entry = parts.join(":");
      // What the service would refuse is refused here.
      parseApiKey(entry);
      console.log(`key    ${key}`);
      console.log(`entry  ${entry}`);
      console.error(
        "The key is shown this once. Give it to its user, and add the entry to ROOMFUL_API_KEYS (commas between entries).",
      );
    });
}
