import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(__dirname, "../..");
const run = promisify(execFile);

/** The blocks of one language in a file of the repository. */
export function blocksIn(file: string, language: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  return Array.from(
    text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm")),
    ([, code = ""]) => code,
  );
}

/** README's command that publishes a message. */
export function readmeCurl(): string {
  const [command] = blocksIn("README.md", "sh").filter((code) =>
    code.startsWith("curl -X POST http://127.0.0.1:3000/v1"),
  );
  if (command === undefined) {
    throw new Error("README has no curl that publishes");
  }
  return command;
}

/** Runs a command of the docs as it is printed, but for the address; it fails where the service answers with an error. */
export async function runCurl(command: string, server: { url: string; apiKey: string }): Promise<unknown> {
  const code = command.replace("curl ", "curl --silent --fail-with-body ").replace("http://127.0.0.1:3000", server.url);
  const { stdout } = await run("bash", ["-c", code], { env: { ...process.env, ROOMFUL_KEY: server.apiKey } });
  return JSON.parse(stdout);
}
