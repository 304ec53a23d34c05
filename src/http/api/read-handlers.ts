import { DEFAULT_PAGE_SIZE } from "../../contract/fields";
import { type ApiHandlers, checkRooms, fromPostgres } from "./api-call";
import type { ApiSources } from "./api-sources";

type ReadHandlers = Pick<ApiHandlers, "listRooms" | "readRoom" | "readMessages" | "listMembers">;

/** What a `read` key may look at. */
export function createReadHandlers(sources: ApiSources): ReadHandlers {
  const read = async <Answer>(run: () => Promise<Answer>) => ({
    answer: await fromPostgres(run, sources),
    isReplayed: false,
  });

  return {
    async listRooms({ query: { after } }, { caller: { rooms }, namespace }) {
      const accepts = (room: string): boolean => !rooms || sources.matchesRoom(rooms, room);
      return read(() => namespace.listRooms(after, accepts));
    },
    async readRoom({ params: { room } }, { caller, namespace }) {
      checkRooms(caller, [room], sources);
      return read(() => namespace.readRoom(room));
    },
    async readMessages({ params: { room }, query }, { caller, namespace }) {
      checkRooms(caller, [room], sources);
      const { before, after, around, limit = DEFAULT_PAGE_SIZE } = query;
      return read(() => namespace.readHistory({ room, before, after, around, limit }));
    },
    async listMembers({ params: { room }, query: { after } }, { caller, namespace }) {
      checkRooms(caller, [room], sources);
      return read(() => namespace.listMembers(room, after));
    },
  };
}
