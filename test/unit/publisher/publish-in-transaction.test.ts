import { publishInTransaction, type TransactionMessage } from "../../../src/publisher";

function setup(state: object = { getTransactionStatus: () => "T" }) {
  const queries: { sql: string; parameters: unknown[] }[] = [];
  const handle = {
    ...state,
    async query(sql: string, parameters: unknown[]) {
      queries.push({ sql, parameters });
    },
  };
  return { handle, queries };
}

const MESSAGE: TransactionMessage = { room: "lobby", userId: "billing", content: "Paid" };

it("writes one row, with what is not given filled in", async () => {
  const { handle, queries } = setup();
  const id = await publishInTransaction(handle, MESSAGE);

  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(queries).toHaveLength(1);
  expect(queries[0]?.parameters).toEqual([
    ...["/", "lobby", id, "billing", "billing", expect.stringMatching(/^#/), "text", "Paid"],
    ...[null, null, null],
  ]);
});

it.each<[string, object, string, string]>([
  ["a room that is none", { room: "r:x y" }, "PAYLOAD_INVALID", "room"],
  ["no content", { content: "" }, "PAYLOAD_INVALID", "content"],
  ["content that is too long", { content: "é".repeat(4_097) }, "PAYLOAD_TOO_LARGE", "content"],
  ["an id that is none", { id: "17" }, "PAYLOAD_INVALID", "id"],
  ["no user", { userId: undefined }, "PAYLOAD_INVALID", "userId"],
  ["the server's own type", { type: "system" }, "PAYLOAD_INVALID", "type"],
  ["metadata that is no object", { metadata: [1] }, "PAYLOAD_INVALID", "metadata"],
  ["a namespace that is none", { namespace: "x" }, "PAYLOAD_INVALID", "namespace"],
  ["a colour that is none", { color: "red" }, "PAYLOAD_INVALID", "color"],
  ["what it does not know", { rom: "lobby" }, "PAYLOAD_INVALID", ""],
])("refuses %s before it writes", async (_what, given, code, path) => {
  const { handle, queries } = setup();
  const refusal = publishInTransaction(handle, { ...MESSAGE, ...given } as TransactionMessage);

  await expect(refusal).rejects.toMatchObject({ code, details: [{ path }] });
  expect(queries).toEqual([]);
});

it("takes other limits", async () => {
  const { handle } = setup();
  const content = "x".repeat(10_000);
  await expect(publishInTransaction(handle, { ...MESSAGE, content })).rejects.toMatchObject({
    code: "PAYLOAD_TOO_LARGE",
  });

  await publishInTransaction(handle, { ...MESSAGE, content }, { limits: { maxContentBytes: 10_000 } });
});

it.each<[string, object, boolean]>([
  ["a client of pg in a transaction", { getTransactionStatus: () => "T" }, true],
  ["one whose transaction has failed: Postgres says so", { getTransactionStatus: () => "E" }, true],
  ["an idle one", { getTransactionStatus: () => "I" }, false],
  ["a new one", { getTransactionStatus: () => null }, false],
  ["a query runner in a transaction", { isTransactionActive: true, manager: {} }, true],
  ["a query runner without one", { isTransactionActive: false, manager: {} }, false],
  ["the manager of a transaction", { queryRunner: { isTransactionActive: true }, transaction() {} }, true],
  ["the manager of a data source", { queryRunner: undefined, transaction() {} }, false],
  ["a pool", { totalCount: 0 }, false],
  ["something that says nothing", {}, true],
])("knows whether %s may be used", async (_what, state, mayBeUsed) => {
  const { handle, queries } = setup(state);
  const done = publishInTransaction(handle, MESSAGE);

  await (mayBeUsed ? done : expect(done).rejects.toThrow(TypeError));
  expect(queries).toHaveLength(Number(mayBeUsed));
});
