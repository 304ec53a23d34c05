import { IncomingMessage } from "node:http";

/**
 * Makes the class of requests of a server that are upgraded only where they ask Socket.IO, at that path, for a websocket.
 *
 * Once somebody listens for upgrades, Node takes each request with an `Upgrade` for one, and it has no answer unless it
 * is for them: `curl --http2` and Java's HttpClient offer h2c with every request. RFC 9110 (7.8) lets a server ignore
 * what it does not speak. Node asks for `upgrade` when the headers are there, on every version that we run on;
 * `shouldUpgradeCallback`, made for this, came with 24.9. A CONNECT, too, is answered like any other request.
 */
export function createWebsocketRequest(socketPath: string): typeof IncomingMessage {
  return class WebsocketRequest extends IncomingMessage {
    declare private asksForUpgrade: boolean | null;

    get upgrade(): boolean {
      const { upgrade = "" } = this.headers;
      // As Engine.IO compares.
      const isForSockets = this.url?.startsWith(socketPath) === true;
      return this.asksForUpgrade === true && isForSockets && upgrade.toLowerCase() === "websocket";
    }

    /** What Node has read of it. */
    set upgrade(asks: boolean | null) {
      this.asksForUpgrade = asks;
    }
  };
}
