import { RoomMembers } from "../../../src/access/room-members";
import type { MemberRecord } from "../../../src/repositories/member-repository";

const member = (userId: string, room = "board"): MemberRecord => ({ namespace: "/", room, userId });

function setup() {
  const postgres = { isUp: true, isHanging: false, members: [member("alice")] };
  const inUse: MemberRecord[] = [];
  const removed: MemberRecord[] = [];
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
        find(() =>
          wanted.filter(({ room, userId }) =>
            postgres.members.some((each) => each.room === room && each.userId === userId),
          ),
        ),
      roomsOf: (_namespace, userId) =>
        find(() => postgres.members.filter((each) => each.userId === userId).map(({ room }) => room)),
    },
    isAvailable: () => postgres.isUp,
    isUnavailable: (error) => error === away,
    inUse: () => inUse,
    onRemoved: (each) => removed.push(each),
  });
  return { postgres, inUse, removed, members };
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
