import { once } from "node:events";
import { WebSocket } from "ws";

export interface CountingReaderOptions {
  url: string;
  token: string;
  room: string;
  /** Each live message's frame, as it comes. */
  onMessage?: (frame: string) => void;
}

const MESSAGE_PREFIX = `42["message",`;
const TYPING_PREFIX = `42["typing",`;

/** A member of a room who counts what comes and keeps nothing, so that many of them cost little. */
export class CountingReader {
  messages = 0;
  typings = 0;
  /** Of all frames. */
  bytes = 0;
  private constructor(readonly ws: WebSocket) {}

  /** Resolves when it is in the room. */
  static async join({ url, token, room, onMessage }: CountingReaderOptions): Promise<CountingReader> {
    const ws = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    const reader = new CountingReader(ws);
    await once(ws, "open");
    ws.send(`40${JSON.stringify({ token, rooms: [room] })}`);
    await new Promise<void>((resolve) => {
      ws.on("message", (data) => {
        const frame = String(data);
        reader.bytes += frame.length;
        if (frame === "2") {
          ws.send("3");
        } else if (frame.startsWith(`42["room_state"`)) {
          resolve();
        } else if (frame.startsWith(MESSAGE_PREFIX) && !frame.includes(`"type":"system"`)) {
          reader.messages += 1;
          onMessage?.(frame);
        } else if (frame.startsWith(TYPING_PREFIX)) {
          reader.typings += 1;
        }
      });
    });
    return reader;
  }
}
