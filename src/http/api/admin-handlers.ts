import { type ApiHandlers, checkAllRooms, checkRooms, fromPostgres } from "./api-call";
import type { ApiSources } from "./api-sources";
import { once } from "./idempotency";

type AdminHandlers = Pick<ApiHandlers, "setRoom" | "addMember" | "removeMember" | "disconnectUser" | "revokeUser">;

/** What an `admin` key may change. */
export function createAdminHandlers(sources: ApiSources): AdminHandlers {
  const { administration } = sources;
  const inPostgres = <Result>(run: () => Promise<Result>): Promise<Result> => fromPostgres(run, sources);

  return {
    async setRoom({ params: { room }, body: { delivery } }, call) {
      checkRooms(call.caller, [room], sources);
      return once(call, ["setRoom", room, delivery], sources, async () => {
        const own = delivery === "default" ? null : delivery;
        await inPostgres(() => administration.setDelivery(call.namespace.name, room, own));
        return { room, delivery };
      });
    },
    async addMember({ params: { room, userId } }, call) {
      checkRooms(call.caller, [room], sources);
      return once(call, ["addMember", room, userId], sources, async () => {
        await inPostgres(() => administration.addMember(call.namespace.name, room, userId));
        return { room, userId };
      });
    },
    async removeMember({ params: { room, userId } }, call) {
      checkRooms(call.caller, [room], sources);
      return once(call, ["removeMember", room, userId], sources, async () => {
        const removed = await inPostgres(() => administration.removeMember(call.namespace.name, room, userId));
        return { room, userId, removed };
      });
    },
    async disconnectUser({ params: { userId } }, call) {
      checkAllRooms(call.caller);
      return once(call, ["disconnectUser", userId], sources, async () => {
        await administration.disconnect(call.namespace.name, userId);
        return { userId };
      });
    },
    async revokeUser({ params: { userId }, body }, call) {
      checkAllRooms(call.caller);
      return once(call, ["revokeUser", userId, body?.before], sources, async () => {
        const issuedBefore = new Date(body?.before ?? sources.now());
        await inPostgres(() => administration.revoke(userId, issuedBefore));
        return { userId, issuedBefore: issuedBefore.toISOString() };
      });
    },
  };
}
