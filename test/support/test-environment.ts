import { TestEnvironment } from "jest-environment-node";

const LOOK_EVERY_MS = 500;
const watched = globalThis as typeof globalThis & { jestWatch?: NodeJS.Timeout };

/**
 * Node's environment in a worker that ends with jest. Jest may be killed in the middle of a test; its workers would go on
 * with what they were waiting for, and so would everything that they have started. Only an environment sees the process
 * itself: what test files call `process` is a copy, whose listeners nothing calls.
 */
export default class WorkerEnvironment extends TestEnvironment {
  override async setup(): Promise<void> {
    await super.setup();
    const jest = process.ppid;
    // Once a worker, and not once a file. By its number: a listener for the end of the channel keeps the channel open.
    watched.jestWatch ??= setInterval(() => {
      if (process.ppid !== jest) {
        process.exit(1);
      }
    }, LOOK_EVERY_MS).unref();
  }
}
