import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";

export interface HealthSources {
  /** Reasons why no new clients should be sent here; empty: ready. */
  notReadyReasons(): string[];
  /** What is out of order and does not keep the node from serving. */
  degradedReasons(): string[];
  registry: Registry;
}

/** `/livez`, `/readyz` and `/metrics`. */
export function addHealthRoutes(app: FastifyInstance, sources: HealthSources): void {
  app.get("/livez", () => ({ status: "live" }));

  // A node without Postgres stays ready: it goes on delivering, and all nodes would leave the balancer at once.
  app.get("/readyz", (_request, reply) => {
    const reasons = sources.notReadyReasons();
    const degraded = sources.degradedReasons();
    return reply.status(reasons.length === 0 ? 200 : 503).send({
      status: reasons.length === 0 ? "ready" : "not ready",
      reasons,
      degraded,
    });
  });

  app.get("/metrics", async (_request, reply) => {
    const text = await sources.registry.metrics();
    return reply.type(sources.registry.contentType).send(text);
  });
}
