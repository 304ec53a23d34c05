import type { FastifyInstance } from "fastify";
import { z } from "zod";

import { RoomfulError } from "../contract/roomful-error";

export interface DevelopmentRoutesOptions {
  /** Signs a token for anybody who asks. */
  signToken(claims: { userId: string; username?: string }): string;
}

const bodySchema = z.strictObject({
  userId: z.string().min(1).max(128),
  username: z.string().min(1).max(64).optional(),
});

/** What makes the first minutes easy, and has no place in production: tokens for anybody, and a page to try them. */
export function addDevelopmentRoutes(app: FastifyInstance, { signToken }: DevelopmentRoutesOptions): void {
  app.post("/dev/token", (request) => {
    const body = bodySchema.safeParse(request.body);
    if (!body.success) {
      throw new RoomfulError("PAYLOAD_INVALID", {
        details: body.error.issues.map(({ path }) => ({
          path: path.join("."),
          problem: "is missing, unknown or of a wrong kind",
        })),
      });
    }
    const { userId, username } = body.data;
    return { token: signToken({ userId, ...(username !== undefined && { username }) }) };
  });

  app.get("/", (_request, reply) => reply.type("text/html; charset=utf-8").send(START_PAGE));
}

/** The same lines as in README, "Try it from a browser's console". */
const CONSOLE_LINES = `const { io } = await import("/socket.io/socket.io.esm.min.js");
const name = "guest-" + Math.random().toString(36).slice(2, 6);
const { token } = await (await fetch("/dev/token", { method: "POST",
  headers: { "content-type": "application/json" }, body: JSON.stringify({ userId: name }) })).json();
const socket = io({ auth: { token } });
socket.on("message", (m) => console.log(m.username + ": " + m.content));
console.log(await socket.emitWithAck("join", { room: "lobby" }));
console.log(await socket.emitWithAck("message", { room: "lobby", content: "Hello from " + name }));`;

const START_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Roomful</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
  body { max-width: 46rem; margin: 10vh auto; padding: 0 1.5rem; }
  h1 { font-size: 2.2rem; margin: 0; letter-spacing: -0.02em; }
  pre { padding: 1rem; overflow-x: auto; border-radius: 0.6rem; background: color-mix(in srgb, currentColor 8%, transparent); font-size: 0.85rem; }
  a { color: inherit; }
</style>
<h1>Roomful</h1>
<p>The service is up. Open this page twice, open the browser's console on both, and paste:</p>
<pre>${CONSOLE_LINES.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")}</pre>
<p>Each says hello to the other in the room <b>lobby</b>. Health: <a href="/readyz">/readyz</a>, numbers: <a href="/metrics">/metrics</a>.</p>
</html>
`;
