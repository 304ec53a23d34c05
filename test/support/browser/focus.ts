import type { Page } from "playwright-core";

const MOST_TABS = 40;

/** Goes on with Tab until what has this name has the focus. Throws at a stop that cannot be seen. */
export async function tabTo(page: Page, name: string): Promise<void> {
  const stops: string[] = [];
  while (stops.length < MOST_TABS) {
    await page.keyboard.press("Tab");
    const stop = await nameOfFocus(page);
    if (stop !== undefined && !(await isFocusSeen(page))) {
      throw new Error(`nothing shows that the focus is on ${stop}`);
    }
    if (stop === name) {
      return;
    }
    stops.push(stop ?? "nothing");
  }
  throw new Error(`Tab never comes to ${name}, but to ${stops.join(", ")}`);
}

/** What a screen reader calls what has the focus; undefined: nothing has. */
async function nameOfFocus(page: Page): Promise<string | undefined> {
  const focused = page.locator("*:focus");
  if ((await focused.count()) === 0) {
    return undefined;
  }
  const [line = ""] = (await focused.ariaSnapshot()).split("\n");
  return /^- \w+ "((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line;
}

/** Is there a ring around it, or around what it stands in, that is not there without the focus? */
function isFocusSeen(page: Page): Promise<boolean> {
  return page.locator("*:focus").evaluate((focused) => {
    const ringsOf = (element: Element): string => {
      const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor } = getComputedStyle(element);
      return `${outlineStyle === "none" ? "" : outlineWidth + outlineColor} ${boxShadow} ${borderColor}`;
    };
    const around = [focused, focused.parentElement, focused.parentElement?.parentElement].filter((each) => !!each);
    for (const animation of document.getAnimations()) {
      animation.finish();
    }
    const withFocus = around.map(ringsOf);
    (focused as HTMLElement).blur();
    for (const animation of document.getAnimations()) {
      animation.finish();
    }
    const without = around.map(ringsOf);
    (focused as HTMLElement).focus();
    return withFocus.some((rings, index) => rings !== without[index]);
  });
}
