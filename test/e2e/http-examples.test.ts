import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";

import { startTestServer, type TestServer } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";
import { blocksIn, readmeCurl, runCurl } from "../support/docs-examples";

const run = promisify(execFile);
const hasPython = spawnSync("python3", ["--version"]).status === 0;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it("publishes with README's curl into a room that a client sees", async () => {
  const ada = await server.connect({ userId: "ada" });
  await ada.call("join", { room: "lobby" });

  const answer = await runCurl(readmeCurl(), server);

  expect(answer).toMatchObject({ seq: 1, duplicate: false });
  expect(await ada.waitFor("message", ({ userId }) => userId === "billing")).toMatchObject({
    content: "Invoice 17 is paid.",
  });
  expect(await runCurl(readmeCurl(), server)).toEqual({ ...(answer as object), duplicate: true });
});

it("makes a key as README does, which the service takes", async () => {
  const [command = ""] = blocksIn("README.md", "sh").filter((code) => code.includes("ROOMFUL_API_KEYS=$ROOMFUL_KEY"));
  const [exported = ""] = command.split("\n");
  const { stdout } = await run("bash", ["-c", `${exported}\necho "$ROOMFUL_KEY"`]);

  const other = await startTestServer({ database: server.database, config: { http: { apiKeys: [stdout.trim()] } } });
  const headers = { authorization: `Bearer ${stdout.trim()}` };
  expect((await fetch(new URL("/v1/rooms", other.url), { headers })).status).toBe(200);
  await other.close();
});

it("runs every curl of docs/http-api.md", async () => {
  const commands = blocksIn("docs/http-api.md", "sh");
  expect(commands.length).toBeGreaterThan(7);

  for (const command of commands) {
    const answer = await runCurl(command, server);
    const { results = [] } = answer as { results?: { ok: boolean }[] };
    expect([command, results.filter(({ ok }) => !ok)]).toEqual([command, []]);
  }
  const contents = (await readTable(server.database))
    .filter(({ room }) => room === "orders")
    .map(({ content }) => content);
  expect(contents).toEqual(["Order 17 is paid.", "Order 18 is paid."]);
});

if (hasPython) {
  it("runs the Python example of docs/http-api.md, twice", async () => {
    const [code = ""] = blocksIn("docs/http-api.md", "python");
    const env = { ...process.env, ROOMFUL_KEY: server.apiKey, ROOMFUL_URL: server.url, PYTHONIOENCODING: "utf8" };

    const first = await run("python3", ["-c", code], { env });
    const again = await run("python3", ["-c", code], { env });

    const [seq = ""] = first.stdout.split(" ");
    expect(first.stdout).toMatch(/^\d+ False\n$/);
    expect(again.stdout).toBe(`${seq} True\n`);
    const table = await readTable(server.database);
    expect(table.filter(({ content }) => content === "Order 19 is paid. 🎉")).toHaveLength(1);
  });
} else {
  it("has no python3 here: the Python example of docs/http-api.md was NOT run", () => {
    console.warn("python3 is not installed: the Python example of docs/http-api.md was NOT run.");
    expect(blocksIn("docs/http-api.md", "python")).toHaveLength(1);
  });
}
