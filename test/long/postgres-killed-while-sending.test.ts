import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { EmbeddedPostgres } from "../../src/database/embedded-postgres";
import { startTestServer } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";
import { makeDataDir } from "../../src/testing/test-database";
import { checkContract } from "../support/contract";
import { readMetric } from "../support/metrics";
import { RetryingSender } from "../support/retrying-sender";

const KILLS = 3;

it("goes on delivering while Postgres is dead, and loses nothing when it is back", async () => {
  const dataDir = await makeDataDir();
  const postgres = new EmbeddedPostgres({ dataDir });
  await postgres.start();
  const server = await startTestServer({ database: postgres.url });
  const reader = await server.connect({ userId: "reader", rooms: ["a", "b"] });
  const senders = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const userId = `sender-${index}`;
      const token = await server.tokens.mint({ userId });
      return new RetryingSender({
        url: server.url,
        token,
        userId,
        room: index % 2 ? "a" : "b",
        answerTimeoutMs: 10_000,
      });
    }),
  );
  const runs = Promise.all(senders.map((sender) => sender.run()));

  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = senders.map(({ acknowledged }) => acknowledged.length);
    while (senders.some(({ acknowledged }, index) => acknowledged.length < (before[index] ?? 0) + 5)) {
      await delay(10);
    }
    process.kill(postgres.pid, "SIGKILL");
    // Shown at once, though nothing can be stored; each sender waits for its answer, so this one is new.
    const probe = await server.connect({ userId: `probe-${kill}`, rooms: ["a"] });
    await probe.waitFor("room_state");
    const answer = probe.emitWithAck("message", { room: "a", content: `while dead ${kill}` });
    const live = await reader.waitFor("message", ({ content }) => content === `while dead ${kill}`);
    expect(live.seq).toBeUndefined();
    expect(await answer).toMatchObject({ ok: true });
  }
  for (const sender of senders) {
    sender.finish();
  }
  await runs;
  await server.settled();
  await reader.fence();

  const table = await readTable(postgres.url);
  const acknowledged = senders.flatMap((sender) => sender.acknowledged);
  expect(checkContract(acknowledged, table)).toMatchObject({ lost: [], duplicates: [], roomsWithHoles: [] });
  expect(table).toHaveLength(acknowledged.length + KILLS);
  // Live delivery was whole, and each number was announced.
  const shown = reader.received("message").filter(({ type }) => type === "text");
  expect(shown.map(({ id }) => id).toSorted()).toEqual(table.map(({ id }) => id).toSorted());
  expect(reader.received("retracted")).toEqual([]);
  const [admitted, stored] = [
    await readMetric(server, "roomful_messages_admitted_total"),
    await readMetric(server, "roomful_messages_stored_total"),
  ];
  expect([admitted, stored]).toEqual([table.length, table.length]);
  await server.close();
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
});
