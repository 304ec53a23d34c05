import { createKeyCommand } from "../../../src/cli/key-command";
import { parseApiKey } from "../../../src/config/api-key";

afterEach(() => jest.restoreAllMocks());

async function run(...args: string[]): Promise<{ key: string; entry: string }> {
  const lines: string[] = [];
  jest.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  jest.spyOn(console, "error").mockImplementation(() => {});
  await createKeyCommand().exitOverride().parseAsync(args, { from: "user" });
  const [key = "", entry = ""] = lines.map((line) => line.split(/ +/)[1] ?? "");
  return { key, entry };
}

it("prints a key, and an entry of its hash that the service reads", async () => {
  const { key, entry } = await run("--name", "shop", "--scopes", "publish", "read", "--rooms", "chat-*", "news");

  expect(key).toMatch(/^rk_[\w-]{43}$/);
  expect(entry).not.toContain(key);
  expect(parseApiKey(entry)).toEqual({
    ...{ name: "shop", scopes: ["publish", "read"], rooms: ["chat-*", "news"] },
    hash: parseApiKey(key).hash,
  });
});

it("makes a key of everything when nothing else is said, and another one each time", async () => {
  const first = await run("--name", "shop");
  const second = await run("--name", "shop");

  expect(parseApiKey(first.entry)).toMatchObject({ scopes: ["publish", "read", "admin"], rooms: undefined });
  expect(first.key).not.toBe(second.key);
});

it.each([[["--name", "my shop"]], [["--name", "shop", "--rooms", "a b"]], [["--name", "shop", "--scopes", "write"]]])(
  "refuses %j",
  async (args) => {
    await expect(run(...args)).rejects.toThrow();
  },
);
