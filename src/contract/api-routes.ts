import { z } from "zod";

import { commandResult, eventAccepted, MAX_COMMANDS } from "./api-batch";
import { createPublishBodies, namespaceQuery, queryNumber } from "./api-fields";
import type { ErrorCode } from "./error-codes";
import { historyPage, messageAccepted, presencePage, roomList } from "./event-schemas";
import { MAX_PAGE_SIZE, type PayloadLimits, roomName, userId } from "./fields";
import { ONE_PLACE, takesOnePlace } from "./payload-schemas";

/** What a key may do: say something, look, or change who may do what. */
export const API_SCOPES = ["publish", "read", "admin"] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** One route of the HTTP API. Its schemas make its validation, its types and its place in the OpenAPI document. */
export interface ApiRoute {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  scope: ApiScope;
  summary: string;
  description: string;
  params: z.ZodType;
  query: z.ZodType;
  body: z.ZodType;
  /** Of a success. */
  status: 200 | 201 | 202;
  answer: z.ZodType;
  /** Beside those that every route can answer with. */
  errors: readonly ErrorCode[];
  /** A call that a server without anything in it answers with success. */
  example: { path: string; body?: unknown };
}

const NO_BODY = z.undefined();
const room = { room: roomName };
const user = { userId };
const query = z.strictObject(namespaceQuery);
const delivery = z
  .enum(["fast", "strict", "default"])
  .meta({ description: "`fast`: shown, then stored; `strict`: stored, then shown; `default`: as the service is set." });
const NOT_STORED = "It is not stored. Who is not connected now never sees it.";

