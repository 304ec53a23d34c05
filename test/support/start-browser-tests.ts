import { findChromium } from "./chromium";
import startPostgres from "./start-postgres";

/** Before the browser tests: without a browser all of them fail, for one reason that is said once. */
export default async function startBrowserTests(): Promise<void> {
  findChromium();
  await startPostgres();
}
