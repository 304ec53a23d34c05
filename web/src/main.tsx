import { render } from "preact";

import type { Keeper } from "./model/identity";
import { Page } from "./view/page";

/** A browser that forbids its storage is done without: one signs in anew after a reload. */
function keeperOfPage(): Keeper {
  try {
    localStorage.getItem("");
    return localStorage;
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}

render(<Page keeper={keeperOfPage()} />, document.getElementById("page") as HTMLElement);
