import { migrate } from "../../src/database/migrate";
import {
  runStatements,
  startThrowawayPostgres,
  TEMPLATE_DATABASE,
  TEST_POSTGRES_VARIABLE,
} from "../../src/testing/test-database";
import { throwaway } from "./throwaway";

/** Before all tests: a Postgres (or the one of TEST_DATABASE_URL), with a migrated database to copy. */
export default async function startPostgres(): Promise<void> {
  const given = process.env["TEST_DATABASE_URL"];
  if (!given) {
    throwaway.postgres = await startThrowawayPostgres();
  }
  const url = given ?? throwaway.postgres?.url ?? "";
  await runStatements(url, [
    `DROP DATABASE IF EXISTS ${TEMPLATE_DATABASE} WITH (FORCE)`,
    `CREATE DATABASE ${TEMPLATE_DATABASE}`,
  ]);
  const template = new URL(url);
  template.pathname = TEMPLATE_DATABASE;
  await migrate(template.href);
  process.env[TEST_POSTGRES_VARIABLE] = url;
  // TypeORM keeps every decorated class in a global of this name. jest hands the globals of its own process to every test
  // file that it runs in that process, and each would add its entities, with all its modules, to this one.
  delete (globalThis as { typeormMetadataArgsStorage?: unknown }).typeormMetadataArgsStorage;
}
