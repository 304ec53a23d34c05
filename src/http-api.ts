import type { FastifyInstance } from "fastify";
import type { DataSource } from "typeorm";

import { ApiKeys } from "./access/api-keys";
import type { RoomEmitter } from "./broadcast/room-emitter";
import { parseApiKey } from "./config/api-key";
import type { RoomfulConfig } from "./config/config";
import type { HistoryReader } from "./handlers/history-handler";
import type { MessagePublisher } from "./handlers/message-publisher";
import { addBelow } from "./http/add-below";
import { addApiRoutes } from "./http/api/add-api-routes";
import type { ApiNamespace, ApiSources } from "./http/api/api-sources";
import { addDocumentRoutes } from "./http/documents/document-routes";
import type { Clock } from "./lifecycle/clock";
import { RepeatedTask } from "./lifecycle/repeated-task";
import type { Service } from "./lifecycle/service";
import { ApiRateLimiter } from "./middleware/limit-api-rate";
import { matchesRoomPattern } from "./middleware/room-pattern";
import type { Metrics } from "./observability/metrics";
import type { PresenceTracker } from "./presence/presence-tracker";
import { IdempotencyRepository } from "./repositories/idempotency-repository";
import type { RoomRepository } from "./repositories/room-repository";
import type { RoomLogs } from "./room-log/room-logs";

export interface ApiNamespaceParts {
  name: string;
  publisher: MessagePublisher;
  emitter: RoomEmitter;
  presence: PresenceTracker;
  readHistory: HistoryReader;
  rooms: Pick<RoomRepository, "findMany">;
  logs: RoomLogs;
}

const ROOMS_PER_PAGE = 100;
/** Only rows of rooms are wanted, none of their messages. */
const NOTHING_ABOVE = Number.MAX_SAFE_INTEGER;

/** What the HTTP API does in one namespace, made of the parts that its sockets use. */
export function createApiNamespace(parts: ApiNamespaceParts): ApiNamespace {
  const { name: namespace, publisher, emitter, presence, readHistory, rooms, logs } = parts;
  const rowsOf = (names: readonly string[]) =>
    rooms.findMany(names.map((name) => ({ namespace, name, above: NOTHING_ABOVE })));

  return {
    name: namespace,
    publisher,
    emit: (target, event) => emitter.emitCustom(target, event),
    readHistory,
    listMembers: (room, after) => presence.list(room, after),
    async listRooms(after, accepts) {
      const { rooms: found, ...rest } = await presence.rooms(after, accepts, ROOMS_PER_PAGE);
      const rows = found.length > 0 ? await rowsOf(found.map(({ room }) => room)) : [];
      const lastSeqOf = new Map(rows.map(({ name, lastSeq }) => [name, lastSeq]));
      return {
        rooms: found.map(({ room, count }) => ({ room, count, lastSeq: lastSeqOf.get(room) ?? 0 })),
        ...rest,
      };
    },
    async readRoom(room) {
      const [[row], { count, partial }] = await Promise.all([rowsOf([room]), presence.list(room)]);
      return {
        ...{ room, count, partial },
        epoch: row?.epoch ?? null,
        lastSeq: Math.max(row?.lastSeq ?? 0, logs.find(namespace, room)?.tip ?? 0),
        delivery: row?.delivery ?? "default",
      };
    },
  };
}

export interface HttpApiOptions extends Omit<ApiSources, "idempotency" | "matchesRoom" | "now"> {
  config: Pick<RoomfulConfig, "http" | "limits" | "rateLimits">;
  clock: Clock;
  metrics: Pick<Metrics, "apiCalls">;
  dataSource: DataSource;
}

const SWEEP_INTERVAL_MS = 600_000;

/** The HTTP API with its keys and rates, on the node's port. What is to be started with the node removes calls that have expired. */
export function addHttpApi(app: FastifyInstance, options: HttpApiOptions): Service {
  const { config, clock, dataSource, metrics, ...sources } = options;
  const { isAvailable, isUnavailable, onError } = sources;
  const keys = new ApiKeys(config.http.apiKeys.map(parseApiKey));
  const rates = new ApiRateLimiter(config.rateLimits, clock);
  const idempotency = new IdempotencyRepository(dataSource);
  addBelow(app, config.http.basePath, (routes) => {
    addDocumentRoutes(routes, config);
    addApiRoutes(routes, {
      limits: config.limits,
      sources: { ...sources, idempotency, matchesRoom: matchesRoomPattern, now: () => clock.now() },
      callerOf: (authorization) => keys.callerOf(authorization),
      takeFromRate: (caller, calls, taken) => rates.take(caller, calls, taken),
      onAnswered: (operation, status) => metrics.apiCalls.inc({ operation, status }),
    });
  });
  const onSweepError = (error: unknown): void => {
    // While Postgres is away there is a next time.
    if (!isUnavailable(error)) {
      onError(error);
    }
  };
  return new RepeatedTask({
    name: "idempotency sweep",
    // Caught here: a first run that fails would keep the node from starting.
    run: async () => (isAvailable() ? idempotency.removeExpired().catch(onSweepError) : undefined),
    intervalMs: SWEEP_INTERVAL_MS,
    clock,
    onError,
  });
}
