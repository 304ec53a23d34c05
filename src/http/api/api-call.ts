import type { ApiCaller } from "../../contract/api-caller";
import type { ApiAnswer, ApiInput, ApiOperation } from "../../contract/api-routes";
import { RoomfulError } from "../../contract/roomful-error";
import type { ApiNamespace, ApiSources } from "./api-sources";

/** One call, with who makes it and where. */
export interface ApiCall {
  caller: ApiCaller;
  namespace: ApiNamespace;
  /** The header Idempotency-Key. */
  idempotencyKey: string | undefined;
}

/** What a call is answered with. */
export interface Answered<Answer> {
  answer: Answer;
  /** An earlier call with the same key has done it. */
  isReplayed: boolean;
}

type ApiHandler<Operation extends ApiOperation> = (
  input: ApiInput<Operation>,
  call: ApiCall,
) => Promise<Answered<ApiAnswer<Operation>>>;

export type ApiHandlers = { [Operation in ApiOperation]: ApiHandler<Operation> };

const RETRY_MS = 1_000;

/** Throws ROOM_FORBIDDEN unless the key's patterns name all of the rooms. */
export function checkRooms({ rooms }: ApiCaller, wanted: readonly string[], { matchesRoom }: ApiSources): void {
  if (rooms && !wanted.every((room) => matchesRoom(rooms, room))) {
    throw new RoomfulError("ROOM_FORBIDDEN");
  }
}

/** Throws ROOM_FORBIDDEN for a key of some rooms: what is about a user reaches into all of them. */
export function checkAllRooms({ rooms }: ApiCaller): void {
  if (rooms) {
    throw new RoomfulError("ROOM_FORBIDDEN");
  }
}

/** Runs what needs Postgres. Throws UNAVAILABLE when it is out of reach, at once when that is known. */
export async function fromPostgres<Result>(
  run: () => Promise<Result>,
  { isAvailable, isUnavailable }: Pick<ApiSources, "isAvailable" | "isUnavailable">,
): Promise<Result> {
  if (!isAvailable()) {
    throw new RoomfulError("UNAVAILABLE", { retryAfterMs: RETRY_MS });
  }
  try {
    return await run();
  } catch (cause) {
    if (!(cause instanceof RoomfulError) && isUnavailable(cause)) {
      throw new RoomfulError("UNAVAILABLE", { retryAfterMs: RETRY_MS, cause });
    }
    throw cause;
  }
}
