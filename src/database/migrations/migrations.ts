import { CreateSchema1700000000000 } from "./1700000000000-create-schema";
import { CreateIdempotencyKeys1700000000100 } from "./1700000000100-create-idempotency-keys";
import { CreateOutbox1700000000200 } from "./1700000000200-create-outbox";
import { AppendWithoutPairing1700000000300 } from "./1700000000300-append-without-pairing";
import { CreateDeployment1700000000450 } from "./1700000000450-create-deployment";
import { LeaveLockedRoomsOut1700000000500 } from "./1700000000500-leave-locked-rooms-out";
import { CreateProbes1700000000600 } from "./1700000000600-create-probes";

/** All migrations, oldest first; listed by hand, because globs break under jest and bundlers. */
export const MIGRATIONS = [
  CreateSchema1700000000000,
  CreateIdempotencyKeys1700000000100,
  CreateOutbox1700000000200,
  AppendWithoutPairing1700000000300,
  CreateDeployment1700000000450,
  LeaveLockedRoomsOut1700000000500,
  CreateProbes1700000000600,
];
