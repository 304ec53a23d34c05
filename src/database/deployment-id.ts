import { createHash } from "node:crypto";
import type { DataSource } from "typeorm";

import { query } from "./query";
import { cannotTell } from "./retry-policy";

const ID_LENGTH = 12;

/**
 * What tells the deployment on this database from all others: the identity that its first migration made, and the place
 * where it lies. A copy, made by pg_dump or CREATE DATABASE for instance, holds the same row and is another deployment;
 * a standby that takes over lies in the same place. A copy of the files cannot be told from a standby.
 */
export async function readDeploymentId(dataSource: DataSource): Promise<string> {
  const [row] = await query<{ id: string; oid: string }>(
    dataSource,
    "SELECT deployment.id, pg_database.oid FROM deployment, pg_database WHERE datname = current_database()",
  );
  if (!row) {
    throw new Error("the table deployment is empty: it holds one row since its migration");
  }
  const identity = [row.id, row.oid, await readCluster(dataSource)].join(" ");
  return createHash("sha256").update(identity).digest("hex").slice(0, ID_LENGTH);
}

/** Number that the Postgres itself was given when it was made, and that its standbys have too. */
async function readCluster(dataSource: DataSource): Promise<string> {
  try {
    const [row] = await query<{ cluster: string }>(
      dataSource,
      "SELECT system_identifier AS cluster FROM pg_control_system()",
    );
    return row?.cluster ?? "";
  } catch (error) {
    if (cannotTell(error)) {
      return "";
    }
    throw error;
  }
}
