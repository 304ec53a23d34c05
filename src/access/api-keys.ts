import { createHash, timingSafeEqual } from "node:crypto";

import type { ApiCaller } from "../contract/api-caller";
import { RoomfulError } from "../contract/roomful-error";

const BEARER_PATTERN = /^Bearer +([A-Za-z0-9._~+/=-]{1,256})$/i;

/** Knows the keys by their hashes only, and compares all of them, so that the time it takes says nothing. */
export class ApiKeys {
  constructor(private readonly keys: readonly (ApiCaller & { hash: Buffer })[]) {}

  /** Whose key the header `Authorization` carries. Throws API_KEY_INVALID. */
  callerOf(authorization: string | undefined): ApiCaller {
    const [, key] = BEARER_PATTERN.exec(authorization ?? "") ?? [];
    const hash = createHash("sha256")
      .update(key ?? "")
      .digest();
    let caller: ApiCaller | undefined;
    for (const each of this.keys) {
      const isIt = timingSafeEqual(each.hash, hash);
      caller = isIt && key !== undefined ? each : caller;
    }
    if (!caller) {
      throw new RoomfulError("API_KEY_INVALID");
    }
    return caller;
  }
}
