import { uuidv7 } from "uuidv7";

import type { ApiInput } from "../contract/api-routes";
import type { MessageAccepted, User } from "../contract/events";
import type { Clock } from "../lifecycle/clock";
import type { DeliveryModes } from "../room-log/delivery-modes";
import type { Delivery } from "../room-log/room-log";
import type { RoomLogs } from "../room-log/room-logs";
import { admittedMessageOf } from "./admitted-message";
import { acceptedOf, type MessageAdmission } from "./message-admission";

export interface MessagePublisherDeps {
  namespace: string;
  admission: MessageAdmission;
  logs: Pick<RoomLogs, "find">;
  modes: Pick<DeliveryModes, "of">;
  /** Name and colour of a user, where the caller names none. */
  defaultsOf(userId: string): Omit<User, "userId">;
  defaultDelivery: Delivery;
  clock: Clock;
}

export type PublishedMessage = ApiInput<"publishMessage">["body"];
export type DeliveryOfRoom = (room: string) => Delivery;

/** Publishes messages of users who need not be connected: the same admission as a socket's, without membership. */
export class MessagePublisher {
  constructor(private readonly deps: MessagePublisherDeps) {}

  /** Learns how messages are delivered in rooms of which this node may know nothing: a strict room must not see one early. */
  async deliveryIn(rooms: readonly string[]): Promise<DeliveryOfRoom> {
    const { namespace, logs, modes, defaultDelivery } = this.deps;
    const deliveries = new Map<string, Delivery>();
    const unknown: string[] = [];
    for (const room of new Set(rooms)) {
      const log = logs.find(namespace, room);
      if (log?.isLoaded) {
        // Its last member here may leave before the message is admitted, and what is known of it goes then.
        deliveries.set(room, log.delivery ?? defaultDelivery);
      } else {
        unknown.push(room);
      }
    }
    for (const [room, delivery] of unknown.length > 0 ? await modes.of(namespace, unknown) : []) {
      deliveries.set(room, delivery);
    }
    return (room) => deliveries.get(room) ?? defaultDelivery;
  }

  /** Admits a message before it returns; the answer comes when it is stored. Throws when it is refused, and nobody has seen it then. */
  publish(room: string, body: PublishedMessage, deliveryOf: DeliveryOfRoom): Promise<MessageAccepted> {
    const { namespace, admission, defaultsOf, clock } = this.deps;
    const { userId, username, ...payload } = body;
    const defaults = defaultsOf(userId);
    const sender = { userId, username: username ?? defaults.username, color: defaults.color };
    const id = payload.id ?? uuidv7();
    const message = admittedMessageOf(namespace, { ...payload, room, id }, sender, new Date(clock.now()));
    // A key that is known is answered whatever the rates say.
    return acceptedOf(id, admission.find(message) ?? admission.admit(message, deliveryOf(room)));
  }
}
