import { messageIdOf, requestHashOf } from "../../../../src/http/api/idempotency";

it("makes the same UUIDv5 of the same caller, user and key, for ever", () => {
  const id = messageIdOf("shop", "ada", "order-17");

  expect(id).toBe(messageIdOf("shop", "ada", "order-17"));
  // A repeat may come from a newer version: what is made of a key never changes.
  expect(id).toBe("6bced8e3-d28a-5b9b-9b9c-b90f2ca3c6b5");
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it("makes another of anything else, wherever the one ends and the other begins", () => {
  const ids = [
    messageIdOf("shop", "ada", "order-17"),
    messageIdOf("shop", "ada", "order-18"),
    messageIdOf("shop", "adao", "rder-17"),
    messageIdOf("shopa", "da", "order-17"),
    messageIdOf("till", "ada", "order-17"),
  ];

  expect(new Set(ids).size).toBe(ids.length);
});

it("tells requests apart by what they ask for", () => {
  const hashes = [
    requestHashOf("/", { command: "user_event", userId: "ada" }),
    requestHashOf("/x", { command: "user_event", userId: "ada" }),
    requestHashOf("/", { command: "user_event", userId: "bob" }),
    requestHashOf("/", "setRoom", "ada"),
  ];

  expect(new Set(hashes).size).toBe(hashes.length);
  expect(requestHashOf("/", "a")).toBe(requestHashOf("/", "a"));
});
