import { ROOM_NAME_PATTERN } from "../../../src/contract/names";
import { hashOfRoom, isRoomName, roomOfHash, toRoomName } from "../../../web/src/model/room-name";

const NAMES = [
  "lobby",
  "A",
  "a.b_c:d-e",
  "x".repeat(64),
  "x".repeat(65),
  "",
  ".a",
  "-a",
  "a b",
  "a/b",
  "房间",
  "#a",
  "a\n",
];

it.each(NAMES)("takes the names that the service takes: %j", (name) => {
  expect(isRoomName(name)).toBe(ROOM_NAME_PATTERN.test(name));
});

it("takes a name as people write it", () => {
  expect(toRoomName("  #lobby ")).toBe("lobby");
});

it("finds in an address what it has put there, and no other names", () => {
  expect(roomOfHash(hashOfRoom("a.b:c"))).toBe("a.b:c");
  expect(["", "#", "#lobby", "#/", "#/a b", "#/<img>"].map(roomOfHash)).toEqual(Array(6).fill(undefined));
});
