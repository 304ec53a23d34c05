/** What REDIS_URL names. */
export type RedisAddress =
  | { kind: "server"; url: string }
  | {
      kind: "sentinel";
      sentinels: readonly HostAndPort[];
      /** What the Sentinels call the primary. */
      name: string;
      database: number;
      isSecure: boolean;
      credentials: Credentials;
      /** Of the Sentinels themselves. */
      sentinelCredentials: Credentials;
    }
  | { kind: "cluster"; nodes: readonly HostAndPort[]; isSecure: boolean; credentials: Credentials };

export interface HostAndPort {
  host: string;
  port: number;
}

interface Credentials {
  username?: string;
  password?: string;
}

/** `redis-sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME` and the like, which is no URL: those have one host. */
const MANY_HOSTS = /^redis(s?)-(sentinel|cluster):\/\/(?:([^@/?]*)@)?([^@/?]+)(?:\/([^?]*))?(?:\?(.*))?$/;
const HOST = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/;
const DEFAULT_PORTS = { sentinel: 26_379, cluster: 6_379 } as const;

/** @throws Error saying what was expected; it holds nothing of what was given. */
export function parseRedisAddress(text: string): RedisAddress {
  const [whole, secure, kind, login = "", hosts = "", path = "", query = ""] = MANY_HOSTS.exec(text) ?? [];
  if (whole === undefined) {
    if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) {
      throw new Error(
        "an address that begins with redis://, rediss://, redis-sentinel:// or redis-cluster:// (docs/redis.md)",
      );
    }
    return { kind: "server", url: text };
  }
  const isSecure = secure === "s";
  const credentials = credentialsOf(login);
  if (kind === "cluster") {
    if (path !== "" || query !== "") {
      throw new Error("redis-cluster://HOST:PORT,HOST:PORT: a cluster has one database, and no name");
    }
    return { kind, nodes: hostsOf(hosts, DEFAULT_PORTS.cluster), isSecure, credentials };
  }
  const [, name, database = "0"] = /^([A-Za-z0-9._-]+)(?:\/(\d{1,4}))?$/.exec(path) ?? [];
  const asked = new URLSearchParams(query);
  const unknown = [...asked.keys()].filter((key) => key !== "sentinelUsername" && key !== "sentinelPassword");
  if (name === undefined || unknown.length > 0) {
    throw new Error("redis-sentinel://HOST:PORT,HOST:PORT/NAME, with the name that the Sentinels know the primary by");
  }
  return {
    kind: "sentinel",
    ...{ sentinels: hostsOf(hosts, DEFAULT_PORTS.sentinel), name, database: Number(database), isSecure, credentials },
    sentinelCredentials: given(asked.get("sentinelUsername"), asked.get("sentinelPassword")),
  };
}

function hostsOf(list: string, defaultPort: number): HostAndPort[] {
  return list.split(",").map((text) => {
    const [, host, port = String(defaultPort)] = HOST.exec(text.trim()) ?? [];
    if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
      throw new Error("a comma-separated list of HOST:PORT between // and the name");
    }
    return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
  });
}

/** `USER:PASSWORD`, `:PASSWORD`, or nothing; what would end the address is written as %XX. */
function credentialsOf(login: string): Credentials {
  const colon = login.indexOf(":");
  const [username, password] = colon < 0 ? [login, ""] : [login.slice(0, colon), login.slice(colon + 1)];
  try {
    return given(decodeURIComponent(username), decodeURIComponent(password));
  } catch {
    // What it was would show parts of a password.
    throw new Error("a user and password in which %, @, / and ? are written as %25, %40, %2F and %3F");
  }
}

function given(username: string | null, password: string | null): Credentials {
  return { ...(username && { username }), ...(password && { password }) };
}
