/** Scheme, perhaps a wildcard in place of the first names, host with port, and no more than a slash behind it. */
const ORIGIN = /^([a-z][a-z\d+.-]*):\/\/(\*\.)?([^\s/\\?#@*,]+)\/?$/i;
const DNS_NAME = /^[a-z\d-]+(\.[a-z\d-]+)*(:\d+)?$/;

/** What a sandboxed page, or one of a file, is said to be of. */
const NO_ORIGIN = "null";

/**
 * An origin as browsers write it: in lower case, without the scheme's own port and without a slash at the end.
 * undefined: it is none, or more than one, with a path for instance.
 */
export function normalizeOrigin(text: string): string | undefined {
  const [, scheme = "", wildcard, address = ""] = ORIGIN.exec(text) ?? [];
  if (text === NO_ORIGIN) {
    return NO_ORIGIN;
  }
  return wildcard === undefined ? originOf(scheme, address) : undefined;
}

/** Like `normalizeOrigin`, for a list of origins: `https://*.example.com` stands for all names below example.com, and not for itself. */
export function normalizeListedOrigin(text: string): string | undefined {
  const [, scheme = "", wildcard, address = ""] = ORIGIN.exec(text) ?? [];
  if (wildcard === undefined) {
    return normalizeOrigin(text);
  }
  const origin = originOf(scheme, address);
  const [, above = ""] = origin?.split("://") ?? [];
  // Below an address there are no names.
  return DNS_NAME.test(above) && !/^[\d.:]+$/.test(above) ? origin?.replace("://", "://*.") : undefined;
}

function originOf(scheme: string, address: string): string | undefined {
  const url = `${scheme}://${address}`;
  if (!URL.canParse(url)) {
    return undefined;
  }
  const { protocol, host } = new URL(url);
  return host === "" ? undefined : `${protocol}//${host}`.toLowerCase();
}
