import { randomBytes } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { makeOwnFolder } from "./own-folder";

/** The secret that signs tokens where none is configured: made once, kept in the data folder, never used in production. */
export async function developmentSecret(dataDir: string): Promise<string> {
  const path = join(dataDir, "development-secret");
  await makeOwnFolder(dataDir);
  // Whole, then linked into its place: nobody reads half of one, and of two processes that start at the same
  // moment one makes it and both read it.
  const draft = `${path}.${process.pid}-${randomBytes(4).toString("hex")}`;
  await writeFile(draft, randomBytes(48).toString("base64url"), { mode: 0o600 });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EEXIST") {
      throw error;
    }
  } finally {
    await rm(draft, { force: true });
  }
  const secret = (await readFile(path, "utf8")).trim();
  if (secret === "") {
    throw new Error(`${path} is empty: anybody could sign tokens. Remove it, and a new secret is made.`);
  }
  return secret;
}
