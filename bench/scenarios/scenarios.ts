import { connectStorm } from "./connect-storm";
import { fanOut, quiet } from "./fan-out";
import { fanOutPeak } from "./fan-out-peak";
import { httpPublish } from "./http-publish";
import { idleMemory } from "./idle-memory";
import { outbox } from "./outbox";
import { rooms } from "./rooms";
import type { Scenario } from "./scenario";
import { slowReaders } from "./slow-readers";
import { store } from "./store";
import { twoNodes } from "./two-nodes";
import { typingFlood } from "./typing-flood";

/** By the name that they are called by, in the order in which they are compared. */
export const SCENARIOS: Record<string, Scenario> = {
  "fan-out": fanOut,
  "fan-out-peak": fanOutPeak,
  "fan-out-quiet": quiet,
  rooms,
  store,
  "connect-storm": connectStorm,
  "idle-memory": idleMemory,
  "slow-readers": slowReaders,
  "typing-flood": typingFlood,
  "two-nodes": twoNodes,
  "http-publish": httpPublish,
  outbox,
};
