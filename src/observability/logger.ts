import { type Logger, pino } from "pino";

import type { RoomfulConfig } from "../config/config";

export type { Logger } from "pino";

/** One JSON line an entry, on standard output. Nothing that is logged holds a token or a message's content. */
export function createLogger({ level }: RoomfulConfig["log"]): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}
