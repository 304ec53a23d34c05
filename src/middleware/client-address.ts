import { isIP } from "node:net";

interface AddressSource {
  address: string;
  headers: Record<string, string | string[] | undefined>;
}

/** The client's address. Behind a proxy it is the last that X-Forwarded-For names: earlier ones are the client's own words. */
export function createAddressOf(trustProxy: boolean) {
  return ({ address, headers }: AddressSource): string => {
    const forwarded = trustProxy ? [headers["x-forwarded-for"]].flat().join(",") : "";
    return plainAddress(forwarded.split(",").at(-1)?.trim() ?? "") ?? plainAddress(address) ?? address;
  };
}

const WITH_PORT = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d+)?$/;

/**
 * The address alone, in its one form, so that it is counted once: some proxies add the client's port, which is another
 * one for each connection, and a port that is open to both families shows IPv4 as ::ffff:1.2.3.4. undefined: it is no address.
 */
function plainAddress(text: string): string | undefined {
  const [, inBrackets, v4] = WITH_PORT.exec(text) ?? [];
  const [address = ""] = (inBrackets ?? v4 ?? text).split("%");
  switch (isIP(address)) {
    case 4:
      return address;
    case 6: {
      const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
      return mappedIn(plain) ?? plain;
    }
    default:
      return undefined;
  }
}

/** The IPv4 address in ::ffff:102:304, as URLs write ::ffff:1.2.3.4. */
function mappedIn(address: string): string | undefined {
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) {
    return undefined;
  }
  return [high, low].flatMap((part) => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 0xff]).join(".");
}

const NETWORK_GROUPS = 4;
const ADDRESS_GROUPS = 8;

/** What limits count: an IPv4 address, or the 64 bits of an IPv6 one that its owner was given. The rest of it is theirs to choose. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) {
    return address;
  }
  const [before = [], after = []] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array<string>(ADDRESS_GROUPS - before.length - after.length).fill("0");
  return `${[...before, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(":")}::/64`;
}
