import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";

import { EmbeddedPostgres } from "../src/database/embedded-postgres";
import { migrate } from "../src/database/migrate";
import { systemClock } from "../src/lifecycle/clock";
import { signToken } from "../src/middleware/sign-token";
import { makeDataDir, runStatements } from "../src/testing/test-database";
import { CANDIDATES, type Candidate, type CandidateName } from "./candidates/candidates";
import { type Pinning, pinCores } from "./candidates/pinning";
import { ServerProcess } from "./candidates/server-process";
import { LoadGenerator } from "./load/load-generator";

export interface TestbedOptions {
  /** Load workers. */
  workers: number;
  /** Where servers write a profile of their processor time at their end. */
  profileDir?: string;
}

export interface ServerOptions {
  env?: Record<string, string>;
  /** A database to copy. @default one with Roomful's tables, empty */
  template?: string;
}

const TOKEN_TTL_MS = 86_400_000;

/** What every scenario runs on: cores, one Postgres with safe settings, load workers, and a server with a database of its own. */
export class Testbed {
  private readonly secret = randomBytes(48).toString("base64url");
  private readonly templates = new Map<string, string>();
  private databases = 0;

  private constructor(
    readonly load: LoadGenerator,
    readonly pinning: Pinning,
    private readonly postgres: EmbeddedPostgres,
    private readonly dataDir: string,
    private readonly options: TestbedOptions,
  ) {}

  static async start(options: TestbedOptions): Promise<Testbed> {
    const pinning = pinCores();
    const dataDir = await makeDataDir();
    const postgres = new EmbeddedPostgres({ dataDir });
    await postgres.start();
    const load = await LoadGenerator.start(options.workers);
    return new Testbed(load, pinning, postgres, dataDir, options);
  }

  tokenOf(userId: string): string {
    return signToken(this.secret, { userId, ttlMs: TOKEN_TTL_MS }, systemClock);
  }

  /** Makes a database to copy, once for each `name`. */
  async template(name: string, fill: (url: string) => Promise<unknown>): Promise<string> {
    const known = this.templates.get(name);
    if (known) {
      return known;
    }
    const database = await this.createDatabase();
    await fill(this.urlOf(database));
    this.templates.set(name, database);
    return database;
  }

  private async createDatabase(copy = ""): Promise<string> {
    this.databases += 1;
    const name = `bench_${this.databases}`;
    await runStatements(this.postgres.url, [`CREATE DATABASE ${name} ${copy}`]);
    return name;
  }

  private async dropDatabase(name: string): Promise<void> {
    await runStatements(this.postgres.url, [`DROP DATABASE ${name} WITH (FORCE)`]);
  }

  private urlOf(database: string): string {
    const url = new URL(this.postgres.url);
    url.pathname = database;
    return url.href;
  }

  /** Starts a candidate on a database of its own, gives it to `use`, and leaves nothing behind. */
  withServer<Result>(
    name: CandidateName,
    use: (server: ServerProcess, databaseUrl: string) => Promise<Result>,
    options: ServerOptions = {},
  ): Promise<Result> {
    return this.withServers([name], ([server], databaseUrl) => use(server as ServerProcess, databaseUrl), options);
  }

  /** The same for several on one database. */
  async withServers<Result>(
    names: readonly CandidateName[],
    use: (servers: readonly ServerProcess[], databaseUrl: string) => Promise<Result>,
    { env = {}, template }: ServerOptions = {},
  ): Promise<Result> {
    // A large one as files: through the write-ahead log, it would go on to keep Postgres busy.
    const copy = template ? `${template} STRATEGY FILE_COPY` : await this.template("empty", migrate);
    const database = await this.createDatabase(`TEMPLATE ${copy}`);
    const databaseUrl = this.urlOf(database);
    const servers: ServerProcess[] = [];
    try {
      for (const name of names) {
        servers.push(await this.startServer(name, { DATABASE_URL: databaseUrl, ...env }));
      }
      return await use(servers, databaseUrl);
    } finally {
      await this.load.close();
      await Promise.all(servers.map((server) => server.stop()));
      await this.dropDatabase(database);
    }
  }

  private startServer(name: CandidateName, env: Record<string, string>): Promise<ServerProcess> {
    const candidate: Candidate = CANDIDATES[name];
    const { profileDir } = this.options;
    return ServerProcess.start({
      entry: candidate.entry,
      env: { ROOMFUL_JWT_SECRET: this.secret, ...candidate.env, ...env },
      prefix: this.pinning.serverPrefix,
      nodeOptions: profileDir ? ["--cpu-prof", `--cpu-prof-dir=${profileDir}`] : [],
    });
  }

  async stop(): Promise<void> {
    await this.load.stop();
    await this.postgres.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
