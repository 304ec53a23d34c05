import { RoomMembers } from "../../../src/access/room-members";
import type { MemberRecord } from "../../../src/repositories/member-repository";

const member = (userId: string, room = "board"): MemberRecord => ({ namespace: "/", room, userId });

function setup() {
  const postgres = { isUp: true, isHanging: false, members: [member("alice")] };
  const inUse: MemberRecord[] = [];
  const removed: MemberRecord[] = [];
  /** How much each query asked for. */
  const queries: number[] = [];
  const away = new Error("Postgres is away");
  const find = async <Answer>(answer: () => Answer): Promise<Answer> => {
    if (postgres.isHanging) {
      throw away;
    }
    return answer();
  };
  const members = new RoomMembers({
    members: {
      findMany: (wanted) =>
        find(() => {
          queries.push(wanted.length);
          return wanted.filter(({ room, userId }) =>
            postgres.members.some((each) => each.room === room && each.userId === userId),
          );
        }),
      roomsOf: (users) =>
        find(() => {
          queries.push(users.length);
          return postgres.members.filter((each) => users.some(({ userId }) => each.userId === userId));
        }),
    },
    isAvailable: () => postgres.isUp,
    isUnavailable: (error) => error === away,
    inUse: () => inUse,
    onRemoved: (each) => removed.push(each),
  });
  return { postgres, inUse, removed, queries, members };
}

it("asks Postgres each time, while it answers", async () => {
  const { postgres, members } = setup();

  expect(await members.has(member("alice"))).toBe(true);
  expect(await members.has(member("bob"))).toBe(false);
  postgres.members = [member("bob")];
  expect(await members.has(member("alice"))).toBe(false);
  expect(await members.has(member("bob"))).toBe(true);
  expect(await members.roomsOf("/", "bob")).toEqual(new Set(["board"]));
});

it("asks once for the joins of a moment, and once for those that come while it asks", async () => {
  const { postgres, queries, members } = setup();
  const users = Array.from({ length: 2_000 }, (_, index) => `user-${index}`);
  postgres.members = users.filter((_, index) => index % 2 === 0).map((userId) => member(userId));

  const first = users.map((userId) => members.has(member(userId)));
  await Promise.resolve();
  await Promise.resolve();
  const second = users.slice(0, 100).map((userId) => members.has(member(userId)));
  const lists = users.slice(0, 100).map((userId) => members.roomsOf("/", userId));

  expect(await Promise.all(first)).toEqual(users.map((_, index) => index % 2 === 0));
  expect(await Promise.all(second)).toEqual(users.slice(0, 100).map((_, index) => index % 2 === 0));
  expect((await Promise.all(lists)).map(({ size }) => size)).toEqual(
    users.slice(0, 100).map((_, index) => Number(index % 2 === 0)),
  );
  expect(queries.toSorted((one, other) => one - other)).toEqual([100, 100, 2_000]);
});

it.each([
  ["known to be away", { isUp: false }],
  ["away, and nobody has noticed", { isHanging: true }],
])("counts who was a member before, and nobody else, while Postgres is %s", async (_how, state) => {
  const { postgres, members } = setup();
  await members.has(member("alice"));
  Object.assign(postgres, state);

  expect(await members.has(member("alice"))).toBe(true);
  await expect(members.has(member("bob"))).rejects.toMatchObject({
    code: "UNAVAILABLE",
    retryAfterMs: expect.any(Number),
  });
});

it("cannot list rooms while Postgres does not answer", async () => {
  const { postgres, members } = setup();
  postgres.isHanging = true;

  await expect(members.roomsOf("/", "alice")).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

it("reports memberships in use that have ended, and knows only those that are left", async () => {
  const { postgres, inUse, removed, members } = setup();
  postgres.members.push(member("bob"));
  await members.has(member("alice"));
  await members.has(member("bob"));
  inUse.push(member("alice"), member("bob"));
  postgres.members = [member("bob")];

  await members.refresh();

  expect(removed).toEqual([member("alice")]);
  postgres.isUp = false;
  expect(await members.has(member("bob"))).toBe(true);
  await expect(members.has(member("alice"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

it("passes on what is not the absence of Postgres", async () => {
  const { members } = setup();
  const bug = new TypeError("a bug");
  jest.spyOn(members["options"].members, "findMany").mockRejectedValue(bug);

  await expect(members.has(member("alice"))).rejects.toBe(bug);
});
