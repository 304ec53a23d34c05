import { CreateSchema1700000000000 } from "./1700000000000-create-schema";

/** All migrations, oldest first; listed by hand, because globs break under jest and bundlers. */
export const MIGRATIONS = [CreateSchema1700000000000];
