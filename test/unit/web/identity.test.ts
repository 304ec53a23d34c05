import { type Identity, identityOf, type Keeper, keepIdentity, readIdentity } from "../../../web/src/model/identity";

function keeperOf(kept: Record<string, string> = {}): Keeper {
  const items = new Map(Object.entries(kept));
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

it("takes ways to write one name for one person", () => {
  const people = ["Ada", " ada ", "ADA", "Ａｄａ"].map((typed) => identityOf(typed)?.userId);

  expect(people).toEqual(["ada", "ada", "ada", "ada"]);
});

it.each(["", "   ", "---", "\u0000\u200b"])("takes nothing for a name: %j", (typed) => {
  expect(identityOf(typed)).toBeUndefined();
});

it("makes what the service takes of any text: whole characters, no controls, within its lengths", () => {
  const { userId, username } = identityOf(`a\u0000b\ud800 ${"😀".repeat(100)}`) as Identity;

  expect(username.length).toBeLessThanOrEqual(64);
  expect(userId.length).toBeLessThanOrEqual(128);
  expect([userId, username].every((each) => each.isWellFormed())).toBe(true);
  expect(username).not.toMatch(/\p{Cc}/u);
});

it("leaves an emoji of several parts whole, and hides nothing in a name", () => {
  expect(identityOf("👩‍💻 ❤️‍🔥")?.username).toBe("👩‍💻 ❤️‍🔥");
  expect(identityOf("A\u200dda\u202e")?.username).toBe("A da");
});

it("knows who was here, until they sign out", () => {
  const keeper = keeperOf();
  const ada = identityOf("Ada");
  keepIdentity(keeper, ada);
  expect(readIdentity(keeper)).toEqual(ada);

  keepIdentity(keeper, undefined);
  expect(readIdentity(keeper)).toBeUndefined();
});

it("asks again where something else is kept", () => {
  expect(readIdentity(keeperOf({ "roomful:identity": "{" }))).toBeUndefined();
  expect(readIdentity(keeperOf({ "roomful:identity": '{"username":""}' }))).toBeUndefined();
});
