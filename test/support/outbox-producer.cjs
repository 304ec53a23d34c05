/**
 * A program that publishes in transactions of its own until it is killed: test/long/producer-killed.test.ts.
 *
 * Each transaction writes the ids of its messages into `produced` too, so that the table says which of them were
 * committed. A third of the transactions is rolled back.
 */
const { randomUUID } = require("node:crypto");
const { setTimeout: delay } = require("node:timers/promises");
const { Client } = require("pg");
const { publishInTransaction } = require("roomful/publisher");

const { DATABASE_URL, CONNECTIONS, ROOMS } = process.env;

async function produce(userId) {
  const client = new Client({ connectionString: DATABASE_URL });
  await client.connect();
  for (let count = 0; ; count += 1) {
    await client.query("BEGIN");
    const isKept = Math.random() > 1 / 3;
    for (let part = 0; part <= Math.random() * 3; part += 1) {
      const room = `room-${Math.floor(Math.random() * Number(ROOMS))}`;
      const content = `${isKept ? "kept" : "rolled back"} ${count}.${part}`;
      const id = await publishInTransaction(client, { room, userId, content });
      await client.query("INSERT INTO produced VALUES ($1, $2)", [id, room]);
      await delay(Math.random() * 3);
    }
    await client.query(isKept ? "COMMIT" : "ROLLBACK");
  }
}

for (let index = 0; index < Number(CONNECTIONS); index += 1) {
  produce(`producer-${randomUUID()}`).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
