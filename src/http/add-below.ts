import type { FastifyInstance } from "fastify";

/**
 * Adds routes below the base path. `/livez`, `/readyz` and `/metrics` are not among them: a proxy that hands everything
 * below the path on makes it public, and probes go to the node itself.
 */
export function addBelow(
  app: FastifyInstance,
  basePath: string | undefined,
  addRoutes: (routes: FastifyInstance) => void,
): void {
  app.register(async (routes) => addRoutes(routes), { prefix: basePath ?? "" });
}
