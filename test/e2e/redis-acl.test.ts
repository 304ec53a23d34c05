import { readFileSync } from "node:fs";
import { join } from "node:path";

import { createProgram } from "../../src/cli/create-program";
import { redisAclRules } from "../../src/redis/redis-acl";
import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { RedisServer } from "../../src/testing/redis-server";
import { callApi } from "../support/api-client";
import { readMetric } from "../support/metrics";

const PREFIX = "chat:eu";

let redis: RedisServer;
let server: TestServer;

beforeAll(async () => {
  redis = await RedisServer.start();
  await redis.ask("ACL", "SETUSER", "node", "on", ">secret", ...redisAclRules(PREFIX, ["/", "/support"]));
  // What is refused is in the log of refusals.
  await redis.ask("ACL", "LOG", "RESET");
  const url = redis.url.replace("//", "//node:secret@");
  server = await startTestServer({
    nodes: 2,
    redis: false,
    config: { namespaces: ["/", "/support"], redis: { url, prefix: PREFIX } },
  });
});
afterAll(async () => {
  await server?.close();
  await redis.stop();
});

it("is enough for all that a node does", async () => {
  const [here, there] = server.nodes;
  const ada = (await here?.connect({ userId: "ada", rooms: ["hall"] })) as TestClient;
  await ada.waitFor("room_state");
  const bob = (await there?.connect({ userId: "bob", rooms: ["hall"] })) as TestClient;
  await bob.waitFor("room_state");
  await ada.waitFor("user_joined", ({ userId }) => userId === "bob");
  const { id } = await ada.call("message", { room: "hall", content: "hi" });
  await bob.waitFor("message", (message) => message.id === id);
  expect(await bob.call("presence", { room: "hall" })).toMatchObject({ count: 2, partial: false });
  expect((await bob.call("rooms", {})).rooms).toEqual([expect.objectContaining({ room: "hall", count: 2 })]);
  await callApi(server, "DELETE", "/v1/users/bob/connections");
  await bob.waitFor("closing");
  const back = await here?.connect({ userId: "bob", lastSocketId: bob.welcome.socketId });
  expect(back?.welcome.lastDisconnect).toMatchObject({ code: "DISCONNECTED" });
  await callApi(server, "POST", "/v1/users/eve/revoke");
  await callApi(server, "PUT", "/v1/rooms/hall", { body: { delivery: "strict" } });
  await there?.drain();
  expect(await readMetric(server, "roomful_redis_up")).toBe(1);

  expect(await redis.ask("ACL", "LOG")).toEqual([]);
});

it("is not enough for another deployment's names, or for the server", async () => {
  const rules = redisAclRules(PREFIX, ["/"]);
  expect(rules).not.toContain("allkeys");
  for (const command of [
    ["PUBLISH", "chat:us:access", "changed"],
    ["PUBLISH", "chat:eu2:access", "changed"],
    ["GET", "{chat:us}:presence:nodes"],
    ["CONFIG", "GET", "*"],
    ["FLUSHALL"],
    ["KEYS", "*"],
    ["CLIENT", "LIST"],
    ["REPLICAOF", "NO", "ONE"],
  ]) {
    expect(await redis.ask("ACL", "DRYRUN", "node", ...command)).toMatch(/no permissions/);
  }
});

it("is what the command prints, and what docs/redis.md shows", async () => {
  const printed = jest.spyOn(console, "log").mockImplementation(() => {});
  const env = { DATABASE_URL: server.database, ROOMFUL_JWT_SECRET: "s".repeat(40), ROOMFUL_REDIS_PREFIX: PREFIX };
  await createProgram(env).parseAsync(["redis-acl"], { from: "user" });
  const [[line] = []] = printed.mock.calls;
  printed.mockRestore();

  expect(line).toBe(redisAclRules(PREFIX, ["/"]).join(" "));
  const docs = readFileSync(join(__dirname, "../../docs/redis.md"), "utf8");
  expect(docs).toContain(redisAclRules("roomful:5b1c70e9a4d2", ["/"]).join(" "));
});
