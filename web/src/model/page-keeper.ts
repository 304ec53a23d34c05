import type { Keeper } from "./identity";

/** What this page keeps in the browser. */
export interface PageKeeper extends Keeper {
  /** What this page calls what is kept under this name; undefined: it is another page's. */
  keyOf(kept: string): string | undefined;
}

/** All pages of an origin share its storage: each service under a path of its own keeps apart what is its own. */
export function keeperBelow(basePath: string, keeper: Keeper): PageKeeper {
  return {
    getItem: (key) => keeper.getItem(basePath + key),
    setItem: (key, value) => keeper.setItem(basePath + key, value),
    removeItem: (key) => keeper.removeItem(basePath + key),
    keyOf: (kept) => (kept.startsWith(basePath) ? kept.slice(basePath.length) : undefined),
  };
}
