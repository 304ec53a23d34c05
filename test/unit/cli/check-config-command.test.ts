import { stripVTControlCharacters } from "node:util";

import { createCheckConfigCommand } from "../../../src/cli/check-config-command";
import type { Environment } from "../../../src/cli/create-program";
import { listOptions } from "../../../src/config/config";

const SECRET = "hunter2-".repeat(5);

afterEach(() => jest.restoreAllMocks());

async function run(env: Environment) {
  const out: string[] = [];
  const err: string[] = [];
  jest.spyOn(console, "log").mockImplementation((text: string) => void out.push(stripVTControlCharacters(text)));
  jest.spyOn(console, "error").mockImplementation((text: string) => void err.push(text));
  await createCheckConfigCommand(env).parseAsync([], { from: "user" });
  /** A variable's cells, its first line of each. */
  const rowOf = (variable: string): string[] | undefined =>
    out
      .join("\n")
      .split("\n")
      .map((line) => line.split("│").map((cell) => cell.trim()))
      .find(([, name]) => name === variable)
      ?.slice(1, -1);
  return { out, err, rowOf };
}

it("shows every variable, and that nothing is wrong", async () => {
  const { out, err, rowOf } = await run({});

  for (const { variable } of listOptions()) {
    expect([variable, rowOf(variable)?.[2]]).toEqual([variable, "default"]);
  }
  expect(out.at(-1)).toBe("The configuration is complete.");
  expect(err).toEqual([]);
});

it("shows what is set, what is not, what it means, and what 0 means", async () => {
  const { rowOf } = await run({ PORT: "8080", ROOMFUL_TRANSPORTS: "websocket", ROOMFUL_LOCALE: " " });

  expect(rowOf("PORT")).toEqual(["PORT", "8080", "set", "Port of HTTP and Socket.IO. 0: any free port."]);
  expect(rowOf("ROOMFUL_TRANSPORTS")?.slice(1, 3)).toEqual(["websocket", "set"]);
  expect(rowOf("ROOMFUL_LOCALE")?.slice(1)).toEqual(["en", "default", "Language of system messages."]);
  expect(rowOf("HOST")?.slice(1, 3)).toEqual(["", "default"]);
});

it("hides secrets, and shows that they are set", async () => {
  const { out, rowOf } = await run({
    ROOMFUL_JWT_SECRET: `${SECRET},${SECRET}new`,
    DATABASE_URL: "postgres://roomful:hunter2@db/roomful",
  });

  expect(rowOf("ROOMFUL_JWT_SECRET")?.slice(1, 3)).toEqual(["(hidden)", "set"]);
  expect(rowOf("DATABASE_URL")?.slice(1, 3)).toEqual(["(hidden)", "set"]);
  expect(rowOf("ROOMFUL_JWT_PUBLIC_KEY")?.slice(1, 3)).toEqual(["", "default"]);
  expect(out.join("\n")).not.toContain("hunter2");
});

it("complains about variables that mean nothing, and about no value of theirs", async () => {
  const { out, err } = await run({ ROOMFUL_JWT_SECRTE: SECRET, PATH: "/bin" });

  expect(err).toEqual(["roomful: ROOMFUL_JWT_SECRTE means nothing here; is it misspelt?"]);
  expect(out.at(-1)).toBe("The configuration is complete.");
});

it("says what the configuration opens", async () => {
  const { out, err } = await run({ HOST: "0.0.0.0" });

  expect(err).toEqual([expect.stringMatching(/^roomful: HOST=0\.0\.0\.0 opens /)]);
  expect(out.at(-1)).toBe("The configuration is complete.");
});

it("throws all faults and shows no table when the service would not start", async () => {
  const log = jest.spyOn(console, "log").mockImplementation(() => {});

  await expect(
    createCheckConfigCommand({ PORT: "x", ROOMFUL_JWT_SECRET: "hunter2" }).parseAsync([], { from: "user" }),
  ).rejects.toMatchObject({
    faults: ["PORT=x: expected a whole number from 0", expect.stringMatching(/^ROOMFUL_JWT_SECRET: [^=]*$/)],
    message: expect.not.stringContaining("hunter2"),
  });
  expect(log).not.toHaveBeenCalled();
});
