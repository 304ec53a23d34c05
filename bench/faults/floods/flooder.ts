/** Entry of a flooder: does what its parent tells it, once, and answers what came of it. */
import type { AttackPlan, AttackReport } from "./attack";
import { ATTACKS } from "./attacks";

process.once("message", async ({ name, url, tokens, seconds, maxConnections }: AttackPlan) => {
  const report: AttackReport = { sent: 0, bytesSent: 0, connectionsOpened: 0, connectionsEnded: 0 };
  const endMs = performance.now() + seconds * 1_000;
  const isOver = (): boolean => performance.now() >= endMs;
  await Promise.all(
    tokens.map(async (token, index) => {
      while (!isOver() && report.connectionsOpened < maxConnections) {
        await ATTACKS[name]({ url, token, index, report, isOver });
      }
    }),
  );
  process.send?.(report);
});
process.on("disconnect", () => process.exit(0));
