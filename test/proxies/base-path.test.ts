import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { io, type Socket } from "socket.io-client";

import { createPublisher } from "../../src/publisher";
import { startTestServer, type TestServer, until } from "../../src/testing";
import { startDeployedNginx, underBasePath } from "../support/nginx";
import type { ProgramProcess } from "../support/program-process";
import { connectSdk } from "../support/sdk-client";

const BASE_PATH = "/chat";
let server: TestServer;
let nginx: ProgramProcess;
let origin: string;
let url: string;
const closing: (() => void)[] = [];

beforeAll(async () => {
  // In development: the page and its tokens are served, too.
  server = await startTestServer({ config: { mode: "development", http: { basePath: BASE_PATH } } });
  nginx = await startDeployedNginx([server.directUrl], underBasePath);
  origin = `http://127.0.0.1:${nginx.port}`;
  url = origin + BASE_PATH;
});

afterAll(async () => {
  for (const close of closing) {
    close();
  }
  await nginx?.stop();
  await server?.close();
});

async function connect(userId: string, transport: "websocket" | "polling", path: string): Promise<Socket> {
  const token = await server.tokens.mint({ userId });
  const socket = io(origin, { path, auth: { token }, transports: [transport], forceNew: true, reconnection: false });
  closing.push(() => socket.disconnect());
  await new Promise((resolve, reject) => {
    socket.once("welcome", resolve);
    socket.once("connect_error", reject);
  });
  return socket;
}

function sdkOf(userId: string, transports: ("websocket" | "polling")[]) {
  const client = connectSdk({ url, tokens: server.tokens }, userId, { transports });
  closing.push(() => client.close());
  return client;
}

describe("sockets", () => {
  it.each(["websocket", "polling"] as const)("connect by %s where the path is handed on", async (transport) => {
    const socket = await connect("alice", transport, `${BASE_PATH}/socket.io`);

    expect(await socket.emitWithAck("join", { room: transport })).toMatchObject({ ok: true });
  });

  it("do not connect without the path", async () => {
    await expect(connect("alice", "polling", "/socket.io")).rejects.toMatchObject({ description: 404 });
  });
});

describe("the SDK", () => {
  it.each([
    ["websocket", ["websocket"]],
    ["polling", ["polling"]],
  ] as const)("finds the sockets by %s from an address with a path", async (_name, transports) => {
    const room = sdkOf("alice", [...transports]).room(`sdk-${transports[0]}`);

    await until(room, ({ status }) => status === "live");

    expect(await room.send("hi")).toMatchObject({ seq: 1 });
  });
});

it("takes the publisher's messages", async () => {
  const publisher = createPublisher({ url, apiKey: server.apiKey });

  expect(await publisher.publish("news", { userId: "bot", content: "hi" })).toMatchObject({ seq: 1 });
});

describe("the page", () => {
  it("is served with all of its files, which it names from where it is", async () => {
    const page = await fetch(`${url}/`);
    const names = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name ?? "");

    expect(page.status).toBe(200);
    expect(names.length).toBeGreaterThanOrEqual(3);
    for (const name of names) {
      expect([name, (await fetch(new URL(name, page.url))).status]).toEqual([name, 200]);
    }
  });

  it("leads to its slash, from which its files are named", async () => {
    const node = await fetch(server.directUrl, { redirect: "manual" });

    expect((await fetch(url)).url).toBe(`${url}/`);
    // Where no proxy has done so before.
    expect([node.status, node.headers.get("location")]).toEqual([308, `${BASE_PATH}/`]);
  });

  it("gets its token beside it", async () => {
    const response = await fetch(`${url}/dev/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ userId: "ada" }),
    });

    expect(await response.json()).toEqual({ token: expect.any(String) });
  });
});

describe("the documents", () => {
  const read = async (path: string) => (await fetch(url + path)).json() as Promise<Record<string, unknown>>;

  it("say where the API and the sockets are", async () => {
    expect((await read("/openapi.json"))["servers"]).toEqual([{ url: BASE_PATH }]);
    expect((await read("/asyncapi.json"))["servers"]).toMatchObject({
      socketio: { pathname: `${BASE_PATH}/socket.io/` },
    });
  });

  it("are linked and styled from where they are, and show whole addresses", async () => {
    const page = await fetch(`${url}/docs`);
    const text = await page.text();
    const names = [...text.matchAll(/href="([^"#]+)"/g)].map(([, name]) => name ?? "");

    expect(names.length).toBeGreaterThanOrEqual(3);
    for (const name of names) {
      expect([name, (await fetch(new URL(name, page.url))).status]).toEqual([name, 200]);
    }
    expect(text).toContain("http://127.0.0.1:3000/chat/v1/batch");
    expect(text).not.toMatch(/3000\/v1/);
  });
});

it("keeps health and metrics out of the path, which a proxy makes public, and at the node's root", async () => {
  const node = new URL(server.directUrl).origin;

  for (const path of ["/livez", "/readyz", "/metrics"]) {
    const statuses = [(await fetch(url + path)).status, (await fetch(origin + path)).status];
    expect([path, ...statuses, (await fetch(node + path)).status]).toEqual([path, 404, 404, 200]);
  }
});

it("answers nothing else outside of the path", async () => {
  const node = new URL(server.directUrl).origin;

  for (const path of [
    "/",
    "/v1/rooms",
    "/docs",
    "/openapi.json",
    "/dev/token",
    "/socket.io/",
    "/chatter/",
    "/chat%2Fdocs",
  ]) {
    expect([path, (await fetch(node + path)).status]).toEqual([path, 404]);
  }
});

it("takes `roomful replay` by its address", async () => {
  const folder = mkdtempSync(join(tmpdir(), "roomful-replay-"));
  try {
    const log = join(folder, "day.txt");
    writeFileSync(log, "[10:00] <ada> hello\n[10:01] <bob> hi\n");
    const main = join(process.cwd(), "dist/src/main.js");
    const { PATH, HOME } = process.env;
    const child = spawn(process.execPath, [main, "replay", "--url", url, log], {
      env: { PATH, HOME },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [output, [status]] = await Promise.all([textOf(child.stdout), once(child, "exit")]);

    expect(status).toBe(0);
    expect(output).toContain("Nothing is missing");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
