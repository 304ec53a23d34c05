import { findRunAs } from "../../src/database/postgres-binaries";
import { ProgramProcess } from "./program-process";
import { findProxy } from "./proxy-programs";

export interface RunningPgBouncer {
  /** Leads through it to the database of the given address. */
  urlOf(databaseUrl: string): string;
  stop(): Promise<void>;
}

/** Runs PgBouncer in transaction mode in front of a Postgres: each transaction on a connection that others had before. */
export async function startPgBouncer(postgresUrl: string, settings: readonly string[] = []): Promise<RunningPgBouncer> {
  const { hostname, port, username, password } = new URL(postgresUrl);
  const runAs = findRunAs();
  const program = await ProgramProcess.start(findProxy("pgbouncer"), (place) => ({
    files: {
      "pgbouncer.ini": [
        "[databases]",
        `* = host=${hostname} port=${port} user=${username} password=${password}`,
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        `listen_port = ${place.port}`,
        "unix_socket_dir =",
        "auth_type = any",
        "pool_mode = transaction",
        "default_pool_size = 10",
        ...settings,
      ].join("\n"),
    },
    args: [...(runAs ? ["-u", runAs.name] : []), "pgbouncer.ini"],
  }));
  return {
    urlOf(databaseUrl) {
      const url = new URL(databaseUrl);
      url.hostname = "127.0.0.1";
      url.port = String(program.port);
      return url.href;
    },
    stop: () => program.stop(),
  };
}
