import { uuidv7 } from "uuidv7";

import type { RevocationList } from "./access/revocation-list";
import type { RoomMembers } from "./access/room-members";
import type { DisconnectMemory } from "./broadcast/disconnect-memory";
import { RoomEmitter } from "./broadcast/room-emitter";
import { type NumberedKey, StoredAnnouncer, toRuns } from "./broadcast/stored-announcer";
import type { RoomfulConfig } from "./config/config";
import type { User } from "./contract/events";
import type { PayloadSchemas } from "./contract/payload-schemas";
import { RoomfulError } from "./contract/roomful-error";
import type { RoomfulNamespace, RoomfulSocket } from "./contract/socket-data";
import { type AdmittedMessage, type ExpectedMessage, messageKeyOf } from "./handlers/admitted-message";
import { createConnectionHandler } from "./handlers/connection-handler";
import { createDisconnectingHandler } from "./handlers/disconnecting-handler";
import { createHistoryHandler, createHistoryReader } from "./handlers/history-handler";
import { createJoinHandler } from "./handlers/join-handler";
import { createLeaveHandler } from "./handlers/leave-handler";
import { createMessageAdmission } from "./handlers/message-admission";
import { createMessageHandler } from "./handlers/message-handler";
import { tellOutcome } from "./handlers/message-outcome";
import { MessagePublisher } from "./handlers/message-publisher";
import { createPresenceHandler } from "./handlers/presence-handler";
import { createRefreshTokenHandler } from "./handlers/refresh-token-handler";
import type { RoomAccess } from "./handlers/room-access";
import { RoomMembership } from "./handlers/room-membership";
import { firstWithin, PENDING_SHARE, roomStateOf } from "./handlers/room-state";
import { createRoomsHandler } from "./handlers/rooms-handler";
import { createTypingHandler } from "./handlers/typing-handler";
import type { ApiNamespace } from "./http/api/api-sources";
import { createApiNamespace } from "./http-api";
import type { Clock } from "./lifecycle/clock";
import { limitPacketRate, type UserRateLimiter } from "./middleware/limit-packet-rate";
import type { TokenExpiry } from "./middleware/token-expiry";
import type { TokenVerifier } from "./middleware/token-verifier";
import type { TrafficBudgets } from "./middleware/traffic-budgets";
import { colorOfUser, usernameOf } from "./middleware/user-defaults";
import { validatePacket } from "./middleware/validate-packet";
import { mountNamespace, type NamespaceParts } from "./namespaces/mount-namespace";
import type { Metrics } from "./observability/metrics";
import type { PresenceStore } from "./presence/presence-store";
import { PresenceTracker } from "./presence/presence-tracker";
import { TypingTracker } from "./presence/typing-tracker";
import type { MemberRecord } from "./repositories/member-repository";
import type { AppendResult } from "./repositories/message-repository";
import type { RoomRepository } from "./repositories/room-repository";
import type { CatchUp } from "./room-log/catch-up";
import type { DeliveryModes } from "./room-log/delivery-modes";
import type { PageReader } from "./room-log/page-reader";
import type { RoomLogs } from "./room-log/room-logs";
import type { Missed } from "./room-log/room-refresher";
import { NOTHING_PENDING } from "./room-log/shown-messages";
import type { LostKey } from "./room-log/unsettled-messages";
import type { Settlement, WriteBuffer } from "./write-buffer/write-buffer";

/** What all namespaces of a node share. */
export interface SharedParts {
  config: RoomfulConfig;
  clock: Clock;
  schemas: PayloadSchemas;
  middleware: NamespaceParts["middleware"];
  rateLimiter: UserRateLimiter;
  traffic: Pick<TrafficBudgets, "beginCheck" | "endCheck" | "refused">;
  verifier: TokenVerifier;
  expiry: TokenExpiry;
  disconnects: DisconnectMemory;
  mayJoin: RoomAccess;
  /** Where rooms are for members. */
  members: RoomMembers | undefined;
  revocations: RevocationList;
  presenceStore: PresenceStore;
  logs: RoomLogs;
  pages: PageReader;
  catchUp: CatchUp;
  writeBuffer: WriteBuffer<AdmittedMessage, AppendResult>;
  rooms: Pick<RoomRepository, "findMany">;
  deliveryModes: DeliveryModes;
  metrics: Pick<Metrics, "packets" | "handlerSeconds">;
  onError(error: unknown, where: string): void;
}

