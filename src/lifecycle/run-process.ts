import type { Logger } from "../observability/logger";

interface Stoppable {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** What is still running. */
  readonly running: string[];
}

export interface RunProcessOptions {
  service: Stoppable;
  /** The process ends with status 1 when stopping takes longer. */
  timeoutMs: number;
  logger: Pick<Logger, "info" | "error" | "fatal" | "flush">;
}

/**
 * Runs a service for as long as the process lives: SIGTERM and SIGINT stop it in order (exit 0),
 * a second one ends the process at once, and an error that nobody caught stops it in order too (exit 1).
 */
export async function runProcess({ service, timeoutMs, logger }: RunProcessOptions): Promise<{ isServing: boolean }> {
  let isStopping = false;

  const stop = (exitCode: number): void => {
    isStopping = true;
    const deadline = setTimeout(() => {
      logger.error({ running: service.running }, "stopping took too long");
      exit(1);
    }, timeoutMs);
    service.stop().then(
      () => {
        clearTimeout(deadline);
        logger.info("stopped");
        exit(exitCode);
      },
      (error: unknown) => {
        logger.error({ err: error }, "stopping was not clean");
        exit(1);
      },
    );
  };
  const exit = (code: number): void => {
    logger.flush();
    process.exit(code);
  };

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (isStopping) {
        exit(1);
      }
      logger.info({ signal }, "stopping");
      stop(0);
    });
  }
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, event);
      if (!isStopping) {
        stop(1);
      }
    });
  }

  await service.start();
  // A signal may have come while it started.
  return { isServing: !isStopping };
}
