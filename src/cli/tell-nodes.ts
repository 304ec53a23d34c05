import type { RoomfulConfig } from "../config/config";
import { announceAccessChange } from "../redis/access-notice";

/** Lets running nodes look at memberships and revocations now, where they can be reached. */
export async function tellNodes({ url }: RoomfulConfig["redis"]): Promise<void> {
  if (url === undefined) {
    return;
  }
  await announceAccessChange(url).catch(() => {
    console.error("roomful: Redis does not answer; running nodes see it within 15 s");
  });
}
