import type { IncomingMessage } from "node:http";

import { RevocationList } from "./access/revocation-list";
import { RoomMembers } from "./access/room-members";
import { createApiAdministration } from "./api-administration";
import { type AppNamespace, createAppNamespace } from "./app-namespace";
import { announceDraining, closeInSlices } from "./broadcast/connection-drain";
import { DisconnectMemory } from "./broadcast/disconnect-memory";
import { EmitBuffers, type Engine } from "./broadcast/emit-buffers";
import { type EngineConnection, terminate } from "./broadcast/engine-connection";
import type { RoomfulConfig } from "./config/config";
import { ConnectionCuts } from "./connection-cuts";
import type { ErrorCode } from "./contract/error-codes";
import { createPayloadSchemas } from "./contract/payload-schemas";
import { RoomfulError, toErrorReply } from "./contract/roomful-error";
import type { RoomfulSocket } from "./contract/socket-data";
import type { Database } from "./database/open-database";
import { PostgresHealth } from "./database/postgres-health";
import { PostgresProbe } from "./database/postgres-probe";
import { classifyWriteError, isUnavailable } from "./database/retry-policy";
import { type AdmittedMessage, MESSAGE_TRAITS, messageKeyOf, shownIn } from "./handlers/admitted-message";
import { createBatchAppender } from "./handlers/append-batch";
import { rejectionOf } from "./handlers/message-outcome";
import { createRoomAccess } from "./handlers/room-access";
import { allowOrigins } from "./http/allow-origins";
import { AnswersInFlight } from "./http/answers-in-flight";
import { createHttpApp } from "./http/create-http-app";
import { addDevelopmentPages } from "./http/development-pages";
import { addHealthRoutes } from "./http/health-routes";
import { limitUnreadAnswers } from "./http/limit-unread-answers";
import { listen, urlOf } from "./http/listen";
import { addHttpApi } from "./http-api";
import { createAdapterFactory, joinNodes } from "./joined-nodes";
import { type Clock, systemClock } from "./lifecycle/clock";
import { RepeatedTask } from "./lifecycle/repeated-task";
import { ServiceStack } from "./lifecycle/service-stack";
import { AddressLedger } from "./middleware/address-ledger";
import { authenticateHandshake } from "./middleware/authenticate-handshake";
import { checkHandshake, type HandshakeCheck } from "./middleware/check-handshake";
import { createHostCheck } from "./middleware/check-host";
import { createOriginCheck } from "./middleware/check-origin";
import { createAddressOf } from "./middleware/client-address";
import { ConnectionLedger } from "./middleware/connection-ledger";
import { UserRateLimiter } from "./middleware/limit-packet-rate";
import { matchesRoomPattern } from "./middleware/room-pattern";
import type { TokenRequest } from "./middleware/sign-token";
import { TokenExpiry } from "./middleware/token-expiry";
import { createTokenKeys } from "./middleware/token-keys";
import { TrafficBudgets, type TrafficConnection } from "./middleware/traffic-budgets";
import { limitHandshakeTime } from "./namespaces/handshake-timeout";
import { refuseUnknownNamespaces } from "./namespaces/refuse-unknown-namespaces";
import type { Logger } from "./observability/logger";
import { createMetrics } from "./observability/metrics";
import { createNodeOutbox } from "./outbox-node";
import { MemberRepository } from "./repositories/member-repository";
import { type AppendResult, MessageRepository } from "./repositories/message-repository";
import { RevocationRepository } from "./repositories/revocation-repository";
import { RoomRepository } from "./repositories/room-repository";
import { CatchUp } from "./room-log/catch-up";
import { DeliveryModes } from "./room-log/delivery-modes";
import { PageReader } from "./room-log/page-reader";
import { roomKeyOf } from "./room-log/room-key";
import { RoomLogs } from "./room-log/room-logs";
import { RoomRefresher } from "./room-log/room-refresher";
import { RoomReloads } from "./room-log/room-reloads";
import { UnsettledMessages } from "./room-log/unsettled-messages";
import { connectionsOf, createSocketServer } from "./socket-server";
import { BatchingWriteBuffer } from "./write-buffer/batching-write-buffer";

export interface NodeOptions {
  config: RoomfulConfig;
  /** Secrets that verify tokens, the configured ones or the development secret. */
  secrets: readonly string[];
  database: Database;
  logger: Logger;
  clock: Clock;
  random: () => number;
}

