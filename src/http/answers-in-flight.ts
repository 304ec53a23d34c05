import type { Server, ServerResponse } from "node:http";

/** Requests that have not been answered to the end, so that the port closes after the answers and not before. */
export class AnswersInFlight {
  private readonly open = new Set<ServerResponse>();
  private onNone: (() => void) | undefined;

  constructor(server: Server) {
    server.on("request", (_request, response: ServerResponse) => {
      this.open.add(response);
      // Comes in the end however it ends.
      response.once("close", () => {
        this.open.delete(response);
        if (this.open.size === 0) {
          this.onNone?.();
        }
      });
    });
  }

  /** Resolves when all have left, or after a time: what is not stored by then has no answer. */
  async left(timeoutMs: number): Promise<void> {
    if (this.open.size === 0) {
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.onNone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
