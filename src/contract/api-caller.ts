import type { ApiScope } from "./api-routes";

/** Who calls the HTTP API, and what its key allows. */
export interface ApiCaller {
  name: string;
  scopes: readonly ApiScope[];
  /** Patterns of rooms; undefined: all, and what is about no room. */
  rooms: readonly string[] | undefined;
}
