import { createHash } from "node:crypto";

import { findApiKeyFaults, parseApiKey } from "../../../src/config/api-key";

const KEY = "k".repeat(32);
const HASH = createHash("sha256").update(KEY).digest();
const ALL = ["publish", "read", "admin"];

it.each([
  [KEY, { name: `key-${HASH.toString("hex").slice(0, 8)}`, scopes: ALL, rooms: undefined }],
  [`shop:${KEY}`, { name: "shop", scopes: ALL, rooms: undefined }],
  [`shop:sha256=${HASH.toString("hex")}`, { name: "shop", scopes: ALL, rooms: undefined }],
  [`shop:${KEY}:publish+read`, { name: "shop", scopes: ["publish", "read"], rooms: undefined }],
  [`shop:${KEY}:*:chat-*|news`, { name: "shop", scopes: ALL, rooms: ["chat-*", "news"] }],
  [`shop:${KEY}:read:team:*|a:b:c`, { name: "shop", scopes: ["read"], rooms: ["team:*", "a:b:c"] }],
  [`shop:${KEY}:read:news|*`, { name: "shop", scopes: ["read"], rooms: undefined }],
])("reads an entry, and keeps the hash of its key: %s", (entry, expected) => {
  expect(parseApiKey(entry)).toEqual({ ...expected, hash: HASH });
});

it.each([
  ["a short key", "k".repeat(31)],
  ["a short key with a name", `shop:${"k".repeat(31)}`],
  ["a hash that is none", `shop:sha256=${"x".repeat(64)}`],
  ["a hash in upper case", `shop:sha256=${HASH.toString("hex").toUpperCase()}`],
  ["a key with a space", `${"k".repeat(32)} k`],
  ["no name where there is a colon", `:${KEY}`],
  ["a name with a space", `my shop:${KEY}`],
  ["an unknown scope", `shop:${KEY}:write`],
  ["no scope", `shop:${KEY}:`],
  ["no room", `shop:${KEY}:read:`],
  ["a room that no name can fit", `shop:${KEY}:read:a/b`],
  ["an empty pattern", `shop:${KEY}:read:a||b`],
])("refuses %s, and shows nothing of it", (_what, entry) => {
  const [fault = ""] = findApiKeyFaults([entry]);

  expect(fault).toMatch(/^ROOMFUL_API_KEYS, entry 1=\(hidden\): expected /);
  expect(fault).not.toContain("kkk");
});

it("lets several keys have one name, and no key stand there twice", () => {
  expect(findApiKeyFaults([`shop:${KEY}`, `shop:${"l".repeat(32)}`])).toEqual([]);
  expect(findApiKeyFaults([KEY, `shop:sha256=${HASH.toString("hex")}`])).toEqual([
    "ROOMFUL_API_KEYS, entry 2=(hidden): the same key stands there twice",
  ]);
});
