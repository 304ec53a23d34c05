import { createConfig } from "../../src";
import { type ApiRoute, createApiRoutes } from "../../src/contract/api-routes";
import { createOpenApi } from "../../src/http/documents/openapi";
import { startTestServer, type TestServer } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";
import { callApi, checkProblem } from "../support/api-client";
import { bytesOf, mutate, type WrittenRequest } from "../support/mutated-request";
import { createRandom } from "../support/random";
import { sendRaw } from "../support/raw-request";
import { tries } from "../support/tries";

/** By hand: `ROOMFUL_TEST_MUTATIONS=20000 npx jest --config test/jest.config.js test/e2e/http-mutated.test.ts`. */
const COUNT = Number(process.env["ROOMFUL_TEST_MUTATIONS"] ?? tries({ few: 400, many: 1_500 }));
const SEED = Number(process.env["ROOMFUL_TEST_SEED"] ?? 5);
const AT_ONCE = 64;
/** Not how fast it must be: after this it counts as never. */
const ANSWER_TIMEOUT_MS = 100_000;

const { limits } = createConfig();
const ROUTES: ApiRoute[] = Object.values(createApiRoutes(limits));
const { paths } = createOpenApi(limits) as { paths: Record<string, Record<string, { responses: object }>> };
/** What is answered where there is no route, or no request. */
const WITHOUT_ROUTE = [400, 404, 408, 413, 415];

/** What the operation names that these bytes ask for, but for the status that says that we have a bug. */
function documentedFor(bytes: Buffer): number[] {
  const [line = ""] = bytes.toString("latin1").split("\r\n");
  const [method = "", target = ""] = line.split(" ");
  const path = target.split(/[?#]/)[0] ?? "";
  const named = Object.entries(paths).find(
    ([template, methods]) =>
      new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]*")}$`).test(path) && methods[method.toLowerCase()],
  )?.[1][method.toLowerCase()];
  const statuses = Object.keys(named?.responses ?? {}).map(Number);
  return [...statuses.filter((status) => status !== 500), ...(named ? [] : WITHOUT_ROUTE)];
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it(
  `answers ${COUNT} mutated requests with what is documented, and goes on`,
  async () => {
    const random = createRandom(SEED);
    const counts = new Map<number | "none", number>();
    let sent = 0;

    async function sendSome(): Promise<void> {
      while (sent < COUNT) {
        sent += 1;
        const request = mutate(exampleOf(ROUTES[sent % ROUTES.length] as ApiRoute), random);
        const bytes = bytesOf(request, random);
        const response = await inTime(sendRaw(server.directUrl, bytes), bytes);
        counts.set(response?.status ?? "none", (counts.get(response?.status ?? "none") ?? 0) + 1);
        await checkAnswer(response, bytes);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, sendSome));

    if (process.env["ROOMFUL_TEST_MUTATIONS"]) {
      console.log(`${COUNT} mutated requests, seed ${SEED}:`, Object.fromEntries(counts));
    }
    // Some still mean something, most do not.
    expect(counts.get(201)).toBeGreaterThan(0);
    expect(counts.get(202)).toBeGreaterThan(0);
    expect(counts.get(400)).toBeGreaterThan(COUNT / 5);
    // What follows is answered as ever, and the numbers have no hole.
    const { status } = await callApi(server, "POST", "/v1/rooms/after/messages", {
      body: { userId: "bot", content: "x" },
    });
    expect(status).toBe(201);
    const next = new Map<string, number>();
    for (const { room, namespace, seq } of await readTable(server.database)) {
      const key = `${namespace} ${room}`;
      expect(seq).toBe((next.get(key) ?? 0) + 1);
      next.set(key, seq);
    }
  },
  60_000 + COUNT * 30,
);

function exampleOf({ method, example }: ApiRoute): WrittenRequest {
  return {
    method,
    path: example.path,
    headers: {
      authorization: `Bearer ${server.apiKey}`,
      ...(example.body !== undefined && { "content-type": "application/json" }),
    },
    body: example.body === undefined ? undefined : JSON.stringify(example.body),
  };
}

async function checkAnswer(response: Response | undefined, bytes: Buffer): Promise<void> {
  const asText = bytes.toString("latin1").slice(0, 1_000);
  if (!response) {
    throw new Error(`there was no answer to ${asText}`);
  }
  if (!documentedFor(bytes).includes(response.status)) {
    throw new Error(`${response.status} is not documented; it was answered to ${asText}`);
  }
  if (response.status >= 400) {
    const text = await response.text();
    try {
      checkProblem(response, JSON.parse(text));
    } catch (cause) {
      throw new Error(`${response.status} came with ${text || "nothing"}; it was answered to ${asText}`, { cause });
    }
  }
}

async function inTime<Value>(answer: Promise<Value>, bytes: Buffer): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `no answer came in time to ${bytes.toString("latin1").slice(0, 1_000)}`;
    timer = setTimeout(() => reject(new Error(message)), ANSWER_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
