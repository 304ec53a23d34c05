import { systemClock } from "../../../client/src/clock";
import { createRoomPresence } from "../../../client/src/room-presence";

const userOf = (userId: string) => ({ userId, username: userId, color: "#123456" });
const change = { room: "big", joined: [userOf("new")], left: ["gone"], count: 300 };

function presenceOf(...userIds: string[]) {
  const presence = createRoomPresence(systemClock, () => {});
  presence.replace({ users: userIds.map(userOf), count: 300 });
  return presence;
}

it("puts a change into what it knows", () => {
  const presence = presenceOf("here", "gone");

  presence.applyChange(change);

  expect(presence.state).toMatchObject({ members: [userOf("here"), userOf("new")], memberCount: 300 });
});

it("names nobody who may be gone after a change that was cut", () => {
  const presence = presenceOf("perhaps", "gone");

  presence.applyChange({ ...change, truncated: true });

  expect(presence.state).toMatchObject({ members: [userOf("new")], memberCount: 300 });
});
