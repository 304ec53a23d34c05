import { findProgram, type ProgramSearch } from "./find-program";

/** The programs that stand between clients, nodes and Postgres where Roomful runs in earnest. */
export type Proxy = "nginx" | "haproxy" | "pgbouncer";

/** The one of NGINX_BIN (HAPROXY_BIN, PGBOUNCER_BIN), of PATH, or of a usual place. Throws with how to get one. */
export function findProxy(name: Proxy, search?: ProgramSearch): string {
  const variable = `${name.toUpperCase()}_BIN`;
  return findProgram(
    {
      variable,
      names: [name],
      // Debian gives this folder to the PATH of root only.
      usualPaths: { linux: [`/usr/sbin/${name}`], darwin: [`/opt/homebrew/bin/${name}`] },
      howToGet: [
        `The proxy tests need ${name}, and found none. To get it:`,
        `  Debian, Ubuntu: apt-get update && apt-get install --no-install-recommends ${name}`,
        `  macOS: brew install ${name}`,
        `  elsewhere: install ${name}, and set ${variable} to the path of its program`,
      ],
    },
    search,
  );
}
