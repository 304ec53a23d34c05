/** The DataSource for the TypeORM CLI: `typeorm -d dist/ormconfig.js migration:show`. The service does not import this file. */
import { loadConfig } from "./src/config/load-config";
import { createDataSource } from "./src/database/data-source";

const { url } = loadConfig(process.env).database;
if (url === undefined) {
  throw new Error("DATABASE_URL: set it to the Postgres that the command is meant for");
}

export default createDataSource({ url });
