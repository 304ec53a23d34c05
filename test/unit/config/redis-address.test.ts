import { parseRedisAddress } from "../../../src/config/redis-address";

it.each(["redis://cache", "rediss://user:pass@cache:6380/2"])("leaves the address of one server alone: %s", (url) => {
  expect(parseRedisAddress(url)).toEqual({ kind: "server", url });
});

it("reads Sentinels, the primary's name, and who asks", () => {
  expect(parseRedisAddress("redis-sentinel://a,b:26380,[::1]:26381/main")).toEqual({
    kind: "sentinel",
    sentinels: [
      { host: "a", port: 26_379 },
      { host: "b", port: 26_380 },
      { host: "::1", port: 26_381 },
    ],
    name: "main",
    database: 0,
    isSecure: false,
    credentials: {},
    sentinelCredentials: {},
  });
  expect(
    parseRedisAddress("rediss-sentinel://ada:p%40%2F@a/main/3?sentinelUsername=watch&sentinelPassword=s"),
  ).toMatchObject({
    name: "main",
    database: 3,
    isSecure: true,
    credentials: { username: "ada", password: "p@/" },
    sentinelCredentials: { username: "watch", password: "s" },
  });
  expect(parseRedisAddress("redis-sentinel://:secret@a/main")).toMatchObject({ credentials: { password: "secret" } });
});

it("reads the nodes of a cluster", () => {
  expect(parseRedisAddress("redis-cluster://ada:secret@a,b:7001")).toEqual({
    kind: "cluster",
    nodes: [
      { host: "a", port: 6_379 },
      { host: "b", port: 7_001 },
    ],
    isSecure: false,
    credentials: { username: "ada", password: "secret" },
  });
  expect(parseRedisAddress("rediss-cluster://a")).toMatchObject({ isSecure: true, credentials: {} });
});

it.each([
  "cache",
  "redis-cluster://",
  "redis-cluster://a/1",
  "redis-cluster://a:7000:7001",
  "http://cache",
  "redis-sentinel://a",
  "redis-sentinel://a/",
  "redis-sentinel:///main",
  "redis-sentinel://a,/main",
  "redis-sentinel://a:0/main",
  "redis-sentinel://a:70000/main",
  "redis-sentinel://a/main?password=x",
  "redis-sentinel://:%zz@a/main",
])("refuses %s", (text) => {
  expect(() => parseRedisAddress(text)).toThrow();
});
