import { chmod, chown, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeOwnFolder } from "../../../src/config/own-folder";

/** Nobody in particular. */
const STRANGER = 54_321;
let shared: string;

beforeEach(async () => {
  shared = await mkdtemp(join(tmpdir(), "roomful-own-folder-"));
  await chmod(shared, 0o1777);
});
afterEach(() => rm(shared, { recursive: true }));

/** Looks at a folder as a process would that is not its owner's. */
async function makeAsStranger(path: string, owned: string): Promise<void> {
  if (process.getuid?.() === 0) {
    // Root owns everything that a test of root makes: the folder has to be given away.
    await chown(owned, STRANGER, STRANGER);
    return makeOwnFolder(path);
  }
  return makeOwnFolder(path, STRANGER);
}

it("makes folders, with those above them, and takes them again", async () => {
  const path = join(shared, "a", "b", "c");

  await makeOwnFolder(path);
  await makeOwnFolder(path);

  expect(await readdir(join(shared, "a", "b"))).toEqual(["c"]);
});

it("takes no folder that somebody else made where everybody may", async () => {
  await mkdir(join(shared, "first"));

  await expect(makeAsStranger(join(shared, "first"), join(shared, "first"))).rejects.toThrow(/is user \d+'s/);
});

it("makes nothing in such a folder", async () => {
  await mkdir(join(shared, "first"));

  await expect(makeAsStranger(join(shared, "first", "data"), join(shared, "first"))).rejects.toThrow(/is user \d+'s/);
  expect(await readdir(join(shared, "first"))).toEqual([]);
});

it("takes folders of others where only they may make them", async () => {
  await mkdir(join(shared, "private", "project"), { recursive: true });
  if (process.getuid?.() === 0) {
    await chown(join(shared, "private", "project"), STRANGER, STRANGER);
  }

  await expect(makeOwnFolder(join(shared, "private", "project", "data"))).resolves.toBeUndefined();
});

it("follows no link that stands where everybody may make one", async () => {
  await mkdir(join(shared, "theirs"));
  await symlink(join(shared, "theirs"), join(shared, "link"));

  await expect(makeOwnFolder(join(shared, "link"))).rejects.toThrow("is a link");
  await expect(makeOwnFolder(join(shared, "link", "data"))).rejects.toThrow("is a link");
  expect(await readdir(join(shared, "theirs"))).toEqual([]);
});

it("follows a link of ours, and looks at where it leads", async () => {
  await mkdir(join(shared, "ours"));
  await mkdir(join(shared, "target"));
  await symlink(join(shared, "target"), join(shared, "ours", "link"));

  await expect(makeOwnFolder(join(shared, "ours", "link"))).resolves.toBeUndefined();

  await expect(makeAsStranger(join(shared, "ours", "link"), join(shared, "target"))).rejects.toThrow(/is user \d+'s/);
});

it("takes no folder that everybody may write in", async () => {
  await mkdir(join(shared, "open"));
  await chmod(join(shared, "open"), 0o777);

  await expect(makeOwnFolder(join(shared, "open"))).rejects.toThrow("Everybody may write");
});

it("throws what else keeps the folder from being there", async () => {
  await expect(makeOwnFolder("/dev/null/data")).rejects.toMatchObject({ code: "ENOTDIR" });
});
