import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const ROOT = process.cwd();
const DIST = join(ROOT, "client/dist");
const MAX_GZIPPED_BYTES = 6 * 1_024;

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, "client/build.mjs")], { stdio: "pipe" });
});

it("is at most 6 KB beside socket.io-client, as an app's bundler makes it small", () => {
  // In a process of its own: jest cannot load what is ESM only.
  const minify = `import { minifySync } from "rolldown/utils";
    import { readFileSync } from "node:fs";
    const { code } = minifySync("index.mjs", readFileSync(${JSON.stringify(join(DIST, "index.mjs"))}, "utf8"), { module: true });
    process.stdout.write(code);`;
  const code = execFileSync(process.execPath, ["--input-type=module", "-e", minify], { cwd: ROOT });

  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(MAX_GZIPPED_BYTES);
});

it("imports socket.io-client and nothing else", () => {
  const imports = [...readFileSync(join(DIST, "index.mjs"), "utf8").matchAll(/^import .* from "(.*)";$/gm)];
  const requires = [...readFileSync(join(DIST, "index.js"), "utf8").matchAll(/require\("(.*)"\)/g)];

  expect(imports.map(([, name]) => name)).toEqual(["socket.io-client"]);
  expect(requires.map(([, name]) => name)).toEqual(["socket.io-client"]);
});

it("can be imported and required by a stranger, whose types it satisfies", () => {
  const project = mkdtempSync(join(tmpdir(), "roomful-client-"));
  try {
    const pack = ["pack", "--pack-destination", project, "--ignore-scripts", "--json"];
    const [{ filename }] = JSON.parse(
      execFileSync("npm", pack, { cwd: join(ROOT, "client"), encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
    ) as [{ filename: string }];
    const modules = join(project, "node_modules");
    mkdirSync(join(modules, "roomful-client"), { recursive: true });
    execFileSync("tar", [
      "-xzf",
      join(project, filename),
      "-C",
      join(modules, "roomful-client"),
      "--strip-components=1",
    ]);
    // What npm would install beside it.
    symlinkSync(join(ROOT, "node_modules/socket.io-client"), join(modules, "socket.io-client"));
    writeFileSync(
      join(project, "app.mts"),
      `import { createClient, type Room, type RoomMessage } from "roomful-client";
       const room: Room = createClient({ url: "http://127.0.0.1:9", token: "t" }).room("lobby");
       const messages: readonly RoomMessage[] = room.messages;
       const seq: Promise<number> = room.send("hi", { metadata: { a: [1, null] } }).then((sent) => sent.seq);
       // @ts-expect-error: the types are real
       const wrong: string = room.lastSeq;
       export { messages, seq, wrong };`,
    );
    writeFileSync(
      join(project, "app.cts"),
      `import { RoomfulClientError } from "roomful-client";
       export const code: string = new RoomfulClientError({ code: "DRAINING", message: "", retryable: true }).code;`,
    );
    const options = { strict: true, module: "node20", noEmit: true, types: [], lib: ["es2022", "dom"] };
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, files: ["app.mts", "app.cts"] }),
    );
    execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", project], {
      stdio: "inherit",
    });
    for (const [type, load] of [
      ["module", 'const { createClient } = await import("roomful-client");'],
      ["commonjs", 'const { createClient } = require("roomful-client");'],
    ] as const) {
      const script = `${load} process.stdout.write(typeof createClient)`;
      const args = [`--input-type=${type}`, "-e", script];
      expect(execFileSync(process.execPath, args, { cwd: project, encoding: "utf8" })).toBe("function");
    }
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
});
