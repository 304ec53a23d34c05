import type { TestDatabase } from "../../src/testing/test-database";

/** What start-postgres.ts hands to stop-postgres.ts: jest loads both with registries of their own. */
export const throwaway = globalThis as typeof globalThis & { postgres?: TestDatabase };
