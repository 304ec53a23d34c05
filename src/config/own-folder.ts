import { lstat, mkdir, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

const ROOT = 0;
const WRITABLE_BY_ALL = 0o002;

/**
 * Makes a folder where it is absent, and throws where it may be somebody else's.
 *
 * What stands in it is believed and run: secrets, passwords, programs, a database. On ground where everybody may make
 * folders, /tmp for instance, somebody else can make it first, or a link in its place. So each folder there must be
 * ours or root's and no link, and nobody else may write in the last one.
 *
 * @param ownUid who "we" are; undefined: a system without users' numbers, where nothing is checked.
 */
export async function makeOwnFolder(path: string, ownUid = process.getuid?.()): Promise<void> {
  const wanted = resolve(path);
  // Before, so that nothing is made behind somebody's link, and after, for what was made meanwhile.
  await refuseForeign(wanted, ownUid);
  // Whatever the umask: what everybody may write in is refused below.
  await mkdir(wanted, { recursive: true, mode: 0o755 });
  await refuseForeign(wanted, ownUid);
  await refuseForeign(await realpath(wanted), ownUid);
  if (ownUid !== undefined && ((await stat(wanted)).mode & WRITABLE_BY_ALL) !== 0) {
    throw new Error(`Everybody may write in ${wanted}, and what stands there is trusted. Use a folder of its own.`);
  }
}

/** Looks at each folder of the way, from the top; what is not there yet is nobody's. */
async function refuseForeign(path: string, ownUid: number | undefined): Promise<void> {
  const above = dirname(path);
  if (above === path || ownUid === undefined) {
    return;
  }
  await refuseForeign(above, ownUid);
  const here = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") {
      throw error;
    }
  });
  if (!here || ((await stat(above)).mode & WRITABLE_BY_ALL) === 0) {
    return;
  }
  if (here.isSymbolicLink() || (here.uid !== ownUid && here.uid !== ROOT)) {
    throw new Error(
      `${path} stands where everybody may make folders, and is ${here.isSymbolicLink() ? "a link" : `user ${here.uid}'s`}: ` +
        "what is in it cannot be trusted. Use another folder.",
    );
  }
}
