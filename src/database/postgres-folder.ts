import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";

import { makeOwnFolder } from "../config/own-folder";
import type { RunAs } from "./postgres-binaries";

/**
 * Where root keeps what another user has to reach, and the data folder or the project hides: in a folder that only root
 * could have made. /tmp and /var/tmp are everybody's.
 */
export const ROOTS_STATE_DIR = "/var/lib/roomful";

/** A folder of root's for one data folder or project, which other users can pass through and not write in. */
export async function makeFolderOf(path: string, stateDir: string): Promise<string> {
  const folder = join(stateDir, createHash("sha256").update(path).digest("hex").slice(0, 12));
  for (const each of [stateDir, folder]) {
    await makeOwnFolder(each);
    await chmod(each, 0o711);
  }
  return folder;
}

/**
 * Makes a folder where it is absent, gives it to Postgres' user, and closes it to others. Throws where it is a link, or
 * neither ours nor that user's: root would hand over whatever somebody has put there.
 */
export async function givePostgresFolder(path: string, runAs: RunAs | undefined): Promise<void> {
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") {
      throw error;
    }
  });
  const folder = await openFolder(path);
  try {
    const { uid } = await folder.stat();
    if (process.getuid && uid !== process.getuid() && uid !== runAs?.uid) {
      throw new Error(`${path} belongs to user ${uid}, and Postgres would run what is in it. Use another folder.`);
    }
    if (runAs) {
      await folder.chown(runAs.uid, runAs.gid);
    }
    // Only the folder itself: a mode given to mkdir would close its parents too.
    await folder.chmod(0o700);
  } finally {
    await folder.close();
  }
}

/** By handle: what is looked at and what is given away is the same folder, whatever happens to its name. */
async function openFolder(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (cause) {
    throw new Error(`${path} is no folder, or a link to one. Use another folder.`, { cause });
  }
}
