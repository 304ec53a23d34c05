/** A program of another team: it emits what it is told with the plain emitter, and ends. test/e2e/redis-emitter.test.ts. */
const { Emitter } = require("@socket.io/redis-emitter");
const { createClient } = require("redis");
const { emitterKeyOf, socketRoomOf, socketRoomOfUser } = require("roomful/publisher");

async function main([url, prefix, emits]) {
  const client = createClient({ url });
  await client.connect();
  const pending = [];
  const emitter = new Emitter(
    { publish: (channel, message) => pending.push(client.publish(channel, message)) },
    { key: emitterKeyOf(prefix) },
  );
  for (const { namespace, rooms = [], users = [], except = [], call = "emit", args } of JSON.parse(emits)) {
    const names = [...rooms.map(socketRoomOf), ...users.map(socketRoomOfUser)];
    const scope = namespace ? emitter.of(namespace) : emitter;
    scope
      .to(names)
      .except(except.map(socketRoomOfUser))
      [call](...args);
  }
  await Promise.all(pending);
  client.destroy();
}

main(process.argv.slice(2));
