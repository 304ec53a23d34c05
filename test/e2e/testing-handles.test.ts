import { execFile } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { makeDataDir } from "../../src/testing/test-database";

const run = promisify(execFile);
/** Not how fast it must be: after this it counts as never. */
const PATIENCE_MS = 120_000;
const ROOT = join(__dirname, "../..");

/** Everything that the kit has, in a program that does not end itself: what is left open would keep it alive. */
const PROGRAM = `
  const { startTestServer } = require("roomful/testing");
  (async () => {
    const server = await startTestServer({ nodes: 2 });
    const [here, there] = server.nodes;
    const [alice, bob] = [await here.connect({ userId: "alice", rooms: ["a"] }), await there.connect({ userId: "bob", rooms: ["a"] })];
    await Promise.all([alice.waitFor("room_state"), bob.waitFor("room_state")]);
    await alice.call("message", { room: "a", content: "hi" });
    await server.expectRoomConsistent("a");
    const line = await here.net.line();
    line.cut();
    await there.kill();
    await there.restart();
    await server.tokens.revoke("carol");
    await server.clock.advance(60_000);
    // Left as they are: close ends them.
    here.net.slow(60_000);
    bob.net.hold();
    await server.redis.down();
    server.postgres.pause();
    await server.close();
    console.log("closed");
  })();`;

it.each([
  ["a Postgres of the tests' own", process.env["ROOMFUL_TEST_POSTGRES_URL"]],
  ["one that the server brings", ""],
])(
  "ends by itself and leaves no process and no file, with %s",
  async (_what, postgresUrl) => {
    // Whatever it starts has this folder in its arguments.
    const folder = await makeDataDir();
    const env = { ...process.env, ROOMFUL_TEST_POSTGRES_URL: postgresUrl, TMPDIR: folder };
    try {
      const { stdout } = await run(process.execPath, ["-e", PROGRAM], { cwd: ROOT, env, timeout: PATIENCE_MS });

      expect(stdout).toBe("closed\n");
      const { stdout: processes } = await run("ps", ["-axo", "args"]);
      expect(processes.split("\n").filter((line) => line.includes(folder))).toEqual([]);
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  PATIENCE_MS + 30_000,
);
