/**
 * Takes README's pictures: starts a service of its own, has a team talk in it, and looks. `npm run screenshots`.
 *
 * Needs a Chromium (CHROMIUM_BIN, or /usr/bin/chromium), and fonts for Latin and Chinese to look right: Inter and any
 * of those that `styles/tokens.css` names.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { chromium } from "playwright-core";
import { io } from "socket.io-client";

import { NOW, ROOMS, VIEWER } from "./staged-talk.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const images = process.argv[2] ?? join(root, "docs/images");
const BROWSER_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];
const VIEWS = [
  { file: "light.png", scheme: "light", size: [1280, 800], language: "en", room: "launch" },
  { file: "dark.png", scheme: "dark", size: [1280, 800], language: "en", room: "launch" },
  { file: "phone.png", scheme: "light", size: [390, 780], language: "zh", room: "shanghai", isPhone: true },
];

const dataDir = await mkdtemp(join(tmpdir(), "roomful-screenshots-"));
// Below it the database lies only where its user can go; root makes another for it.
await chmod(dataDir, 0o755);
const url = `http://127.0.0.1:${await freePort()}`;
const service = spawn(process.execPath, [join(root, "dist/src/main.js")], {
  env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: new URL(url).port, ROOMFUL_DATA_DIR: dataDir },
  stdio: ["ignore", "ignore", "inherit"],
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_BIN ?? "/usr/bin/chromium",
  args: BROWSER_ARGS,
});
try {
  await ready();
  const people = await talk();
  // What was said is in memory as long as somebody is there to hear it.
  await everybody(people, "leave");
  await spreadOverMorning();
  await everybody(people, "join");
  for (const view of VIEWS) {
    await take(view, people);
  }
  for (const socket of people.values()) {
    socket.disconnect();
  }
} finally {
  await browser.close();
  service.kill("SIGTERM");
  await once(service, "exit");
  await rm(dataDir, { recursive: true });
}

/** Everybody says their lines, one after the other. */
async function talk() {
  const people = new Map();
  for (const username of new Set(ROOMS.flatMap(({ members }) => members))) {
    people.set(username, await connect(username));
  }
  await everybody(people, "join");
  for (const { name, lines } of ROOMS) {
    for (const [, username, content] of lines) {
      const reply = await people.get(username).emitWithAck("message", { room: name, content });
      if (!reply.ok) {
        throw new Error(`${username} may not speak: ${reply.error.message}`);
      }
    }
  }
  return people;
}

/** Has all members come into their rooms, or leave them. */
async function everybody(people, event) {
  for (const { name, members } of ROOMS) {
    for (const username of members) {
      await people.get(username).emitWithAck(event, { room: name });
    }
  }
}

/** Nobody waits a morning for a picture: what was said in a second gets the times of the staged talk. */
async function spreadOverMorning() {
  const password = await readFile(join(dataDir, "postgres-password"), "utf8");
  const [, , , port] = (await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8")).split("\n");
  const database = new Client({
    host: "127.0.0.1",
    port: Number(port),
    user: "roomful",
    password,
    database: "roomful",
  });
  await database.connect();
  for (const { name, lines } of ROOMS) {
    for (const [index, [time]] of lines.entries()) {
      await database.query(
        `UPDATE messages SET created_at = $1
         WHERE seq = $2 AND room_id = (SELECT id FROM rooms WHERE name = $3 AND namespace = '/')`,
        [todayAt(time), index + 1, name],
      );
    }
  }
  await database.end();
}

function todayAt(time) {
  return new Date(`${new Date().toISOString().slice(0, 10)}T${time}:00Z`);
}

async function connect(username) {
  const response = await fetch(`${url}/dev/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ userId: username.toLowerCase(), username }),
  });
  const socket = io(url, { auth: await response.json(), transports: ["websocket"], forceNew: true });
  await once(socket, "welcome");
  return socket;
}

async function take({ file, scheme, size: [width, height], language, room, isPhone = false }, people) {
  const context = await browser.newContext({
    ...{ viewport: { width, height }, colorScheme: scheme, isMobile: isPhone, hasTouch: isPhone },
    ...{ deviceScaleFactor: isPhone ? 2 : 1.5, timezoneId: "UTC", locale: language },
  });
  // What was read before, so that the rest is new.
  const read = Object.fromEntries(ROOMS.map(({ name, read: count }) => [name, count]));
  const rooms = ROOMS.filter(({ isElsewhere }) => !isElsewhere).map(({ name }) => name);
  await context.addInitScript(
    ([viewer, kept]) => {
      if (localStorage.length === 0) {
        localStorage.setItem("roomful:identity", JSON.stringify({ username: viewer }));
        for (const [key, value] of Object.entries(kept)) {
          localStorage.setItem(key, value);
        }
      }
    },
    [
      VIEWER,
      {
        "roomful:language": language,
        [`roomful:rooms:${VIEWER.toLowerCase()}`]: JSON.stringify(rooms),
        [`roomful:read:${VIEWER.toLowerCase()}`]: JSON.stringify(read),
      },
    ],
  );
  const page = await context.newPage();
  await page.clock.setFixedTime(todayAt(NOW));
  await page.goto(`${url}/#/${room}`);
  await page.locator('[data-connection="connected"][data-room-status="live"]').waitFor();
  const typist = ROOMS.find(({ name }) => name === room).typist;
  await people.get(typist).emitWithAck("typing", { room, isTyping: true });
  await page.locator("[data-typing]:not(:empty)").waitFor();
  // The list of busy rooms is asked for a moment later.
  await delay(800);
  await page.screenshot({ path: join(images, file) });
  await people.get(typist).emitWithAck("typing", { room, isTyping: false });
  await context.close();
}

async function ready() {
  for (;;) {
    const isReady = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) {
      return;
    }
    if (service.exitCode !== null) {
      throw new Error("the service did not start");
    }
    await delay(100);
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
