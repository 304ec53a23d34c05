import { randomBytes, randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";

import { pongFrame, textFrame } from "./client-frame";
import { FrameWalker } from "./frame-walker";
import { nowUs } from "./now-us";

export interface ClientPlan {
  /** In the handshake's auth. */
  token: string;
  room: string;
  /** Each of its messages is read, for order, doubles, and the latency under this name. */
  sampledAs?: string;
}

/** What clients count together. */
export interface Counters {
  /** Of any kind. */
  frames: number;
  /** Live messages, of all clients. */
  deliveries: number;
  typings: number;
  /** Microseconds from sending to reading, of sampled clients. */
  latenciesUs: Record<string, number[]>;
  /** Microseconds from sending to the acknowledgement. */
  acksUs: number[];
  /** Codes of refusals, and how often each came. */
  refusals: Record<string, number>;
  /** Messages that a sampled client was given twice, or before an earlier one of the same sender. */
  misplaced: number;
  /** Connections that ended and were not meant to. */
  closed: number;
}

const TEXT = 1;
const PING = 9;
const CODE = {
  zero: 0x30,
  two: 0x32,
  three: 0x33,
  four: 0x34,
  m: 0x6d,
  t: 0x74,
};
const CONTENT = Buffer.from('"content":"');
const END_OF_UPGRADE = Buffer.from("\r\n\r\n");
const ACCEPTED = '{"ok":true';

/** Shared by all connections of the process: a read is walked before the next one happens. */
const READ_BUFFER = Buffer.alloc(256 * 1024);

/**
 * One client on a raw connection: Engine.IO 4 and Socket.IO 5 by hand, since `socket.io-client` would be the bottleneck.
 *
 * What it says: `{"token"}` at the handshake, `join`, `message` and `typing`. Live messages are told apart by
 * the first bytes of their frames, and read only where the client is sampled.
 */
export class LoadClient {
  /** Live messages since the counters began anew. */
  messages = 0;
  unanswered = 0;
  isSending = false;
  private socket: Socket | undefined;
  private readonly walker: FrameWalker;
  private isUpgraded = false;
  private upgrade = Buffer.alloc(0);
  private isConnected = false;
  private isClosing = false;
  private nextAck = 0;
  private current = 0;
  private readonly awaited = new Map<number, { atUs: number; answered?: ((text: string) => void) | undefined }>();
  /** Newest message number of each sender. */
  private readonly newest = new Map<string, number>();
  private onJoined: ((error?: Error) => void) | undefined;

  constructor(
    readonly name: string,
    readonly plan: ClientPlan,
    private readonly counters: Counters,
    /** An acknowledgement of a message has come. */
    private readonly onAnswer: (client: LoadClient) => void,
  ) {
    this.walker = new FrameWalker({
      onFrame: (opcode, bytes, at, length) => this.frame(opcode, bytes, at, length),
      onPayload: (bytes, start, end) => this.payload(bytes, start, end),
    });
  }

  /** Connects, and resolves in the room. */
  join(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onJoined = (error) => {
        this.onJoined = undefined;
        error ? reject(error) : resolve();
      };
      const socket = connect({
        ...{ host, port, noDelay: true },
        onread: {
          buffer: READ_BUFFER,
          callback: (length, buffer) => {
            this.read(buffer as Buffer, length);
            return true;
          },
        },
      });
      this.socket = socket;
      socket.once("connect", () => socket.write(upgradeRequest(host, port)));
      socket.on("error", () => {
        // "close" follows.
      });
      socket.once("close", () => this.ended());
    });
  }

  /** Sends one message; where `isAnswered`, its acknowledgement is waited for and timed. */
  sendMessage(number: number, bytes: number, isAnswered: boolean): void {
    const atUs = nowUs();
    const content = `${atUs} ${this.name} ${number} `.padEnd(bytes, "x");
    const { room } = this.plan;
    const event = `["message",{"room":"${room}","content":"${content}","id":"${randomUUID()}"}]`;
    this.socket?.write(textFrame(isAnswered ? `42${this.expectAnswer(atUs)}${event}` : `42${event}`));
  }

  sendTyping(isTyping: boolean): void {
    this.socket?.write(textFrame(`42["typing",{"room":"${this.plan.room}","isTyping":${isTyping}}]`));
  }

  /** Stops reading: the kernel's buffers fill, and then the server's. */
  stall(): void {
    this.socket?.pause();
  }

  close(): void {
    this.isClosing = true;
    this.socket?.destroy();
  }

  resetCounters(): void {
    this.messages = 0;
  }

  private expectAnswer(atUs: number, answered?: (text: string) => void): number {
    const id = this.nextAck;
    this.nextAck += 1;
    this.awaited.set(id, { atUs, answered });
    if (!answered) {
      this.unanswered += 1;
    }
    return id;
  }

  private read(bytes: Buffer, length: number): void {
    try {
      this.walker.push(bytes, this.isUpgraded ? 0 : this.readUpgrade(bytes, length), length);
    } catch (error) {
      this.onJoined?.(error as Error);
      this.socket?.destroy(error as Error);
    }
  }

  /** Answers where the frames begin. */
  private readUpgrade(bytes: Buffer, length: number): number {
    const before = this.upgrade.length;
    this.upgrade = Buffer.concat([this.upgrade, bytes.subarray(0, length)]);
    const end = this.upgrade.indexOf(END_OF_UPGRADE);
    if (end < 0) {
      return length;
    }
    const status = this.upgrade.toString("latin1", 0, this.upgrade.indexOf("\r\n"));
    if (!status.includes(" 101 ")) {
      throw new Error(`no upgrade: ${status}`);
    }
    this.isUpgraded = true;
    this.upgrade = Buffer.alloc(0);
    return end + END_OF_UPGRADE.length - before;
  }

  private frame(opcode: number, bytes: Buffer, at: number, length: number): boolean {
    this.current = opcode;
    this.counters.frames += 1;
    if (opcode !== TEXT) {
      return opcode === PING;
    }
    const first = bytes[at];
    if (first === CODE.four && bytes[at + 1] === CODE.two && length > 4) {
      // An event: 42["message",...
      const kind = bytes[at + 4];
      if (kind === CODE.m) {
        if (this.plan.sampledAs !== undefined) {
          return true;
        }
        this.countMessage();
        return false;
      }
      this.counters.typings += kind === CODE.t ? 1 : 0;
      return false;
    }
    if (first === CODE.two) {
      this.socket?.write(PONG);
      return false;
    }
    return first === CODE.zero || first === CODE.four;
  }

  private payload(bytes: Buffer, start: number, end: number): void {
    if (this.current === PING) {
      this.socket?.write(pongFrame(Buffer.from(bytes.subarray(start, end))));
      return;
    }
    if (bytes[start + 1] === CODE.two && bytes[start] === CODE.four) {
      this.sampledMessage(bytes, start, end);
      return;
    }
    const text = bytes.toString("utf8", start, end);
    if (text.startsWith("0")) {
      this.socket?.write(textFrame(`40${JSON.stringify({ token: this.plan.token })}`));
    } else if (text.startsWith("40") && !this.isConnected) {
      this.isConnected = true;
      const id = this.expectAnswer(nowUs(), (reply) => {
        this.onJoined?.(reply.startsWith(ACCEPTED, 1) ? undefined : new Error(`join was refused: ${reply}`));
      });
      this.socket?.write(textFrame(`42${id}["join",{"room":"${this.plan.room}"}]`));
    } else if (text.startsWith("43")) {
      this.answered(text);
    } else if (text.startsWith("44")) {
      this.onJoined?.(new Error(`connect was refused: ${text}`));
    }
  }

  private countMessage(): void {
    this.messages += 1;
    this.counters.deliveries += 1;
  }

  private sampledMessage(bytes: Buffer, start: number, end: number): void {
    const at = bytes.subarray(start, end).indexOf(CONTENT);
    const content = bytes.toString("latin1", start + at + CONTENT.length, Math.min(end, start + at + 80));
    const [sentUs = "", sender = "", number = ""] = content.split(" ", 3);
    if (at < 0 || !(Number(sentUs) > 0)) {
      // A system message: somebody joined or left.
      return;
    }
    this.countMessage();
    const { latenciesUs } = this.counters;
    const group = this.plan.sampledAs ?? "";
    latenciesUs[group] ??= [];
    latenciesUs[group].push(nowUs() - Number(sentUs));
    if (Number(number) <= (this.newest.get(sender) ?? -1)) {
      this.counters.misplaced += 1;
    }
    this.newest.set(sender, Number(number));
  }

  private answered(text: string): void {
    const bracket = text.indexOf("[");
    const id = Number(text.slice(2, bracket));
    const awaited = this.awaited.get(id);
    if (!awaited) {
      return;
    }
    this.awaited.delete(id);
    if (awaited.answered) {
      awaited.answered(text.slice(bracket));
      return;
    }
    this.unanswered -= 1;
    if (text.startsWith(ACCEPTED, bracket + 1)) {
      this.counters.acksUs.push(nowUs() - awaited.atUs);
    } else {
      const code = /"code":"(\w+)"/.exec(text)?.[1] ?? "no code";
      this.counters.refusals[code] = (this.counters.refusals[code] ?? 0) + 1;
    }
    this.onAnswer(this);
  }

  private ended(): void {
    if (!this.isClosing) {
      this.counters.closed += 1;
      this.onJoined?.(new Error("the connection ended before it was in the room"));
    }
  }
}

const PONG = textFrame("3");

function upgradeRequest(host: string, port: number): string {
  return [
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
    `Host: ${host}:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    "\r\n",
  ].join("\r\n");
}
