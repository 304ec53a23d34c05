const { join } = require("node:path");

/** One project a level (style.md 11); `--selectProjects unit` runs one of them. */
const level = (displayName, extra = {}) => ({
  displayName,
  rootDir: join(__dirname, ".."),
  testEnvironment: require.resolve("./support/test-environment.ts"),
  transform: { "^.+\\.ts$": "@swc/jest" },
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  modulePathIgnorePatterns: ["<rootDir>/dist"],
  ...extra,
});

// One Postgres for the whole run, whatever projects it has; every test file makes its own database in it.
const withPostgres = {
  globalSetup: require.resolve("./support/start-postgres.ts"),
  globalTeardown: require.resolve("./support/stop-postgres.ts"),
};

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    level("unit"),
    level("integration", withPostgres),
    level("e2e", withPostgres),
    level("fault", withPostgres),
    // Not part of `npm test`, as what follows: processes that are killed again and again at moments of real time.
    level("long", withPostgres),
    // The e2e tests once more as Engine.IO writes, which is what is left where pacing finds nothing to rest on.
    level("e2e-unpaced", {
      ...withPostgres,
      testMatch: ["<rootDir>/test/e2e/**/*.test.ts"],
      moduleNameMapper: { "^\\.\\./\\.\\./src/testing$": require.resolve("./support/unpaced-testing.ts") },
    }),
    // Needs a chromium, which npm does not bring.
    level("browser", { ...withPostgres, globalSetup: require.resolve("./support/start-browser-tests.ts") }),
    // Needs nginx, HAProxy and PgBouncer, which are no npm packages either.
    level("proxies", withPostgres),
  ],
  // Both cores of a small machine. Not all of a larger one: each worker has its memory, and all share one Postgres.
  maxWorkers: 2,
  // A worker whose heap is larger after a file is replaced: what files leave behind adds up.
  workerIdleMemoryLimit: "250MB",
  // Not how fast a test must be: how long until it counts as hanging, on a machine that has other work.
  testTimeout: 120_000,
};
