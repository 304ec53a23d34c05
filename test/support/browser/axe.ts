import { readFileSync } from "node:fs";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const GRAVE = ["serious", "critical"];

/** What axe finds in the page as it is now that keeps people out: each rule with the elements that break it. */
export async function findBarriers(page: Page): Promise<string[]> {
  // As the console does it: the page's content security policy lets no script in that is not its own.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: AXE });
  const { result } = await session.send("Runtime.evaluate", {
    ...{ expression: "axe.run().then(JSON.stringify)", awaitPromise: true, returnByValue: true },
  });
  await session.detach();
  const { violations, passes } = JSON.parse(String(result.value)) as AxeResults;
  if (passes.length === 0) {
    throw new Error("axe has looked at nothing");
  }
  return violations
    .filter(({ impact }) => GRAVE.includes(impact ?? ""))
    .flatMap(({ id, impact, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${impact} ${id}: ${html}\n${failureSummary}`),
    );
}
