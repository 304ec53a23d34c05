import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The secret that signs tokens where none is configured: made once, kept in the data folder, never used in production. */
export async function developmentSecret(dataDir: string): Promise<string> {
  const path = join(dataDir, "development-secret");
  await mkdir(dataDir, { recursive: true });
  try {
    // `wx`: of two processes that start at the same moment, one makes it and both read it.
    await writeFile(path, randomBytes(48).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) {
      throw error;
    }
  }
  return (await readFile(path, "utf8")).trim();
}
