import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { startTestServer } from "../../src/testing";
import { createTestDatabase, makeDataDir } from "../../src/testing/test-database";

const ROOT = join(__dirname, "../..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const run = promisify(execFile);

/** The first block of JavaScript under a heading of README, or behind a text under it. */
function codeUnder(heading: string, behind = ""): string {
  const [, section = ""] = README.split(`\n## ${heading}\n`);
  const [, code = ""] = /```js\n(.*?)```/s.exec(section.slice(section.indexOf(behind))) ?? [];
  return code;
}

it("runs README's ten lines for Node as they are printed, but for the address", async () => {
  const server = await startTestServer();
  try {
    const code = codeUnder("Try it from Node in ten lines");
    expect(code).toContain("http://127.0.0.1:3000");
    const { stdout } = await run(
      process.execPath,
      ["--input-type=module", "-e", code.replace("http://127.0.0.1:3000", server.url)],
      {
        cwd: ROOT,
      },
    );

    expect(stdout).toContain("ada: ada joined the room");
    expect(stdout).toContain("ada: Hello from Node");
    expect(stdout).toMatch(/seq: 1,/);
  } finally {
    await server.close();
  }
});

it("runs README's example of the client SDK as it is printed, but for the address", async () => {
  const server = await startTestServer();
  try {
    const code = codeUnder("Client SDK").replace("http://127.0.0.1:3000", server.url);
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", code], { cwd: ROOT });

    expect(stdout).toContain("Hello from the SDK (sending)");
    expect(stdout).toContain("Hello from the SDK (stored)");
    expect(stdout).toMatch(/^stored as number 1$/m);
  } finally {
    await server.close();
  }
});

it("runs README's example of a test as it is printed", async () => {
  // The same test may run at the same time in the other project.
  const file = join(ROOT, `test/e2e/.readme-example-${process.pid}.test.mjs`);
  await writeFile(file, codeUnder("Testing"));
  try {
    const { stdout } = await run(process.execPath, ["--test", file], { cwd: ROOT });

    expect(stdout).toMatch(/pass 3\b/);
    expect(stdout).toMatch(/fail 0\b/);
  } finally {
    await rm(file);
  }
});

it("runs README's example of embedding as it is printed, but for the port, its data and the end", async () => {
  const database = await createTestDatabase();
  const dataDir = await makeDataDir();
  const data = { url: database.url, dataDir, allowUnsafeDurability: true };
  const code = codeUnder("Embedding")
    .replace("port: 4000", "port: 0")
    .replace("namespaces:", `database: ${JSON.stringify(data)}, log: { level: "silent" }, namespaces:`);
  try {
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", `${code}\nawait roomful.stop();`], {
      cwd: ROOT,
    });

    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+ eyJ/m);
  } finally {
    await rm(dataDir, { recursive: true });
    await database.drop();
  }
});

it("runs README's examples of publishing as they are printed", async () => {
  const server = await startTestServer({ redis: true });
  const env = {
    PATH: process.env["PATH"],
    ROOMFUL_URL: server.url,
    ROOMFUL_API_KEY: server.apiKey,
    DATABASE_URL: server.database,
    REDIS_URL: server.redis?.url,
    ROOMFUL_REDIS_PREFIX: server.redis?.prefix,
  };
  try {
    const bob = await server.connect({ userId: "bob", rooms: ["lobby"] });
    await bob.waitFor("room_state");
    for (const way of ["**Over HTTP.**", "**In your own transaction.**", "**Events through Redis.**"]) {
      const code = codeUnder("Publishing from Node", way);
      expect(code).toContain("roomful/publisher");
      await run(process.execPath, ["--input-type=module", "-e", code], { cwd: ROOT, env });
    }

    for (const seq of [1, 2]) {
      const shown = await bob.waitFor("message", ({ userId }) => userId === "billing");
      expect(shown.content).toBe("Invoice 17 is paid.");
      // Over HTTP it is shown first; out of the outbox it comes with its number.
      expect(shown.seq).toBe(seq === 1 ? undefined : 2);
    }
    await bob.waitFor("price_changed");
    await bob.waitFor("price_changed");
    expect(bob.received("price_changed")).toEqual([{ price: 7 }, { price: 7 }]);
  } finally {
    await server.close();
  }
});
