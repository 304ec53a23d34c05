import type { Service } from "./service";

/**
 * Starts services in order and stops them in reverse, so that each one still has
 * what it depends on while it drains. One that fails to stop does not keep the
 * others from stopping; its error is thrown at the end.
 */
export class ServiceStack {
  private readonly started: Service[] = [];
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  constructor(private readonly services: readonly Service[]) {}

  /**
   * Starts each service after the one before it; when one fails, stops what was started and throws its error.
   * After `stop`, or during it, nothing more is started.
   */
  start(): Promise<void> {
    this.starting ??= this.startAll();
    return this.starting;
  }

  /** Stops in reverse, after what is just starting. A second call, also one during the first, waits for the same end. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  /** Names of what is still running, the next to stop first. */
  get running(): string[] {
    return this.started.map(({ name }) => name).reverse();
  }

  private async startAll(): Promise<void> {
    try {
      for (const service of this.services) {
        if (this.stopping) {
          return;
        }
        this.started.push(service);
        await service.start();
      }
    } catch (error) {
      await this.stopStarted().catch(() => {
        // The error that made start() fail is the one to report.
      });
      throw error;
    }
  }

  private async stopAll(): Promise<void> {
    await this.starting?.catch(() => {
      // It was thrown to whoever called start(), and what it had started is stopped.
    });
    await this.stopStarted();
  }

  private async stopStarted(): Promise<void> {
    const errors: unknown[] = [];
    for (let service = this.started.at(-1); service; service = this.started.at(-1)) {
      try {
        await service.stop();
      } catch (cause) {
        errors.push(new Error(`${service.name} did not stop`, { cause }));
      }
      this.started.pop();
    }
    if (errors.length > 0) {
      throw new AggregateError(errors, "shutdown was not clean");
    }
  }
}
