import { DisconnectNotices } from "../../../src/redis/disconnect-notice";

type Link = ConstructorParameters<typeof DisconnectNotices>[0];

/** Two nodes that hear all that either says, as over Redis. */
function setup() {
  const listeners: ((message: Buffer) => void)[] = [];
  const heard: Record<string, unknown[]> = { a: [], b: [] };
  const publish = (_channel: string, message: Buffer | string): void => {
    for (const listener of listeners) {
      listener(Buffer.from(message));
    }
  };
  const nodes = ["a", "b"].map((nodeId) => {
    const link = {
      nodeId,
      channel: "disconnect",
      publisher: { publish },
      subscriber: { subscribe: (_channel: string, listener: (message: Buffer) => void) => listeners.push(listener) },
    };
    // Of a link, notices use these alone.
    return new DisconnectNotices(link as unknown as Link, (notice) => heard[nodeId]?.push(notice));
  });
  return { nodes, heard, publish };
}

it("tells the others, and not the one who says it", () => {
  const { nodes, heard } = setup();

  nodes[0]?.tell({ namespace: "/", userId: "ada" });

  expect(heard["a"]).toEqual([]);
  expect(heard["b"]).toMatchObject([{ namespace: "/", userId: "ada" }]);
});

it.each([
  "",
  "null",
  "1",
  "[]",
  "{}",
  "{",
  '{"from":"x","namespace":"/"}',
  '{"from":"x","namespace":1,"userId":"ada"}',
])("takes %j for nothing", (message) => {
  const { heard, publish } = setup();

  publish("disconnect", message);

  expect(heard).toEqual({ a: [], b: [] });
});
