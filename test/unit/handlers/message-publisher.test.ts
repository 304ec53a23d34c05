import type { MessageAdmission } from "../../../src/handlers/message-admission";
import { MessagePublisher, type MessagePublisherDeps } from "../../../src/handlers/message-publisher";
import type { Delivery, RoomLog } from "../../../src/room-log/room-log";
import { TestClock } from "../../../src/testing/test-clock";

function setup() {
  const logs = new Map<string, Pick<RoomLog, "isLoaded" | "delivery">>();
  const admitted: Delivery[] = [];
  const modes: string[][] = [];
  const admission: MessageAdmission = {
    find: () => undefined,
    admit(_message, delivery) {
      admitted.push(delivery);
      return {
        isDuplicate: false,
        stored: Promise.resolve({ status: "stored", seq: 1, createdAt: new Date(0), epoch: "e" }),
      };
    },
  };
  const deps = {
    ...{ namespace: "/", admission, clock: new TestClock({ isFrozen: true }), defaultDelivery: "fast" as const },
    logs: { find: (_namespace: string, room: string) => logs.get(room) },
    modes: {
      async of(_namespace: string, rooms: readonly string[]) {
        modes.push([...rooms]);
        return new Map<string, Delivery>(rooms.map((room) => [room, "strict"]));
      },
    },
    defaultsOf: () => ({ username: "Bot", color: "#123456" }),
  } as unknown as MessagePublisherDeps;
  return { publisher: new MessagePublisher(deps), logs, admitted, modes };
}

const MESSAGE = { userId: "bot", content: "hi", type: "text" };

it("asks for rooms of which the node knows nothing, once each", async () => {
  const { publisher, logs, admitted, modes } = setup();
  logs.set("known", { isLoaded: true, delivery: "fast" });
  logs.set("loading", { isLoaded: false, delivery: "fast" });
  const deliveryOf = await publisher.deliveryIn(["known", "loading", "new", "new"]);
  for (const room of ["known", "loading", "new"]) {
    await publisher.publish(room, MESSAGE, deliveryOf);
  }

  expect(modes).toEqual([["loading", "new"]]);
  expect(admitted).toEqual(["fast", "strict", "strict"]);
});

it("keeps a room strict whose last member leaves before the message is admitted", async () => {
  const { publisher, logs, admitted } = setup();
  logs.set("strict", { isLoaded: true, delivery: "strict" });
  const deliveryOf = await publisher.deliveryIn(["strict"]);
  logs.delete("strict");
  await publisher.publish("strict", MESSAGE, deliveryOf);

  expect(admitted).toEqual(["strict"]);
});
