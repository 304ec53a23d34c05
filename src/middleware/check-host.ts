import type { IncomingMessage } from "node:http";
import { isIPv4 } from "node:net";

import type { RoomfulConfig } from "../config/config";
import { isLoopback } from "../config/loopback";

export interface HostOptions {
  mode: RoomfulConfig["mode"];
  http: Pick<RoomfulConfig["http"], "host" | "allowedHosts">;
}

/**
 * Says whether a request may name the host that it names. A foreign page whose own name is made to lead to this machine
 * (DNS rebinding) is of the same origin to its browser, and could read a token; only `Host` gives it away.
 *
 * Loopback names are right, and those that are listed. An address is no name that somebody else could redirect: where
 * the port is open to other machines it is right as well. Production hands out no tokens, and takes any host unless
 * some are listed.
 */
export function createHostCheck({ mode, http }: HostOptions): (request: Pick<IncomingMessage, "headers">) => boolean {
  const listed = http.allowedHosts.map((host) => host.toLowerCase());
  const isOpen = mode === "production" || (http.host !== undefined && !isLoopback(http.host));

  return ({ headers: { host } }) => {
    if (mode === "production" && listed.length === 0) {
      return true;
    }
    const name = nameOf(host ?? "");
    return (
      name !== undefined &&
      (isLoopback(name) || (isOpen && isAddress(name)) || listed.some((pattern) => matches(pattern, name)))
    );
  };
}

/** The name or address in a `Host`, without its port, as browsers write it; undefined: it is none. */
function nameOf(host: string): string | undefined {
  // Anything else could make it another part of an address.
  if (!/^[\w.:[\]-]+$/.test(host) || !URL.canParse(`http://${host}`)) {
    return undefined;
  }
  return new URL(`http://${host}`).hostname.replace(/\.$/, "");
}

function isAddress(name: string): boolean {
  return name.startsWith("[") || isIPv4(name);
}

function matches(pattern: string, name: string): boolean {
  return pattern.startsWith("*.") ? name.endsWith(pattern.slice(1)) : name === pattern;
}