/** One namespace with everything behind it. */
export interface AppNamespace {
  /** What the HTTP API does here. */
  api: ApiNamespace;
  /** This node's sockets of a user. */
  socketsOf(userId: string): RoomfulSocket[];
  /** Tells a room what became of a message. */
  settle(settlement: Settlement<ExpectedMessage, AppendResult>): void;
  /** Tells this node's sockets in a room to drop what they have: `room_state` with the newest page and `recovered: false`. */
  reload(room: string): Promise<void>;
  /** Tells this node's sockets what the table holds and they have not been told. */
  announceMissed(room: string, missed: Missed): void;
  /** Tells this node's sockets the numbers of messages that were shown long ago. */
  numberShown(room: string, found: { epoch: string; items: NumberedKey[] }): void;
  /** Tells this node's sockets that what was shown long ago will not be stored. */
  dropShown(room: string, lost: LostKey[]): Promise<void>;
  /** Tells a room of somebody who is gone with a node that is no more. */
  tellGone(room: string, user: User): Promise<void>;
  /** Tells a room of somebody who was told as gone, and was here all the time. */
  tellBack(room: string, user: User): void;
  /** Memberships that its sockets rest on. */
  membersInUse(): MemberRecord[];
  /** Takes the user's sockets out of the room. */
  evict(room: string, userId: string): void;
  /** Announces the numbers that are still being gathered. */
  flush(): void;
  /** Resolves when everybody was told what happened so far. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** A page of the size that a `join` is answered with when it says none. */
const RELOAD_PAGE_SIZE = 50;
const NUMBERED_AT_ONCE = 200;
const RETRACTED_AT_ONCE = 50;

/** Builds the parts of one namespace, from the way out to the handlers, and mounts them. */
export function createAppNamespace(namespace: RoomfulNamespace, shared: SharedParts): AppNamespace {
  const { config, clock, logs, pages, catchUp, mayJoin, members, writeBuffer, rateLimiter, traffic, expiry, metrics } =
    shared;
  const { name } = namespace;
  const { maxPageBytes } = config.limits;
  const onError = (error: unknown): void => shared.onError(error, name);

  const emitter = new RoomEmitter(namespace);
  const announcer = new StoredAnnouncer({ emitter, intervalMs: config.writeBuffer.storedIntervalMs, clock });
  const presence = new PresenceTracker({
    namespace: name,
    store: shared.presenceStore,
    emitter,
    config: config.presence,
    locale: config.locale,
    clock,
    tipOf: (room) => logs.find(name, room)?.tip ?? 0,
    makeId: uuidv7,
    onError,
  });
  const typing = new TypingTracker({ emitter, config: config.typing, clock });
  const membership = new RoomMembership({ namespace, logs, presence, typing });

  const admission = createMessageAdmission({ namespace: name, writeBuffer, emitter, announcer, logs });
  const readHistory = createHistoryReader({
    ...{ namespace: name, logs, catchUp, pages, maxPageBytes },
  });

  const join = createJoinHandler({
    namespace: name,
    membership,
    catchUp,
    mayJoin,
    members,
    maxRooms: config.connections.maxRooms,
    maxPageBytes,
  });
  mountNamespace(namespace, {
    middleware: shared.middleware,
    packetChecks: [traffic.beginCheck, validatePacket(shared.schemas), limitPacketRate(rateLimiter), traffic.endCheck],
    handlers: {
      join,
      leave: createLeaveHandler(membership),
      message: createMessageHandler({
        namespace: name,
        admission,
        takeFromRate: (userId, bytes) => rateLimiter.takeMessage(userId, bytes),
        defaultDelivery: config.delivery,
        maxUnansweredSends: config.limits.maxUnansweredSends,
        clock,
      }),
      typing: createTypingHandler({ membership, typing }),
      history: createHistoryHandler({ membership, readHistory }),
      presence: createPresenceHandler({ membership, presence }),
      rooms: createRoomsHandler({ namespace: name, presence, logs, mayJoin, members }),
      refresh_token: createRefreshTokenHandler({
        namespace: name,
        verifier: shared.verifier,
        expiry,
        revocations: shared.revocations,
        membership,
        mayJoin,
      }),
    },
    onConnection: createConnectionHandler({
      expiry,
      recallDisconnect: (socketId, userId) => shared.disconnects.recall(socketId, userId),
      join,
      takeFromRate: (userId) => rateLimiter.take(userId, "join"),
      now: () => clock.now(),
      onError: reportUnexpected,
    }),
    onDisconnecting: createDisconnectingHandler(membership),
    onRefused: ({ conn }, error) => traffic.refused(conn, error),
    onAnswered(event, seconds, error) {
      // Clients choose what they send: only the contract's names become labels.
      const label = Object.hasOwn(shared.schemas, event) ? event : "unknown";
      metrics.packets.inc({ event: label, result: resultOf(error) });
      metrics.handlerSeconds.observe({ event: label }, seconds);
      reportUnexpected(error);
    },
  });

  function reportUnexpected(error: unknown): void {
    if (error !== undefined && !(error instanceof RoomfulError)) {
      onError(error);
    }
  }

  return {
    api: createApiNamespace({
      ...{ name, emitter, presence, readHistory, logs },
      rooms: shared.rooms,
      publisher: new MessagePublisher({
        ...{ namespace: name, admission, logs, modes: shared.deliveryModes, clock },
        defaultsOf: (userId) => ({ username: usernameOf(userId), color: colorOfUser(userId) }),
        defaultDelivery: config.delivery,
      }),
    }),
    socketsOf: (userId) => [...namespace.sockets.values()].filter(({ data }) => data.claims.userId === userId),
    settle: (settlement) => tellOutcome(settlement, { emitter, announcer, logs }),
    async reload(room) {
      const log = logs.find(name, room);
      const page = await catchUp.read({ namespace: name, room, limit: RELOAD_PAGE_SIZE }, log);
      const present = await presence.list(room);
      const pending = log?.pending(maxPageBytes * PENDING_SHARE) ?? NOTHING_PENDING;
      const told = { ...page, recovered: false };
      const state = roomStateOf({ room, page: told, pending, present, maxBytes: maxPageBytes });
      // Other nodes tell their own, from what they have read themselves.
      emitter.emit(room, "room_state", state, { isLocal: true });
    },
    announceMissed(room, { epoch, lastSeq, messages: missed }) {
      const log = logs.find(name, room);
      // More would cut those who are being helped; it comes with the next look.
      const messages = firstWithin(missed, maxPageBytes, 1);
      const shown = messages.filter(({ userId, id }) => log?.isPending(userId, id));
      if (shown.length > 0) {
        const runs = toRuns(shown.map(({ seq, userId, id }) => ({ seq, key: [userId, id] })));
        emitter.emit(room, "stored", { room, epoch, runs }, { isLocal: true });
      }
      for (const message of messages.filter((each) => !shown.includes(each))) {
        emitter.emit(room, "message", { ...message, tip: lastSeq }, { isLocal: true });
      }
    },
    numberShown(room, { epoch, items }) {
      for (let at = 0; at < items.length; at += NUMBERED_AT_ONCE) {
        const runs = toRuns(items.slice(at, at + NUMBERED_AT_ONCE));
        emitter.emit(room, "stored", { room, epoch, runs }, { isLocal: true });
      }
    },
    async dropShown(room, lost) {
      for (const [index, { key, isElsewhere }] of lost.entries()) {
        if (index > 0 && index % RETRACTED_AT_ONCE === 0) {
          // Written before more comes: so many packets at one moment look like a connection that does not take them.
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        const [userId, id] = key;
        // Sent here again meanwhile: it is about to be stored.
        const isWaiting = writeBuffer.isWaiting(messageKeyOf(userId, id));
        if (!isWaiting && logs.find(name, room)?.isPending(userId, id)) {
          const code = isElsewhere ? "IDEMPOTENCY_CONFLICT" : "STORAGE_REJECTED";
          emitter.emit(room, "retracted", { room, userId, id, code }, { isLocal: true });
        }
      }
    },
    tellGone: (room, user) => presence.tellGone(room, user),
    tellBack: (room, user) => void presence.tellBack(room, user),
    membersInUse: () =>
      [...namespace.sockets.values()].flatMap((socket) =>
        membership.roomsOf(socket).map((room) => ({ namespace: name, room, userId: socket.data.claims.userId })),
      ),
    evict(room, userId) {
      for (const socket of namespace.sockets.values()) {
        if (socket.data.claims.userId === userId && membership.isMember(socket, room)) {
          membership.evict(socket, room);
        }
      }
    },
    flush: () => announcer.flush(),
    async settled() {
      announcer.flush();
      await presence.settled();
    },
    async stop() {
      announcer.flush();
      typing.stop();
      await presence.stop();
    },
  };
}

function resultOf(error: unknown): string {
  if (error === undefined) {
    return "ok";
  }
  return error instanceof RoomfulError ? error.code : "INTERNAL";
}
