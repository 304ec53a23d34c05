/**
 * A chat on Socket.IO as people write it: the token is checked by jsonwebtoken in a middleware, rooms are Socket.IO's,
 * a message goes to its room at once and into Postgres with an insert of its own, and its sender is answered after that.
 * It does no more than that: no limits, no repeats, no numbers, no catch-up, and of presence only who came and went.
 *
 * `BENCH_KEY_OBJECT=1`: the secret is made a KeyObject once. Given as a string, jsonwebtoken makes one for each token.
 */
import { createSecretKey, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { type JwtPayload, verify } from "jsonwebtoken";
import { Pool } from "pg";
import { Server } from "socket.io";

import { answerReady, CREATE_CHAT_TABLE, INSERT_MESSAGE, requireVariable, stopOnSignal } from "./peer-process";

type Answer = (reply: { ok: boolean; data?: unknown; error?: { code: string } }) => void;

const secretText = requireVariable("ROOMFUL_JWT_SECRET");
const secret = process.env["BENCH_KEY_OBJECT"] === "1" ? createSecretKey(Buffer.from(secretText)) : secretText;
const pool = new Pool({ connectionString: requireVariable("DATABASE_URL"), max: 10 });
const http = createServer(answerReady);
const io = new Server(http);

io.use((socket, next) => {
  try {
    const { sub, username } = verify(socket.handshake.auth["token"], secret) as JwtPayload;
    socket.data = { userId: sub, username: username ?? sub };
    next();
  } catch (error) {
    next(error as Error);
  }
});

io.on("connection", (socket) => {
  const { userId, username } = socket.data;

  socket.on("join", ({ room }: { room: string }, answer?: Answer) => {
    socket.join(room);
    socket.to(room).emit("user_joined", { room, userId, username });
    answer?.({ ok: true, data: { room, count: io.sockets.adapter.rooms.get(room)?.size ?? 0 } });
  });

  socket.on(
    "message",
    async ({ room, content, id = randomUUID() }: { room: string; content: string; id?: string }, answer?: Answer) => {
      if (!socket.rooms.has(room)) {
        answer?.({ ok: false, error: { code: "NOT_IN_ROOM" } });
        return;
      }
      const createdAt = new Date().toISOString();
      io.to(room).emit("message", { id, room, type: "text", content, userId, username, createdAt });
      try {
        await pool.query(INSERT_MESSAGE, [id, room, userId, username, content, createdAt]);
        answer?.({ ok: true, data: { id, createdAt } });
      } catch (error) {
        console.error(error);
        answer?.({ ok: false, error: { code: "INTERNAL" } });
      }
    },
  );

  socket.on("typing", ({ room, isTyping }: { room: string; isTyping: boolean }) => {
    socket.to(room).emit("typing", { room, userId, username, isTyping });
  });

  socket.on("disconnecting", () => {
    for (const room of socket.rooms) {
      socket.to(room).emit("user_left", { room, userId });
    }
  });
});

stopOnSignal();
pool.query(CREATE_CHAT_TABLE).then(() => http.listen(Number(requireVariable("PORT")), "127.0.0.1"));
