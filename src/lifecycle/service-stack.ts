import type { Service } from "./service";

/**
 * Starts services in order and stops them in reverse, so that each one still has
 * what it depends on while it drains. One that fails to stop does not keep the
 * others from stopping; its error is thrown at the end.
 */
export class ServiceStack {
  private readonly started: Service[] = [];
  private stopping: Promise<void> | undefined;

  constructor(private readonly services: readonly Service[]) {}

  /** Starts each service after the one before it; when one fails, stops what was started and throws its error. */
  async start(): Promise<void> {
    try {
      for (const service of this.services) {
        this.started.push(service);
        await service.start();
      }
    } catch (error) {
      await this.stop().catch(() => {
        // The error that made start() fail is the one to report.
      });
      throw error;
    }
  }

  /** Stops in reverse. A second call, also one during the first, waits for the same end. */
  stop(): Promise<void> {
    this.stopping ??= this.stopStarted();
    return this.stopping;
  }

  /** Names of what is still running, the next to stop first. */
  get running(): string[] {
    return this.started.map(({ name }) => name).reverse();
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
