import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, cp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";

import { findPostgres, findRunAs, idsOf } from "../../src/database/postgres-binaries";
import { ROOTS_STATE_DIR } from "../../src/database/postgres-folder";
import { OrphanGuard } from "../../src/lifecycle/orphan-guard";
import { freePort } from "../../src/testing/free-port";
import { makeDataDir, queryRows } from "../../src/testing/test-database";

/** A second Postgres that follows a first one, until it takes its place. */
export interface Standby {
  url: string;
  /** Resolves when it has what the first one has committed so far. */
  caughtUp(): Promise<void>;
  /** It stops following: what the first one commits from now on, it does not have. */
  detach(): Promise<void>;
  promote(): Promise<void>;
  drop(): Promise<void>;
}

/** Copies the running Postgres at `primaryUrl`, whose files are on this machine, and lets the copy follow it. */
export async function startStandby(primaryUrl: string): Promise<Standby> {
  const folder = await makeDataDir();
  const cluster = join(folder, "standby");
  await copyCluster(primaryUrl, cluster);
  const primary = new URL(primaryUrl);
  await writeFile(join(cluster, "standby.signal"), "");
  await writeFile(
    join(cluster, "postgresql.auto.conf"),
    `primary_conninfo = 'host=${primary.hostname} port=${primary.port} user=${primary.username} password=${primary.password}'\n`,
  );
  await giveToPostgres(cluster);
  const url = new URL(primaryUrl);
  url.port = String(await freePort());
  const server = await launch(cluster, url.port);
  if (server.pid === undefined) {
    throw new Error("the standby cannot be run");
  }
  const guard = new OrphanGuard({ pid: server.pid, signal: "SIGQUIT", folder });
  await answering(url.href, server);
  return {
    url: url.href,
    async caughtUp() {
      const [now] = await queryRows<{ lsn: string }>(primaryUrl, "SELECT pg_current_wal_lsn() AS lsn");
      while ((await queryRows(url.href, "SELECT WHERE pg_last_wal_replay_lsn() >= $1", [now?.lsn])).length === 0) {
        await delay(10);
      }
    },
    async detach() {
      await queryRows(url.href, "ALTER SYSTEM SET primary_conninfo = ''");
      await queryRows(url.href, "SELECT pg_reload_conf()");
      while ((await queryRows(primaryUrl, "SELECT FROM pg_stat_replication")).length > 0) {
        await delay(10);
      }
    },
    async promote() {
      await queryRows(url.href, "SELECT pg_promote()");
    },
    async drop() {
      const exited = once(server, "exit");
      server.kill("SIGQUIT");
      await exited;
      await guard.release();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A base backup by hand: npm's Postgres brings no `pg_basebackup`. */
async function copyCluster(primaryUrl: string, cluster: string): Promise<void> {
  const client = new Client({ connectionString: primaryUrl });
  await client.connect();
  try {
    const { rows: found } = await client.query<{ data_directory: string }>("SHOW data_directory");
    await client.query("SELECT pg_backup_start('standby', true)");
    await cp(found[0]?.data_directory ?? "", cluster, {
      recursive: true,
      // They come and go while they are copied.
      filter: (path) => !/postmaster\.(pid|opts)$|pgsql_tmp|\/pg_stat_tmp\/|\/pg_replslot\//.test(path),
    });
    const { rows: stopped } = await client.query<{ labelfile: string }>("SELECT labelfile FROM pg_backup_stop(false)");
    await writeFile(join(cluster, "backup_label"), stopped[0]?.labelfile ?? "");
  } finally {
    await client.end();
  }
}

async function giveToPostgres(cluster: string): Promise<void> {
  const runAs = findRunAs();
  if (runAs) {
    for (const name of ["", ...(await readdir(cluster, { recursive: true }))]) {
      await chown(join(cluster, name), runAs.uid, runAs.gid);
    }
  }
  await chmod(cluster, 0o700);
}

async function launch(cluster: string, port: string): Promise<ChildProcess> {
  const runAs = findRunAs();
  return spawn(
    join(await findPostgres(runAs, ROOTS_STATE_DIR), "bin", "postgres"),
    [
      ...["-D", cluster, "-p", port],
      ...["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", "fsync=off"].flatMap(
        (each) => ["-c", each],
      ),
    ],
    { ...idsOf(runAs), cwd: "/", stdio: "ignore" },
  );
}

async function answering(url: string, server: ChildProcess): Promise<void> {
  for (;;) {
    try {
      await queryRows(url, "SELECT 1");
      return;
    } catch (error) {
      if (server.exitCode !== null) {
        throw new Error("the standby did not start", { cause: error });
      }
      await delay(20);
    }
  }
}
