import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";

import { RoomfulError } from "../contract/roomful-error";
import { addBelow } from "./add-below";
import { addDevelopmentRoutes, type DevelopmentRoutesOptions } from "./development-routes";
import { addPageRoutes } from "./page-routes";

export interface DevelopmentPagesOptions extends DevelopmentRoutesOptions {
  basePath: string | undefined;
  /** Where the page is to connect. */
  namespace: string;
  /** Whether the service may be called by the request's `Host`. */
  isAllowedHost(request: IncomingMessage): boolean;
}

/** The page and its tokens, for whoever calls the service by a name of its own. */
export function addDevelopmentPages(app: FastifyInstance, options: DevelopmentPagesOptions): void {
  addBelow(app, options.basePath, (pages) => {
    pages.addHook("onRequest", async ({ raw }) => {
      if (!options.isAllowedHost(raw)) {
        throw new RoomfulError("HOST_REFUSED");
      }
    });
    addDevelopmentRoutes(pages, options);
    addPageRoutes(pages, options);
  });
}