/** All routes of the API, by the name of their operation. */
export function createApiRoutes(limits: PayloadLimits) {
  const bodies = createPublishBodies(limits);
  return {
    publishMessage: route({
      method: "POST",
      path: "/v1/rooms/{room}/messages",
      scope: "publish",
      summary: "Publish a message",
      description:
        "Shown to the room at once, as a message of the user's own would be; answered when it is committed, with its number. " +
        "No answer means that its fate is unknown: send it again with the same `id` or `Idempotency-Key`, as often as you like.",
      ...{ params: z.strictObject(room), query, body: bodies.message, status: 201, answer: messageAccepted },
      errors: ["IDEMPOTENCY_CONFLICT", "STORAGE_REJECTED", "OVERLOADED"],
      example: { path: "/v1/rooms/lobby/messages", body: { userId: "billing", content: "Invoice 17 is paid." } },
    }),
    emitToRoom: route({
      method: "POST",
      path: "/v1/rooms/{room}/events",
      scope: "publish",
      summary: "Emit an event to a room",
      description: `An event of your own to everybody in the room. ${NOT_STORED}`,
      ...{ params: z.strictObject(room), query, body: bodies.roomEvent, status: 202, answer: eventAccepted },
      errors: ["IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_IN_FLIGHT"],
      example: {
        path: "/v1/rooms/lobby/events",
        body: { event: "score_changed", data: { home: 2, away: 1 }, except: ["ada"] },
      },
    }),
    emitToUser: route({
      method: "POST",
      path: "/v1/users/{userId}/events",
      scope: "publish",
      summary: "Emit an event to a user",
      description: `An event of your own to all sockets of the user. ${NOT_STORED} Only for keys of all rooms.`,
      ...{ params: z.strictObject(user), query, body: bodies.userEvent, status: 202, answer: eventAccepted },
      errors: ["IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_IN_FLIGHT"],
      example: { path: "/v1/users/ada/events", body: { event: "order_shipped", data: { order: 17 } } },
    }),
    broadcast: route({
      method: "POST",
      path: "/v1/broadcast",
      scope: "publish",
      summary: "Emit an event to several rooms",
      description: `An event of your own to everybody in the rooms, to each once. ${NOT_STORED}`,
      ...{ params: z.strictObject({}), query, body: bodies.broadcast, status: 202, answer: eventAccepted },
      errors: ["IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_IN_FLIGHT"],
      example: {
        path: "/v1/broadcast",
        body: { event: "maintenance", data: { at: "22:00" }, rooms: ["lobby", "news"] },
      },
    }),
    batch: route({
      method: "POST",
      path: "/v1/batch",
      scope: "publish",
      summary: "Do several of these at once",
      description:
        "Up to 1,000 commands and 1 MiB, done in order; one result for each, in order. One that fails does not stop the rest, " +
        "but after a message that may be sent again later, later ones of the batch to its room fail too, so that their order holds. " +
        "With an `Idempotency-Key` each command has a key of its own, made of it and its place.",
      params: z.strictObject({}),
      query,
      body: z
        .strictObject({
          commands: z
            // Each is judged on its own: one bad command does not keep the others from being done.
            .array(z.unknown().meta({ wire: { $ref: "#/components/schemas/Command" } }))
            .min(1, "is empty")
            .max(MAX_COMMANDS),
        })
        .meta({ id: "Batch" }),
      status: 200,
      answer: z.strictObject({ results: z.array(commandResult) }).meta({ id: "BatchResults" }),
      errors: [],
      example: {
        path: "/v1/batch",
        body: {
          commands: [
            { command: "message", room: "lobby", body: { userId: "billing", content: "Invoice 18 is paid." } },
            { command: "room_event", room: "lobby", body: { event: "invoice_paid", data: { invoice: 18 } } },
            { command: "user_event", userId: "ada", body: { event: "order_shipped", data: { order: 18 } } },
            { command: "broadcast", body: { event: "maintenance", data: null, rooms: ["lobby"] } },
          ],
        },
      },
    }),
    listRooms: route({
      method: "GET",
      path: "/v1/rooms",
      scope: "read",
      summary: "List rooms",
      description: "Rooms with somebody in them that the key's patterns name, by name, 100 a page.",
      params: z.strictObject({}),
      query: query.extend({ after: roomName.optional().meta({ description: "The last name of the page before." }) }),
      ...{ body: NO_BODY, status: 200, answer: roomList, errors: [] },
      example: { path: "/v1/rooms" },
    }),
    readRoom: route({
      method: "GET",
      path: "/v1/rooms/{room}",
      scope: "read",
      summary: "Look at a room",
      description: "A room that nobody has used is answered too: any name is free.",
      ...{ params: z.strictObject(room), query, body: NO_BODY, status: 200 },
      answer: z
        .strictObject({
          room: z.string(),
          epoch: z.string().nullable(),
          lastSeq: z.int().min(0),
          delivery,
          count: z.int().min(0).meta({ description: "People in it." }),
          partial: z.boolean().meta({ description: "Some nodes could not be asked for their people." }),
        })
        .meta({ id: "Room" }),
      errors: [],
      example: { path: "/v1/rooms/lobby" },
    }),
    readMessages: route({
      method: "GET",
      path: "/v1/rooms/{room}/messages",
      scope: "read",
      summary: "Read messages",
      description: "A page of at most 200 messages and 256 KiB, oldest first; the newest one unless a place is named.",
      params: z.strictObject(room),
      query: query
        .extend({
          before: queryNumber(1).optional(),
          after: queryNumber(0).optional(),
          around: queryNumber(1).optional(),
          limit: queryNumber(1, MAX_PAGE_SIZE).optional().meta({ description: "Default: 50." }),
        })
        .refine(takesOnePlace, ONE_PLACE),
      ...{ body: NO_BODY, status: 200, answer: historyPage, errors: [] },
      example: { path: "/v1/rooms/lobby/messages?after=0&limit=20" },
    }),
    listMembers: route({
      method: "GET",
      path: "/v1/rooms/{room}/members",
      scope: "read",
      summary: "List who is online in a room",
      description: "Over all nodes, by user id, 100 a page.",
      params: z.strictObject(room),
      query: query.extend({ after: userId.optional().meta({ description: "The last user id of the page before." }) }),
      ...{ body: NO_BODY, status: 200, answer: presencePage, errors: [] },
      example: { path: "/v1/rooms/lobby/members" },
    }),
    setRoom: route({
      method: "PUT",
      path: "/v1/rooms/{room}",
      scope: "admin",
      summary: "Set how a room's messages are delivered",
      description: "Every node keeps to it within 1 s; while Redis is away, within 15 s.",
      ...{ params: z.strictObject(room), query, body: z.strictObject({ delivery }).meta({ id: "RoomSettings" }) },
      ...{ status: 200, answer: z.strictObject({ room: z.string(), delivery }), errors: ["IDEMPOTENCY_IN_FLIGHT"] },
      example: { path: "/v1/rooms/audit", body: { delivery: "strict" } },
    }),
    addMember: route({
      method: "PUT",
      path: "/v1/rooms/{room}/members/{userId}",
      scope: "admin",
      summary: "Let a user join a room",
      description: "Counts where rooms are for members (`ROOMFUL_ROOM_ACCESS=members`).",
      ...{ params: z.strictObject({ ...room, ...user }), query, body: NO_BODY, status: 200 },
      answer: z.strictObject({ room: z.string(), userId: z.string() }),
      errors: ["IDEMPOTENCY_IN_FLIGHT"],
      example: { path: "/v1/rooms/board/members/ada" },
    }),
    removeMember: route({
      method: "DELETE",
      path: "/v1/rooms/{room}/members/{userId}",
      scope: "admin",
      summary: "No longer let a user join a room",
      description:
        "Where rooms are for members, the user is put out of it on every node within 1 s; while Redis is away, within 15 s.",
      ...{ params: z.strictObject({ ...room, ...user }), query, body: NO_BODY, status: 200 },
      answer: z.strictObject({
        room: z.string(),
        userId: z.string(),
        removed: z.boolean().meta({ description: "false: the user was none." }),
      }),
      errors: ["IDEMPOTENCY_IN_FLIGHT"],
      example: { path: "/v1/rooms/board/members/ada" },
    }),
    disconnectUser: route({
      method: "DELETE",
      path: "/v1/users/{userId}/connections",
      scope: "admin",
      summary: "Disconnect a user",
      description:
        "Ends the user's sockets in the namespace on every node within 1 s; each is told `closing` with DISCONNECTED. " +
        "The user may come back: withdraw the tokens to keep somebody out. Only for keys of all rooms.",
      ...{ params: z.strictObject(user), query, body: NO_BODY, status: 202 },
      answer: z.strictObject({ userId: z.string() }),
      errors: ["IDEMPOTENCY_IN_FLIGHT"],
      example: { path: "/v1/users/ada/connections" },
    }),
    revokeUser: route({
      method: "POST",
      path: "/v1/users/{userId}/revoke",
      scope: "admin",
      summary: "Withdraw a user's tokens",
      description:
        "Tokens from before a moment no longer count, in all namespaces, and sockets that rest on them are cut with REVOKED on " +
        "every node within 1 s; while Redis is away, within 15 s. Only for keys of all rooms.",
      ...{ params: z.strictObject(user), query },
      body: z
        .strictObject({ before: z.iso.datetime().optional().meta({ description: "Default: now." }) })
        .optional()
        .meta({ id: "Revocation" }),
      status: 200,
      answer: z.strictObject({ userId: z.string(), issuedBefore: z.iso.datetime() }),
      errors: ["IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_IN_FLIGHT"],
      example: { path: "/v1/users/mallory/revoke", body: { before: "2026-01-01T00:00:00Z" } },
    }),
  };
}

function route<const Route extends ApiRoute>(declared: Route): Route {
  return declared;
}

type ApiRoutes = ReturnType<typeof createApiRoutes>;
export type ApiOperation = keyof ApiRoutes;
/** What a call brings, after the schemas have taken it. */
export interface ApiInput<Operation extends ApiOperation> {
  params: z.output<ApiRoutes[Operation]["params"]>;
  query: z.output<ApiRoutes[Operation]["query"]>;
  body: z.output<ApiRoutes[Operation]["body"]>;
}
export type ApiAnswer<Operation extends ApiOperation> = z.output<ApiRoutes[Operation]["answer"]>;
