import { describeRedisFault, needsNewConnection, RedisTrouble, refusesWrites } from "../../../src/redis/redis-fault";

it.each([
  ["READONLY You can't write against a read only replica.", /^Redis refuses: READONLY \(this one is a replica/],
  ["ERR READONLY You can't write against a read only replica. script: 5f", /READONLY/],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", /MASTERDOWN/],
  ["LOADING Redis is loading the dataset in memory", /LOADING \(it still reads its data\)/],
  ["NOPERM User roomful has no permissions to run the 'eval' command", /NOPERM .*docs\/redis\.md/],
  ["NOAUTH HELLO must be called with the client already authenticated", /NOAUTH \(it wants a password/],
  ["WRONGPASS invalid username-password pair or user is disabled.", /WRONGPASS/],
  ["CLUSTERDOWN The cluster is down", /CLUSTERDOWN/],
])("names what %j means, and wants another connection", (message, words) => {
  const error = new Error(message);

  expect(describeRedisFault(error)).toMatch(words);
  expect(needsNewConnection(new Error("could not connect", { cause: error }))).toBe(true);
  expect(needsNewConnection(new AggregateError([new Error("x"), error]))).toBe(true);
  expect(refusesWrites(error)).toBe(false);
});

it.each([
  "OOM command not allowed when used memory > 'maxmemory'.",
  "MISCONF Redis is configured to save RDB snapshots",
])("keeps a connection on which only writes are refused: %j", (message) => {
  const error = new Error(message);

  expect([refusesWrites(error), needsNewConnection(error)]).toEqual([true, false]);
  expect(describeRedisFault(error)).toMatch(/^Redis refuses: (OOM|MISCONF) \(/);
});

it.each([
  Object.assign(new Error("write EPROTO"), { code: "EPROTO" }),
  Object.assign(new Error("wrong version number"), { code: "ERR_SSL_WRONG_VERSION_NUMBER" }),
  Object.assign(new Error("self-signed certificate"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
])("says that TLS is the matter: %s", (error) => {
  expect(describeRedisFault(error)).toContain(`Redis: TLS failed: ${error.code}`);
});

it("says of everything else that Redis does not answer, and shows nothing of the address", () => {
  const error = Object.assign(new Error("connect ECONNREFUSED redis://:hunter2@cache"), { code: "ECONNREFUSED" });

  expect(describeRedisFault(error)).toBe("Redis does not answer");
  expect(describeRedisFault("constructor")).toBe("Redis does not answer");
  expect(describeRedisFault(Object.assign(new Error("x"), { code: "constructor" }))).toBe("Redis does not answer");
  expect(describeRedisFault(new RedisTrouble("Redis: what we found"))).toBe("Redis: what we found");
});