/** One node of the service, wired and not yet started. */
export interface Node {
  stack: ServiceStack;
  readonly url: string;
  signToken: ((request: TokenRequest) => string) | undefined;
  settled(): Promise<void>;
  expireTokens(userId: string, issuedBefore: Date): void;
  refreshAccess(): Promise<void>;
  /** Stops as a crash would: nothing is written out, told or given back. */
  abort(): Promise<void>;
}

const DRAINING_RETRY_MS = 1_000;
/** What was stored at the last moment is still answered. */
const ANSWERS_TIMEOUT_MS = 1_000;

/** Builds one node, from the storage end to the sockets. */
export function createNode(options: NodeOptions): Node {
  const { config, secrets, database, logger, clock, random } = options;
  const onError = (error: unknown, where: string): void => logger.error({ err: error, where }, "unexpected error");
  const namespaces = new Map<string, AppNamespace>();
  let isReady = false;
  let isDraining = false;

  // Storage.
  const messages = new MessageRepository(database.writer, database.reader);
  const rooms = new RoomRepository(database.reader);
  const health = new PostgresHealth({
    probe: new PostgresProbe({ url: database.url, connectTimeoutMs: config.database.connectTimeoutMs }),
    intervalMs: config.database.probeIntervalMs,
    // Not the given clock: Postgres answers in real time, and time that a test skips would look like an outage.
    clock: systemClock,
    onDown: (error) => logger.warn({ err: error }, "Postgres does not answer; live delivery goes on"),
    onNotStoring: (problem, error) =>
      logger.warn({ problem, err: error }, "Postgres stores nothing; live delivery goes on"),
    onUp() {
      logger.info("Postgres answers again");
      doubtStored();
    },
    onAnotherHistory() {
      logger.warn("another Postgres has taken over, or an earlier state has come back; what was known is read anew");
      // None of them may lead to the one before, which perhaps still takes what it is given.
      database.dropConnections();
      doubtStored();
    },
  });
  const logs = new RoomLogs({
    ...{ config: config.catchUp, clock },
    waitingIn: (namespace, room) => shownIn(writeBuffer.backlogOf(roomKeyOf(namespace, room))),
    onDoubt: () => void refresher.refresh(),
  });
  const appendBatch = createBatchAppender({
    messages,
    logs,
    onContradiction(namespace, room) {
      beginAnew(namespace, room);
      // Where one room has lost rows, others have too.
      doubtStored();
    },
  });
  const writeBuffer = new BatchingWriteBuffer<AdmittedMessage, AppendResult>({
    config: config.writeBuffer,
    traits: MESSAGE_TRAITS,
    writer: {
      writeBatch: appendBatch,
      rejectionOf,
      classifyError: classifyWriteError,
    },
    // As long as rooms go without a look at their rows.
    trustKeysMs: config.database.pollIntervalMs,
    ...{ clock, random },
    onSettled(settlements) {
      for (const settlement of settlements) {
        if ("rejected" in settlement) {
          metrics.messagesRejected.inc({ reason: settlement.rejected.code });
        }
        namespaces.get(settlement.item.namespace)?.settle(settlement);
      }
    },
    onError(error, failures) {
      metrics.batchesFailed.inc({ kind: classifyWriteError(error) });
      health.check();
      logger.warn({ err: error, failures }, "a batch was not written");
    },
    onWritten(size, seconds) {
      metrics.batchSize.observe(size);
      metrics.flushSeconds.observe(seconds);
    },
    onLocked(room, isLocked) {
      if (isLocked) {
        logger.warn({ room }, "a session of Postgres holds the room's row; its messages wait, and the others go on");
      } else {
        logger.info({ room }, "the room's row is free again, and what waited for it is written");
      }
    },
  });

  // What is known of rooms.
  const pages = new PageReader({
    messages,
    maxConcurrent: config.database.readPoolSize,
    isAvailable: () => health.isUp,
    isUnavailable,
  });
  const deliveryModes = new DeliveryModes({
    ...{ rooms, clock, isUnavailable },
    defaultDelivery: config.delivery,
    keepMs: config.database.pollIntervalMs,
    isAvailable: () => health.isUp,
  });
  const revocationRepository = new RevocationRepository(database.reader);
  const memberRepository = new MemberRepository(database.reader);
  const revocations = new RevocationList(revocationRepository);
  const members =
    config.roomAccess === "members"
      ? new RoomMembers({
          members: memberRepository,
          isAvailable: () => health.isUp,
          isUnavailable,
          inUse: () => [...namespaces.values()].flatMap((namespace) => namespace.membersInUse()),
          onRemoved: ({ namespace, room, userId }) => namespaces.get(namespace)?.evict(room, userId),
        })
      : undefined;
  const accessRefresh = new RepeatedTask({
    name: "access refresh",
    run: refreshAccess,
    intervalMs: config.database.pollIntervalMs,
    clock,
    onError: (error) => (isUnavailable(error) ? health.check() : onError(error, "access refresh")),
  });
  const catchUp = new CatchUp(pages, config.limits.maxPageBytes);
  const refresher = new RoomRefresher({
    rooms,
    logs,
    intervalMs: config.database.pollIntervalMs,
    clock,
    isAvailable: () => health.isUp,
    onContradiction: beginAnew,
    onDeleted(namespace, room) {
      logs.dropRingOf(namespace, room);
      writeBuffer.doubt();
    },
    settleShown: () => unsettled.settle(),
    onMissed: (namespace, room, missed) => namespaces.get(namespace)?.announceMissed(room, missed),
    onError: (error) => (isUnavailable(error) ? health.check() : onError(error, "room refresher")),
  });
  const unsettled = new UnsettledMessages({
    ...{ messages, logs, clock },
    isStoring: () => health.problem === undefined,
    isWaiting: (userId, id) => writeBuffer.isWaiting(messageKeyOf(userId, id)),
    onFound: (namespace, room, found) => namespaces.get(namespace)?.numberShown(room, found),
    onLost: (namespace, room, lost) => {
      namespaces
        .get(namespace)
        ?.dropShown(room, lost)
        .catch((error: unknown) => onError(error, namespace));
    },
  });
  const reloads = new RoomReloads({
    ...{ logs, clock },
    reload: async (namespace, room) => namespaces.get(namespace)?.reload(room),
    // The others look at once, each for its own members.
    onBegin: () => others?.lookAtRooms(),
    isAvailable: () => health.isUp,
    onError: (error) =>
      error instanceof RoomfulError || isUnavailable(error) ? health.check() : onError(error, "room reloads"),
  });

  const { redis, names, others, presenceStore, services, polls } = joinNodes({
    ...{ config, logger, random, onError, deploymentId: database.deploymentId },
    onGap: () => logs.dropRings(),
    catchUp() {
      unsettled.expectLosses();
      return refresher.refresh();
    },
    onAccessChange: () => void accessRefresh.runSoon(),
    onRoomsChange: () => void lookAtRooms(),
    onDisconnect: ({ namespace, userId }) => disconnectUser(namespace, userId),
    onGone: (namespace, room, user) => void namespaces.get(namespace)?.tellGone(room, user),
    onBack: (namespace, room, user) => namespaces.get(namespace)?.tellBack(room, user),
  });

  // The doors.
  const http = createHttpApp(logger, config.http);
  if (config.http.allowedOrigins.length > 0) {
    allowOrigins(http, { ...config.http, isListed: createOriginCheck({ ...config.http, mode: config.mode }) });
  }
  const answers = new AnswersInFlight(http.server);
  const io = createSocketServer(http.server, {
    ...{ config, clock },
    isDraining: () => isDraining,
    refusalOf: refuseAddress,
    onControlFlood: (connection) => cuts.endFlood(connection, "controlFrames"),
    adapter: createAdapterFactory({
      ...{ redis, names, logger, namespaces: config.namespaces },
      onDelivery: (namespace, event, payload) => logs.observe(namespace, event, payload),
      onError: (error) => onError(error, "delivery seam"),
    }),
  });
  // After Engine.IO, which hands requests of its own to nobody who listened before it.
  limitUnreadAnswers(http.server, { timeoutMs: config.http.answerTimeoutMs });
  const disconnects = new DisconnectMemory(
    config.connections.disconnectMemoryMs,
    clock,
    redis?.sharedMemory(names.cutKeys),
  );
  const emitBuffers = new EmitBuffers({
    config: config.emitBuffer,
    clock,
    onCut(connection, limit, seconds) {
      metrics.slowConsumers.inc({ limit });
      metrics.slowConsumerCutSeconds.observe(seconds);
      cuts.rememberSlow(connection, limit);
    },
    onError: (error) => onError(error, "emit buffer"),
    onUnpaced: () => logger.warn("Engine.IO or ws is not as expected: writes are not paced, and a delivery costs more"),
  });
  const metrics = createMetrics({
    sockets: () => config.namespaces.map((name) => [name, io.of(name).sockets.size]),
    writeBuffer: () => writeBuffer.counts,
    emitBufferBytes: () => emitBuffers.bufferedBytes,
    isPostgresUp: () => health.problem === undefined,
    redis: () => redis,
    outbox: () => outbox.counts,
  });
  const { verifier, signToken } = createTokenKeys({
    config: config.jwt,
    ...{ secrets, clock },
    onKeysAway: (error) => logger.warn({ err: error }, "the JWKS address does not answer"),
    onShortKey: (kid) => logger.warn({ kid }, "a key of the JWKS address is too short: its tokens are refused"),
  });
  const expiry = new TokenExpiry({
    config: config.jwt,
    clock,
    onExpired: (socket, error) => disconnects.remember(socket.id, socket.data.claims.userId, error.toReply()),
  });
  const rateLimiter = new UserRateLimiter(config.rateLimits, clock);
  const addressOf = createAddressOf(config.http.trustProxy);
  const ledger = new ConnectionLedger({ config: config.connections });
  const addresses = new AddressLedger({ config: config.connections, addressOf, clock });
  const cuts = new ConnectionCuts({
    disconnects,
    socketsOn: (connection) => ledger.joinedOn(connection),
    onFlood: (limit) => metrics.floods.inc({ limit }),
  });
  const traffic = new TrafficBudgets({
    ...{ rates: config.rateLimits, clock },
    onExceeded: (connection, limit) => cuts.endFlood(connection as unknown as EngineConnection, limit),
  });

  const refuseWhileDraining: HandshakeCheck = () => {
    if (isDraining) {
      throw new RoomfulError("DRAINING", { retryAfterMs: DRAINING_RETRY_MS });
    }
  };
  const handshake = checkHandshake(
    [
      refuseWhileDraining,
      ledger.countConnection,
      authenticateHandshake({ verifier, addressOf }),
      ({ conn, data }) => traffic.identify(conn, data.claims.userId),
      (socket) => expiry.check(socket.data.claims),
      (socket) => revocations.check(socket.data.claims),
      ledger.countUser,
    ],
    refuseHandshake,
  );

  /** Below Socket.IO, as for a node that drains: a client tries again by itself. */
  function refuseAddress(request: IncomingMessage): ErrorCode | undefined {
    try {
      addresses.admit(request);
      return undefined;
    } catch (error) {
      const { code } = toErrorReply(error);
      metrics.handshakesRefused.inc({ code });
      return code;
    }
  }

  function refuseHandshake(socket: RoomfulSocket, error: unknown): void {
    metrics.handshakesRefused.inc({ code: error instanceof RoomfulError ? error.code : "INTERNAL" });
    if (!(error instanceof RoomfulError)) {
      onError(error, "handshake");
    }
    ledger.release(socket);
    traffic.refused(socket.conn, error);
    // After the refusal has left: a connection without a namespace would stay, and could try for ever.
    setImmediate(() => {
      if (!ledger.isUsed(socket.conn)) {
        socket.conn.close();
      }
    });
  }

  const schemas = createPayloadSchemas(config.limits);
  for (const name of config.namespaces) {
    const namespace = io.of(name);
    namespaces.set(
      name,
      createAppNamespace(namespace, {
        ...{ config, clock, schemas, rateLimiter, traffic, verifier, expiry, disconnects, presenceStore },
        ...{ logs, pages, catchUp, members, revocations, writeBuffer, metrics, rooms, deliveryModes, onError },
        middleware: [handshake],
        mayJoin: createRoomAccess(config.roomAccess, matchesRoomPattern),
      }),
    );
    namespace.on("connection", (socket) => socket.on("disconnect", releaseSocket));
  }
  const outbox = createNodeOutbox({
    ...{ config, database, namespaces, clock, random, logger, metrics, onError },
    onUnavailable: () => health.check(),
  });
  refuseUnknownNamespaces(io, refuseHandshake);
  io.engine.on("connection", (connection: TrafficConnection) => {
    addresses.keep(connection);
    traffic.watch(connection);
  });
  io.engine.on("connection_error", ({ req }: { req: IncomingMessage }) => addresses.refused(req));
  emitBuffers.attach(io.engine as unknown as Engine);
  io.engine.on(
    "connection",
    limitHandshakeTime({
      timeoutMs: config.connections.handshakeTimeoutMs,
      clock,
      isUsed: (connection) => ledger.isUsed(connection as RoomfulSocket["conn"]),
    }),
  );

  addHealthRoutes(http, {
    notReadyReasons: () => [...(isReady ? [] : ["starting"]), ...(isDraining ? ["draining"] : [])],
    degradedReasons: () => [
      ...(health.problem === undefined ? [] : [health.problem]),
      ...(redis?.trouble === undefined ? [] : [redis.trouble]),
    ],
    registry: metrics.registry,
  });
  const httpApi = addHttpApi(http, {
    ...{ config, clock, metrics, isUnavailable },
    dataSource: database.reader,
    isAvailable: () => health.isUp,
    namespaces: new Map([...namespaces].map(([name, { api }]) => [name, api])),
    administration: createApiAdministration({
      ...{ rooms, members: memberRepository, revocations: revocationRepository, others, lookAtRooms },
      lookAtAccess: () => accessRefresh.runSoon(),
      disconnect: disconnectUser,
    }),
    isDraining: () => isDraining,
    onError: (error) => onError(error, "HTTP API"),
  });
  if (signToken && config.http.developmentTokens !== "off" && config.mode !== "production") {
    addDevelopmentPages(http, {
      ...config.http,
      namespace: config.namespaces.includes("/") ? "/" : (config.namespaces[0] ?? "/"),
      signToken,
      isAllowedHost: createHostCheck(config),
    });
  }

  // Started from the top, stopped from the bottom: told to go, drained, closed, and the database after all.
  const stack = new ServiceStack([
    metrics.process,
    health,
    ...services,
    refresher,
    reloads,
    ...polls,
    accessRefresh,
    httpApi,
    { name: "presence", start: async () => {}, stop: stopNamespaces },
    { name: "connections", start: () => listen(http, config), stop: closeConnections },
    writeBuffer,
    ...outbox.services,
    { name: "readiness", start: becomeReady, stop: beginDraining },
  ]);

  return {
    stack,
    get url() {
      return urlOf(http, config) + (config.http.basePath ?? "");
    },
    signToken,
    expireTokens: (userId, issuedBefore) => expiry.expireUser(userId, issuedBefore),
    refreshAccess: () => accessRefresh.runSoon(),
    async abort() {
      writeBuffer.abandon();
      redis?.cut();
      for (const connection of connectionsOf(io)) {
        terminate(connection);
      }
      await stack.stop();
    },
    async settled() {
      while (writeBuffer.counts.backlog > 0) {
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      for (const namespace of namespaces.values()) {
        await namespace.settled();
      }
    },
  };

  function releaseSocket(this: RoomfulSocket): void {
    ledger.release(this);
  }

  async function refreshAccess(): Promise<void> {
    if (!health.isUp) {
      return;
    }
    await revocations.refresh();
    for (const socket of config.namespaces.flatMap((name) => [...io.of(name).sockets.values()])) {
      if (revocations.isRevoked(socket.data.claims)) {
        cuts.endSocket(socket, new RoomfulError("REVOKED"));
      }
    }
    await members?.refresh();
  }

  function disconnectUser(namespace: string, userId: string): void {
    for (const socket of namespaces.get(namespace)?.socketsOf(userId) ?? []) {
      cuts.endSocket(socket, new RoomfulError("DISCONNECTED", { retryAfterMs: 0 }));
    }
  }

  /**
   * Postgres may hold other rows than were known: it was away, or another server answers in its place. No copy in
   * memory counts until it was compared with the table.
   */
  function doubtStored(): void {
    logs.doubt();
    writeBuffer.doubt();
    unsettled.beginAnew();
    void lookAtRooms();
    void accessRefresh.runSoon();
  }

  /** The room is another one in Postgres than was followed here. */
  function beginAnew(namespace: string, room: string): void {
    logger.warn({ namespace, room }, "the room is another one in Postgres; its readers are told to reload");
    writeBuffer.doubt();
    reloads.add(namespace, room);
  }

  async function lookAtRooms(): Promise<void> {
    deliveryModes.forget();
    await refresher.refresh();
  }

  async function becomeReady(): Promise<void> {
    isReady = true;
  }

  async function beginDraining(): Promise<void> {
    isDraining = true;
    writeBuffer.refuse();
    for (const name of config.namespaces) {
      announceDraining(io.of(name).sockets.values(), config.shutdown.reconnectSpreadMs, random);
    }
  }

  async function closeConnections(): Promise<void> {
    for (const namespace of namespaces.values()) {
      namespace.flush();
    }
    await closeInSlices(connectionsOf(io), clock);
    emitBuffers.stop();
    expiry.stop();
    rateLimiter.stop();
    traffic.stop();
    for (const connection of connectionsOf(io)) {
      // It did not take even the end.
      terminate(connection);
    }
    io.engine.close();
    await answers.left(ANSWERS_TIMEOUT_MS);
    await http.close();
  }

  async function stopNamespaces(): Promise<void> {
    for (const namespace of namespaces.values()) {
      await namespace.stop();
    }
  }
}
