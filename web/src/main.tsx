import { render } from "preact";

import type { Keeper } from "./model/identity";
import { keeperBelow } from "./model/page-keeper";
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

// The page is served at "/" of where the service stands.
const basePath = location.pathname.replace(/\/+$/, "");
const keeper = keeperBelow(basePath, keeperOfPage());
// Said by the service, where it is not "/".
const namespace = document.querySelector<HTMLMetaElement>('meta[name="roomful-namespace"]')?.content ?? "/";
render(
  <Page service={{ url: location.origin + basePath, namespace }} keeper={keeper} />,
  document.getElementById("page") as HTMLElement,
);
