import { type Command, CommanderError } from "commander";

import { createProgram, type Environment } from "../../../src/cli/create-program";

const COMMANDS = [
  "serve",
  "migrate",
  "token",
  "check-config",
  "new-epoch",
  "room",
  "member",
  "revoke",
  "key",
  "redis-prefix",
  "redis-acl",
  "replay",
];

/** Runs the command line as a shell would, and answers what it prints, and what it throws. */
async function run(args: readonly string[], env: Environment = {}) {
  const printed = { out: "", err: "" };
  const program = createProgram(env);
  for (const command of [program, ...program.commands]) {
    capture(command, printed);
  }
  const error: unknown = await program.parseAsync([...args], { from: "user" }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { ...printed, error, exitCode: error instanceof CommanderError ? error.exitCode : undefined };
}

function capture(command: Command, printed: { out: string; err: string }): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => {
      printed.out += text;
    },
    writeErr: (text) => {
      printed.err += text;
    },
  });
}

it("has the commands of the specification, and no other", () => {
  expect(createProgram({}).commands.map((command) => command.name())).toEqual(COMMANDS);
});

it("answers --help with a line for each command, and status 0", async () => {
  const { out, err, exitCode } = await run(["--help"]);

  expect([exitCode, err]).toEqual([0, ""]);
  expect(out).toMatch(/^Usage: roomful /);
  for (const command of COMMANDS) {
    expect(out).toMatch(new RegExp(`^  ${command} .*[a-z]{3}`, "m"));
  }
});

it.each(COMMANDS)("answers %s --help with its usage, and status 0", async (command) => {
  const { out, err, exitCode } = await run([command, "--help"]);

  expect([exitCode, err]).toEqual([0, ""]);
  expect(out).toMatch(new RegExp(`^Usage: roomful ${command} `));
  expect(out).toMatch(/^ {2}-h, --help /m);
});

it.each([
  ["serve", /ROOMFUL_JWT_SECRET|run the service/],
  ["token", /--user <id>[\s\S]*--name <name>[\s\S]*--rooms <patterns\.\.\.>[\s\S]*--ttl <duration>.*\(default: 1h\)/],
  ["room", /--delivery <mode>[\s\S]*"fast", "strict", "default"/],
  ["replay", /--url <url>[\s\S]*--rate <perSecond>[\s\S]*\/dev\/token/],
])("says in %s's help what it takes", async (command, text) => {
  expect((await run([command, "--help"])).out).toMatch(text);
});

it.each([
  ["a command that is not there", ["sevre"], /^error: .*'?serve'?/],
  ["an option that is not there", ["--prot", "3000"], /^error: unknown option '--prot'/],
  ["an argument too many", ["migrate", "now"], /^error: too many arguments for 'migrate'/],
  ["no user", ["token"], /^error: required option '--user <id>' not specified/],
  ["an option without its value", ["token", "--user"], /^error: option '--user <id>' argument missing/],
  ["no room", ["room", "--delivery", "fast"], /^error: missing required argument 'name'/],
  ["no mode", ["room", "general"], /^error: required option '--delivery <mode>' not specified/],
  ["a mode that is not there", ["room", "general", "--delivery", "slow"], /^error: .*'slow' is invalid.*fast, strict/],
  ["no file", ["replay"], /^error: missing required argument 'files'/],
  ["a rate of 0", ["replay", "--rate", "0", "log"], /^error: .*'0' is invalid\. Expected a number above 0\./],
  ["a rate in words", ["replay", "--rate", "fast", "log"], /^error: .*Expected a number above 0\./],
  ["an address that is none", ["replay", "--url", "localhost", "log"], /^error: .*Expected an address such as http:/],
])("refuses %s with a plain sentence and status 1", async (_what, args, text) => {
  const { out, err, exitCode } = await run(args);

  expect([exitCode, out]).toEqual([1, ""]);
  expect(err).toMatch(text);
  expect(err).not.toMatch(/\n\s+at /);
});

it.each([["90"], ["1.5h"], ["0s"], ["-1h"], ["1w"], ["1 h"], ["1000000s"], ["h"], [""]])(
  "refuses a token's --ttl of %j",
  async (ttl) => {
    const { err, exitCode } = await run(["token", "--user", "alice", `--ttl=${ttl}`]);

    expect(exitCode).toBe(1);
    expect(err).toContain("Expected a number and a unit: 90s, 15m, 1h, 7d.");
  },
);

it.each([
  ["token", "--user", "alice"],
  ["check-config"],
  ["migrate"],
  ["new-epoch"],
  ["room", "general", "--delivery", "fast"],
  ["serve"],
  [],
])("throws what is wrong in the environment: roomful %s", async (...args) => {
  const { error, out } = await run(args, { PORT: "http" });

  expect(error).toMatchObject({ name: "ConfigError", faults: ["PORT=http: expected a whole number from 0"] });
  expect(out).toBe("");
});

it.each([
  ["a name that no room has", ["room", "a b"], '"a b" is not a room name: 1 to 64 letters, digits, and . _ : - after'],
  [
    "a namespace that is not served",
    ["room", "general", "--namespace", "/x"],
    '"/x" is not one of the namespaces /, /a',
  ],
])("refuses %s before it asks the database", async (_what, args, message) => {
  const env = { ROOMFUL_NAMESPACES: "/,/a", DATABASE_URL: "postgres://127.0.0.1:1/none" };

  const { error } = await run([...args, "--delivery", "fast"], env);

  expect(error).toEqual(expect.objectContaining({ message: expect.stringContaining(message) }));
});

it("says which service does not answer, before it reads a log", async () => {
  const { error } = await run(["replay", "--url", "http://127.0.0.1:1", "/not/there.txt"]);

  expect(error).toMatchObject({
    message: "No service answers at http://127.0.0.1:1. Start one with `npm start`, or name it with --url.",
    cause: expect.anything(),
  });
});
