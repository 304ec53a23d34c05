/**
 * Packs both packages, installs the tarballs beside examples/qa-suite in a temporary folder, where nothing resolves from
 * this repository, and does there what a stranger does: checks types, runs jest, starts the service.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const SUITE = join(ROOT, "examples/qa-suite");
/** After this, something does not end by itself. */
const PATIENCE_MS = 600_000;

/** What a tarball must have, and what it may not have beside its folder of code. */
const CONTENTS = {
  roomful: {
    needed: ["dist/src/main.js", "dist/src/index.d.ts", "dist/src/testing/index.d.ts", "dist/src/publisher/index.d.ts"]
      .concat(["dist/entities/message.js", "dist/client/src/index.js", "dist/web/index.html"])
      .concat(["README.md", "README.zh-CN.md", "CHANGELOG.md", "LICENSE", "package.json"]),
    unwanted: /\.map$|\.test\.|^dist\/(bench|test)\//,
  },
  "roomful-client": {
    needed: ["dist/index.js", "dist/index.mjs", "dist/index.d.ts", "dist/index.d.mts"].concat([
      "dist/types/client/src/index.d.ts",
      "README.md",
      "LICENSE",
      "package.json",
    ]),
    unwanted: /\.test\./,
  },
};

const folder = mkdtempSync(join(tmpdir(), "roomful-qa-suite-"));
// Where this is root's, Postgres runs as another user, out of this folder.
chmodSync(folder, 0o755);
const suite = join(folder, "suite");
const packages = join(suite, "packages");
try {
  cpSync(SUITE, suite, {
    recursive: true,
    filter: (path) => !/qa-suite\/(node_modules|packages|package-lock\.json)/.test(path),
  });
  mkdirSync(packages);

  say("building and packing");
  run("npm", ["pack", ROOT, join(ROOT, "client"), "--pack-destination", packages, "--silent"], ROOT);
  for (const [name, contents] of Object.entries(CONTENTS)) {
    checkContents(name, contents);
  }

  const redisServer = await createRequire(import.meta.url)(
    join(ROOT, "dist/src/testing/redis-binary.js"),
  ).findRedisServer();
  const env = { ...strangersEnvironment(), REDIS_SERVER_BIN: redisServer };

  say("installing into", suite);
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], suite, env);
  say("checking types against the packages' declarations");
  run("npm", ["run", "--silent", "typecheck"], suite, env);
  say("running jest");
  await runJest(env);
  say("starting the service");
  await serve(env);
  say("done");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function say(...words) {
  console.log(`[qa-suite ${performance.now().toFixed(0).padStart(6)} ms]`, ...words);
}

/** Without what npm tells the scripts of this repository, its programs, and settings of Roomful. */
function strangersEnvironment() {
  const names = Object.keys(process.env).filter(
    (name) =>
      !/^(npm_|INIT_CWD$|NODE_|JEST_|ROOMFUL_|DATABASE_URL$|REDIS_|TEST_|PORT$|HOST$)/.test(name) ||
      /^npm_config_(cache|registry|userconfig)$/.test(name),
  );
  const path = (process.env.PATH ?? "").split(delimiter).filter((each) => !each.includes("node_modules"));
  return { ...Object.fromEntries(names.map((name) => [name, process.env[name]])), PATH: path.join(delimiter) };
}

function run(program, args, cwd, env = process.env) {
  execFileSync(program, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"], timeout: PATIENCE_MS });
}

function checkContents(name, { needed, unwanted }) {
  const file = readdirSync(packages).find((each) => new RegExp(`^${name}-\\d`).test(each));
  const tarball = join(packages, file);
  const files = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace("package/", ""));
  say(`${file}: ${files.length} files, ${statSync(tarball).size} bytes`);
  const missing = needed.filter((each) => !files.includes(each));
  const surplus = files.filter((each) => unwanted.test(each));
  if (missing.length + surplus.length > 0) {
    throw new Error(`${file} lacks [${missing.join(", ")}] and should not have [${surplus.join(", ")}]`);
  }
}

/** jest says what it finds open, and ends with 0 all the same; what does not end at all is ended here. */
async function runJest(env) {
  const jest = spawn(process.execPath, ["node_modules/jest/bin/jest.js", "--detectOpenHandles"], {
    ...{ cwd: suite, env, stdio: ["ignore", "inherit", "pipe"], timeout: PATIENCE_MS },
  });
  let output = "";
  jest.stderr.on("data", (chunk) => {
    output += chunk;
    process.stderr.write(chunk);
  });
  const [status, signal] = await once(jest, "close");
  if (status !== 0) {
    throw new Error(`jest ended with ${status ?? signal}`);
  }
  if (output.includes("open handle")) {
    throw new Error("jest found open handles");
  }
}

/** `roomful serve` with nothing set: it must be ready, have its page, and end at SIGTERM with 0. */
async function serve(env) {
  const port = 20_000 + (process.pid % 10_000);
  // What npx runs, and not npx, which ends at the signal before it has ended the service.
  const service = spawn(join(suite, "node_modules/.bin/roomful"), ["serve"], {
    ...{ cwd: suite, env: { ...env, PORT: String(port) }, stdio: ["ignore", "ignore", "inherit"] },
  });
  const exit = once(service, "exit");
  try {
    const url = `http://127.0.0.1:${port}`;
    while (!(await isReady(url))) {
      if (service.exitCode !== null || service.signalCode !== null) {
        throw new Error(`roomful serve ended with ${service.exitCode ?? service.signalCode}`);
      }
      await delay(100);
    }
    const page = await (await fetch(url)).text();
    if (!page.includes("/assets/")) {
      throw new Error(`there is no page at ${url}`);
    }
  } finally {
    service.kill("SIGTERM");
  }
  const [status] = await exit;
  if (status !== 0) {
    throw new Error(`roomful serve ended with ${status} at SIGTERM`);
  }
}

async function isReady(url) {
  return fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}
