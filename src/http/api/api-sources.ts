import type { CustomEvent, EventTarget } from "../../broadcast/room-emitter";
import type { ApiAnswer } from "../../contract/api-routes";
import type { PresencePage, RoomList } from "../../contract/events";
import type { HistoryReader } from "../../handlers/history-handler";
import type { MessagePublisher } from "../../handlers/message-publisher";
import type { IdempotencyStore } from "./idempotency";

/** What the API does in one namespace. */
export interface ApiNamespace {
  name: string;
  publisher: Pick<MessagePublisher, "deliveryIn" | "publish">;
  emit(target: EventTarget, event: CustomEvent): void;
  readHistory: HistoryReader;
  listMembers(room: string, after: string | undefined): Promise<PresencePage>;
  listRooms(after: string | undefined, accepts: (room: string) => boolean): Promise<RoomList>;
  readRoom(room: string): Promise<ApiAnswer<"readRoom">>;
}

/** What the API changes, on all nodes. */
export interface ApiAdministration {
  setDelivery(namespace: string, room: string, delivery: "fast" | "strict" | null): Promise<void>;
  addMember(namespace: string, room: string, userId: string): Promise<void>;
  /** Answers whether there was such a member. */
  removeMember(namespace: string, room: string, userId: string): Promise<boolean>;
  /** Throws UNAVAILABLE when other nodes could not be told. */
  disconnect(namespace: string, userId: string): Promise<void>;
  revoke(userId: string, issuedBefore: Date): Promise<void>;
}

/** Everything that the API rests on. */
export interface ApiSources {
  namespaces: ReadonlyMap<string, ApiNamespace>;
  administration: ApiAdministration;
  idempotency: IdempotencyStore;
  matchesRoom(patterns: readonly string[], room: string): boolean;
  isDraining(): boolean;
  /** Milliseconds since 1970. */
  now(): number;
  /** False while Postgres is known to be away. */
  isAvailable(): boolean;
  /** Whether an error says that Postgres is out of reach. */
  isUnavailable(error: unknown): boolean;
  onError(error: unknown): void;
}
