import type { Locator } from "playwright-core";

/** Where an element stands on the screen, when it has stood there for some frames. */
export function restingPlace(element: Locator): Promise<number> {
  return element.evaluate(async (it) => {
    let place = Number.NaN;
    for (let still = 0; still < 5; ) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const { top } = it.getBoundingClientRect();
      still = top === place ? still + 1 : 0;
      place = top;
    }
    return place;
  });
}

/** Is it inside what its scroll container shows? */
export async function isInSight(element: Locator, container: Locator): Promise<boolean> {
  await restingPlace(element);
  const [inner, outer] = [await element.boundingBox(), await container.boundingBox()];
  return inner !== null && outer !== null && inner.y + inner.height <= outer.y + outer.height + 1 && inner.y >= outer.y;
}
