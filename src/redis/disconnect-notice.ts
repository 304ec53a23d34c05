import type { RedisPublisher, RedisSubscriber } from "./redis-link";

export interface DisconnectNotice {
  namespace: string;
  userId: string;
}

/** Tells the other nodes whom to disconnect, and hears it from them. */
export class DisconnectNotices {
  constructor(
    private readonly link: { nodeId: string; channel: string; publisher: RedisPublisher; subscriber: RedisSubscriber },
    onNotice: (notice: DisconnectNotice) => void,
  ) {
    link.subscriber.subscribe(link.channel, (message) => {
      const notice = parse(message.toString());
      // What this node has said itself is done; its echo would cut a user who has come back by then.
      if (notice && notice.from !== link.nodeId) {
        onNotice(notice);
      }
    });
  }

  tell({ namespace, userId }: DisconnectNotice): void {
    const { nodeId, channel, publisher } = this.link;
    publisher.publish(channel, JSON.stringify({ from: nodeId, namespace, userId }));
  }
}

/** Anybody who may publish in Redis can say anything here: what is no notice is nothing. */
function parse(message: string): (DisconnectNotice & { from: string }) | undefined {
  try {
    const { from, namespace, userId } = JSON.parse(message) as Record<string, unknown>;
    return typeof from === "string" && typeof namespace === "string" && typeof userId === "string"
      ? { from, namespace, userId }
      : undefined;
  } catch {
    // No JSON, or none with members.
    return undefined;
  }
}
