import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { Parser } from "@asyncapi/parser";

import { serverEventSchemas } from "../../src/contract/event-schemas";
import { startTestServer, type TestServer } from "../../src/testing";
import { callApi } from "../support/api-client";
import { appendElsewhere } from "../support/append-elsewhere";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const read = async (path: string) => {
  const response = await fetch(new URL(path, server.url));
  return { response, text: await response.text() };
};
const readJson = async <Document>(path: string) => JSON.parse((await read(path)).text) as Document;

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  example?: string | number;
}
interface Operation {
  operationId: string;
  parameters: Parameter[];
  requestBody?: { content: { "application/json": { example: unknown } } };
  responses: Record<string, object>;
}
interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

/** What a validator of OpenAPI documents says. */
async function validate(document: object): Promise<{ valid: boolean }> {
  const child = spawn(process.execPath, [join(__dirname, "../support/check-openapi.mjs")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(document));
  return JSON.parse(await textOf(child.stdout));
}

it("serves an OpenAPI 3.1 document that is one", async () => {
  const document = await readJson<OpenApi>("/openapi.json");

  expect(await validate(document)).toEqual({ valid: true });
  expect(document.openapi).toBe("3.1.0");
});

it("finds what is wrong with a document, with the same tool", async () => {
  const document = await readJson<OpenApi>("/openapi.json");

  const broken = { ...document, paths: { "/x": { get: { responses: [] } } } };

  expect(await validate(broken)).toMatchObject({ valid: false });
});

it("serves an AsyncAPI 3 document that is one", async () => {
  const { text } = await read("/asyncapi.json");

  const { document, diagnostics } = await new Parser().parse(text);

  expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([]);
  expect(document?.version()).toBe("3.0.0");
  const broken = await new Parser().parse(text.replace('"action":"receive"', '"action":"listen"'));
  expect(broken.diagnostics.filter(({ severity }) => severity === 0)).not.toEqual([]);
});

it("names every route that the service has, and no other", async () => {
  const { paths } = await readJson<OpenApi>("/openapi.json");

  for (const [path, methods] of Object.entries(paths)) {
    for (const method of ["get", "post", "put", "delete"]) {
      const response = await fetch(new URL(path.replaceAll(/\{\w+\}/g, "x"), server.url), { method });
      // Without a key: 401 where there is a route.
      expect([path, method, response.status]).toEqual([path, method, method in methods ? 401 : 404]);
    }
  }
});

it("answers each of its examples with the success that it names", async () => {
  const { paths } = await readJson<OpenApi>("/openapi.json");
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  expect(operations).toHaveLength(14);

  for (const { path, method, operation } of operations) {
    const url = new URL(path, "http://localhost");
    for (const { name, in: place, example } of operation.parameters) {
      if (example !== undefined && place === "path") {
        url.pathname = url.pathname.replace(encodeURI(`{${name}}`), encodeURIComponent(example));
      } else if (example !== undefined) {
        url.searchParams.set(name, String(example));
      }
    }
    const body = operation.requestBody?.content["application/json"].example;
    // Held against the schema of its answer too.
    const { status } = await callApi(server, method.toUpperCase(), url.pathname + url.search, { body });
    expect([operation.operationId, Object.keys(operation.responses)]).toEqual([
      operation.operationId,
      expect.arrayContaining([String(status)]),
    ]);
    expect(status).toBeLessThan(300);
  }
});

it("sends what the AsyncAPI document says", async () => {
  const ada = await server.connect({ userId: "ada", rooms: ["documented"] });
  const heard: [string, unknown][] = [["welcome", ada.welcome]];
  ada.socket.onAny((event: string, payload: unknown) => heard.push([event, payload]));
  await ada.waitFor("room_state");
  const bob = await server.connect({ userId: "bob" });
  await bob.call("join", { room: "documented" });
  // Stored in another room by a node that this one does not hear: shown here, and taken back.
  const id = randomUUID();
  await appendElsewhere(server.database, { room: "elsewhere", userId: "bob", id, content: "hm" });
  await bob.emitWithAck("message", { room: "documented", id, content: "hm" });
  await bob.call("message", { room: "documented", content: "hi", metadata: { a: [1] }, mentions: ["ada"] });
  await bob.call("message", { room: "documented", content: "hm", replyTo: 1 });
  await bob.call("typing", { room: "documented", isTyping: true });
  await bob.call("leave", { room: "documented" });
  await ada.waitFor("user_left");
  await ada.waitFor("stored");
  const gone = ada.disconnected();
  await callApi(server, "DELETE", "/v1/users/ada/connections");
  await gone;

  const kinds = new Set(heard.map(([event]) => event));
  expect([...kinds].toSorted()).toEqual(
    [
      "closing",
      "message",
      "retracted",
      "room_state",
      "stored",
      "typing",
      "user_joined",
      "user_left",
      "welcome",
    ].toSorted(),
  );
  for (const [event, payload] of heard) {
    const result = serverEventSchemas[event as keyof typeof serverEventSchemas].safeParse(payload);
    expect([event, result.error?.issues]).toEqual([event, undefined]);
  }
});

it("shows both on a page that loads and runs nothing from elsewhere", async () => {
  const { response, text } = await read("/docs");

  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'self';/);
  expect(text).not.toMatch(/<script|\son\w+=|style=|src=/);
  const links = Array.from(text.matchAll(/(?:href)="([^"]+)"/g), ([, href]) => href ?? "");
  const ids = new Set(Array.from(text.matchAll(/ id="([^"]+)"/g), ([, id]) => id));
  expect(links.filter((href) => href.startsWith("#") && !ids.has(href.slice(1)))).toEqual([]);
  const local = [...new Set(links.filter((href) => !href.startsWith("#")))];
  expect(local.toSorted()).toEqual(["asyncapi.json", "docs/style.css", "openapi.json"]);
  expect((await read("/docs/style.css")).response.headers.get("content-type")).toBe("text/css; charset=utf-8");
  expect(text).toContain("curl -X POST &#39;http".replaceAll("&#39;", "'"));
});
