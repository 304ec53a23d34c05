import { IncomingMessage } from "node:http";

/** Where Socket.IO listens, below whatever path. */
const SOCKET_PATH = /^[^?]*\/socket\.io\/(\?|$)/;

/**
 * A request that is upgraded only where it asks Socket.IO for a websocket.
 *
 * Once somebody listens for upgrades, Node takes each request with an `Upgrade` for one, and it has no answer unless it
 * is for them: `curl --http2` and Java's HttpClient offer h2c with every request. RFC 9110 (7.8) lets a server ignore
 * what it does not speak. Node asks for `upgrade` when the headers are there, on every version that we run on;
 * `shouldUpgradeCallback`, made for this, came with 24.9. A CONNECT, too, is answered like any other request.
 */
export class WebsocketRequest extends IncomingMessage {
  declare private asksForUpgrade: boolean | null;

  get upgrade(): boolean {
    const { upgrade = "" } = this.headers;
    return this.asksForUpgrade === true && upgrade.toLowerCase() === "websocket" && SOCKET_PATH.test(this.url ?? "");
  }

  /** What Node has read of it. */
  set upgrade(asks: boolean | null) {
    this.asksForUpgrade = asks;
  }
}
