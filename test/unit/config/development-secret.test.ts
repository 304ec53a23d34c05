import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { transformFile } from "@swc/core";

let compiled: string;
let folder: string;

beforeAll(async () => {
  // For another process: in jest, what Node's own modules throw is no `Error` of the test's world.
  compiled = await mkdtemp(join(tmpdir(), "roomful-secret-"));
  for (const name of ["development-secret", "own-folder"]) {
    const { code } = await transformFile(join(__dirname, `../../../src/config/${name}.ts`));
    await writeFile(join(compiled, `${name}.js`), code);
  }
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomful-secret-"));
});
afterEach(() => rm(folder, { recursive: true }));
afterAll(() => rm(compiled, { recursive: true }));

/** What a new process gets when it asks for the secrets of some folders, all at the same moment. */
async function secretsOf(...folders: string[]): Promise<string[]> {
  const script = `
    const { developmentSecret } = require(${JSON.stringify(join(compiled, "development-secret.js"))});
    Promise.all(${JSON.stringify(folders)}.map(developmentSecret)).then(
      (secrets) => console.log(JSON.stringify(secrets)),
      (error) => console.log(JSON.stringify(["failed with " + error.code])),
    );`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", script]);
  return JSON.parse(stdout);
}

it("is long enough to be configured as a secret", async () => {
  const [secret = ""] = await secretsOf(folder);

  expect(Buffer.byteLength(secret)).toBeGreaterThanOrEqual(32);
});

it("is made once, and read from then on", async () => {
  const first = await secretsOf(folder);

  expect(await secretsOf(folder)).toEqual(first);
  expect([await readFile(join(folder, "development-secret"), "utf8")]).toEqual(first);
  expect(await readdir(folder)).toEqual(["development-secret"]);
});

it("is another one in another folder", async () => {
  const [first, second] = await secretsOf(join(folder, "a"), join(folder, "b"));

  expect(first).not.toBe(second);
});

it("can be read by its owner alone", async () => {
  await secretsOf(folder);

  const { mode } = await stat(join(folder, "development-secret"));
  expect((mode & 0o777).toString(8)).toBe("600");
});

it("makes the data folder, and those above it", async () => {
  const dataDir = join(folder, "not", "there", "yet");

  const secrets = await secretsOf(dataDir);

  expect([await readFile(join(dataDir, "development-secret"), "utf8")]).toEqual(secrets);
});

it("is the same for all that ask at the same moment", async () => {
  const dataDir = join(folder, "new");

  const secrets = await secretsOf(...Array<string>(20).fill(dataDir));

  expect(secrets).toHaveLength(20);
  expect(new Set(secrets)).toEqual(new Set([await readFile(join(dataDir, "development-secret"), "utf8")]));
});

it("is the same for processes that start at the same moment", async () => {
  const [[first], [second]] = (await Promise.all([secretsOf(folder), secretsOf(folder)])) as [[string], [string]];

  expect(first).toMatch(/^[\w-]{43,}$/);
  expect(second).toBe(first);
});

it("takes a secret that somebody has put there, without the line's end", async () => {
  await writeFile(join(folder, "development-secret"), `${"x".repeat(40)}\n`);

  expect(await secretsOf(folder)).toEqual(["x".repeat(40)]);
});

it("throws what keeps it from being made or read", async () => {
  await writeFile(join(folder, "file"), "");
  await mkdir(join(folder, "data", "development-secret"), { recursive: true });

  expect(await secretsOf(join(folder, "file"))).toEqual(["failed with EEXIST"]);
  expect(await secretsOf(join(folder, "file", "below"))).toEqual(["failed with ENOTDIR"]);
  expect(await secretsOf(join(folder, "data"))).toEqual(["failed with EISDIR"]);
});

it("is not taken when it is empty: anybody could sign with it", async () => {
  await writeFile(join(folder, "development-secret"), "\n");

  expect((await secretsOf(folder))[0]).toContain("failed");
});
