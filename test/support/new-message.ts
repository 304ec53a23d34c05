import { randomUUID } from "node:crypto";

import type { NewMessage } from "../../src/repositories/message-repository";

/** A message for the repository; what a test does not care about is filled in. */
export function newMessage(given: Partial<NewMessage> = {}): NewMessage {
  return {
    ...{ namespace: "/", room: "general", id: randomUUID(), userId: "alice", username: "Alice", color: "#123456" },
    ...{ type: "text", content: "hi", replyTo: null, mentions: null, metadata: null, createdAt: new Date() },
    ...given,
  };
}
