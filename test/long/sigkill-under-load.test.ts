import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { systemClock } from "../../src/lifecycle/clock";
import { signToken } from "../../src/middleware/sign-token";
import { freePort } from "../../src/testing/free-port";
import { readTable } from "../../src/testing/room-table";
import { createTestDatabase } from "../../src/testing/test-database";
import { checkContract } from "../support/contract";
import { RetryingSender } from "../support/retrying-sender";
import { ServiceProcess } from "../support/service-process";

const KILLS = 4;
const SENDERS = 12;

it(`keeps what it acknowledged when it is killed ${KILLS} times under ${SENDERS} senders who retry`, async () => {
  const database = await createTestDatabase();
  const secret = randomBytes(48).toString("base64url");
  const service = new ServiceProcess(await freePort(), {
    DATABASE_URL: database.url,
    ROOMFUL_JWT_SECRET: secret,
    ROOMFUL_ALLOW_UNSAFE_DURABILITY: "true",
    ROOMFUL_RATE_LIMITS: "off",
    ROOMFUL_LOG_LEVEL: "error",
  });
  await service.start();
  const senders = Array.from({ length: SENDERS }, (_, index) => {
    const userId = `sender-${index}`;
    const token = signToken(secret, { userId }, systemClock);
    return new RetryingSender({ url: service.url, token, userId, room: `room-${index % 5}` });
  });
  const runs = Promise.all(senders.map((sender) => sender.run()));

  for (let kill = 0; kill < KILLS; kill += 1) {
    // Long enough that every sender got through again, and at another moment of a flush each time.
    const before = senders.map(({ acknowledged }) => acknowledged.length);
    while (senders.some(({ acknowledged }, index) => acknowledged.length < (before[index] ?? 0) + 5)) {
      await delay(10);
    }
    await delay(Math.random() * 25);
    await service.end("SIGKILL");
    await service.start();
  }
  for (const sender of senders) {
    sender.finish();
  }
  await runs;
  const status = await service.end("SIGTERM");

  const acknowledged = senders.flatMap((sender) => sender.acknowledged);
  const table = await readTable(database.url);
  expect(checkContract(acknowledged, table)).toMatchObject({ lost: [], duplicates: [], roomsWithHoles: [] });
  // Every message was sent until it was acknowledged: nothing else is in the table.
  expect(table).toHaveLength(acknowledged.length);
  expect(acknowledged.filter(({ attempts }) => attempts > 1).length).toBeGreaterThan(0);
  expect(status).toBe(0);
  await database.drop();
});
