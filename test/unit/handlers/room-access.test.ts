import type { TokenClaims } from "../../../src/contract/socket-data";
import { createRoomAccess } from "../../../src/handlers/room-access";

function setup(mode: Parameters<typeof createRoomAccess>[0]) {
  const asked: unknown[] = [];
  const mayJoin = createRoomAccess(mode, (patterns, room) => {
    asked.push([patterns, room]);
    return patterns.includes(room);
  });
  const claimsOf = (rooms: readonly string[] | undefined): TokenClaims => ({
    ...{
      userId: "alice",
      username: "alice",
      color: "#3b7dd8",
      expiresAt: 0,
      issuedAt: undefined,
      namespaces: undefined,
      maySend: true,
    },
    rooms,
  });
  return { asked, mayJoin: (rooms: readonly string[] | undefined, room: string) => mayJoin(claimsOf(rooms), room) };
}

it("lets a token without rooms into every room, unless tokens have to name them", () => {
  expect(setup("open").mayJoin(undefined, "general")).toBe(true);
  // Membership is asked for elsewhere.
  expect(setup("members").mayJoin(undefined, "general")).toBe(true);
  expect(setup("token").mayJoin(undefined, "general")).toBe(false);
});

it.each(["open", "token", "members"] as const)("lets a token that names rooms into these only (%s)", (mode) => {
  const { asked, mayJoin } = setup(mode);

  expect(mayJoin(["general", "random"], "random")).toBe(true);
  expect(mayJoin(["general", "random"], "secret")).toBe(false);
  expect(asked).toEqual([
    [["general", "random"], "random"],
    [["general", "random"], "secret"],
  ]);
});

it.each(["open", "token", "members"] as const)("lets a token with an empty list into no room (%s)", (mode) => {
  expect(setup(mode).mayJoin([], "general")).toBe(false);
});
