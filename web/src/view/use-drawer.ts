import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export type DrawerName = "rooms" | "people";

/** The widths at which a drawer is no drawer any more: as in `styles/layout.css`. */
const WIDE: Record<DrawerName, string> = { rooms: "(min-width: 760px)", people: "(min-width: 1080px)" };

/** At most one drawer is open. The focus goes into it, and back to where it came from. */
export function useDrawer() {
  const [drawer, setDrawer] = useState<DrawerName>();
  const opener = useRef<Element | null>(null);

  const close = useCallback(() => setDrawer(undefined), []);
  const open = useCallback((name: DrawerName) => {
    opener.current = document.activeElement;
    setDrawer(name);
  }, []);

  useEffect(() => {
    if (!drawer) {
      return undefined;
    }
    document.querySelector<HTMLElement>(`#${drawer} .drawer-close`)?.focus();
    const wide = matchMedia(WIDE[drawer]);
    const onKey = ({ key }: KeyboardEvent): void => {
      if (key === "Escape") {
        close();
      }
    };
    wide.addEventListener("change", close);
    document.addEventListener("keydown", onKey);
    return () => {
      wide.removeEventListener("change", close);
      document.removeEventListener("keydown", onKey);
      const isFocusElsewhere = document.activeElement?.closest(".stage");
      // A room that was chosen in the drawer has the focus already.
      if (opener.current instanceof HTMLElement && opener.current.isConnected && !isFocusElsewhere) {
        opener.current.focus();
      }
    };
  }, [drawer]);

  return { drawer, open, close };
}
