import { createSystemMessage, type SystemMessageOptions } from "../../../src/presence/system-message";
import { userOf } from "../../support/suites/presence-store-suite";

const messageOf = (options: Partial<SystemMessageOptions> = {}) =>
  createSystemMessage({
    ...{ room: "general", user: userOf("alice", "Alice"), step: "joined", locale: "en", template: undefined },
    ...{ id: "0190f1f0-0000-7000-8000-000000000001", createdAt: new Date("2026-01-02T03:04:05.678Z"), tip: 41 },
    ...options,
  });

it("is a live message of the server, about the user", () => {
  expect(messageOf()).toStrictEqual({
    ...{ id: "0190f1f0-0000-7000-8000-000000000001", room: "general", type: "system" },
    ...{ userId: "alice", username: "Alice", color: "#3b7dd8" },
    ...{ content: "Alice joined the room", createdAt: "2026-01-02T03:04:05.678Z", tip: 41 },
  });
});

it.each([
  ["en", "joined", "Alice joined the room"],
  ["en", "left", "Alice left the room"],
  ["zh", "joined", "Alice 加入了房间"],
  ["zh", "left", "Alice 离开了房间"],
] as const)("says in %s that somebody %s", (locale, step, content) => {
  expect(messageOf({ locale, step }).content).toBe(content);
});

it.each([
  ["Welcome, {username}!", "Welcome, Alice!"],
  ["{username}, {username}", "Alice, Alice"],
  ["somebody came", "somebody came"],
  ["{user} {Username}", "{user} {Username}"],
])("follows a template of its own, whatever the locale: %s", (template, content) => {
  expect(messageOf({ locale: "zh", template }).content).toBe(content);
});

it.each(["$&", "$1 $$ $`$'", "{username}", "\\0", "张伟😀"])("takes a name as it is: %s", (username) => {
  expect(messageOf({ user: userOf("alice", username) }).content).toBe(`${username} joined the room`);
});
