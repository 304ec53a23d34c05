import { keeperBelow } from "../../../web/src/model/page-keeper";

function setup() {
  const kept = new Map<string, string>();
  const keeper = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  return { kept, chat: keeperBelow("/chat", keeper), root: keeperBelow("", keeper) };
}

it("keeps the pages of one origin apart", () => {
  const { chat, root } = setup();

  chat.setItem("roomful:identity", "ada");
  root.setItem("roomful:identity", "bob");
  root.removeItem("roomful:identity");

  expect([chat.getItem("roomful:identity"), root.getItem("roomful:identity")]).toEqual(["ada", null]);
});

it("keeps what a page at the root has kept so far", () => {
  const { kept, root } = setup();

  root.setItem("roomful:identity", "bob");

  expect([...kept]).toEqual([["roomful:identity", "bob"]]);
});

it("knows its own keys again, and no others", () => {
  const { chat, root } = setup();

  expect(chat.keyOf("/chatroomful:identity")).toBe("roomful:identity");
  expect(chat.keyOf("roomful:identity")).toBeUndefined();
  expect(root.keyOf("roomful:identity")).toBe("roomful:identity");
});
