import { ApiKeys } from "../../../src/access/api-keys";
import { parseApiKey } from "../../../src/config/api-key";
import { RoomfulError } from "../../../src/contract/roomful-error";

const [FIRST, SECOND] = ["a".repeat(32), "b".repeat(32)];
const keys = new ApiKeys([`one:${FIRST}`, `two:${SECOND}:read:news`].map(parseApiKey));

it("knows whose key it is", () => {
  expect(keys.callerOf(`Bearer ${FIRST}`)).toMatchObject({ name: "one", rooms: undefined });
  expect(keys.callerOf(`bearer  ${SECOND}`)).toMatchObject({ name: "two", scopes: ["read"], rooms: ["news"] });
});

it.each([
  undefined,
  "",
  "Bearer",
  "Bearer ",
  `Bearer ${FIRST}b`,
  `Bearer ${FIRST} `,
  `Basic ${FIRST}`,
  `x Bearer ${FIRST}`,
])("refuses %j", (header) => {
  expect(() => keys.callerOf(header)).toThrow(new RoomfulError("API_KEY_INVALID"));
});

it("knows nobody without keys, nor by the hash of nothing", () => {
  expect(() => new ApiKeys([]).callerOf(`Bearer ${FIRST}`)).toThrow(new RoomfulError("API_KEY_INVALID"));
  const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const open = new ApiKeys([parseApiKey(`x:sha256=${emptyHash}`)]);
  expect(() => open.callerOf("")).toThrow(new RoomfulError("API_KEY_INVALID"));
});
