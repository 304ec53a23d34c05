import { throwaway } from "./throwaway";

/** What a failed test has left open may take so long to end by itself. */
const PATIENCE_MS = 10_000;

/** After all tests. */
export default async function stopPostgres(): Promise<void> {
  // Only where something else keeps the process alive: a failed test of a run without workers may have left a server.
  setTimeout(() => {
    console.error("The tests are over, and something is still open: ended by force.");
    process.exit();
  }, PATIENCE_MS).unref();
  await throwaway.postgres?.drop();
}
