import type { MigrationInterface, QueryRunner } from "typeorm";

import { APPEND_TO_FREE_ROOMS, DRAIN_TO_FREE_ROOMS, TAKE_FREE_ROOMS } from "./locked-rooms";

const WAITING_FUNCTIONS = ["append_messages", "drain_outbox"];

/**
 * Lets a batch go on without the rooms whose rows somebody holds. How long a call waits for them stands at the function: a
 * setting of the session does not come through a pooler.
 */
export class LeaveLockedRoomsOut1700000000500 implements MigrationInterface {
  readonly name = "LeaveLockedRoomsOut1700000000500";

  async up(runner: QueryRunner): Promise<void> {
    for (const name of WAITING_FUNCTIONS) {
      await runner.query(`ALTER FUNCTION ${name} SET lock_timeout = '1s'`);
    }
    await runner.query(TAKE_FREE_ROOMS);
    await runner.query(APPEND_TO_FREE_ROOMS);
    await runner.query(DRAIN_TO_FREE_ROOMS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP FUNCTION drain_to_free_rooms");
    await runner.query("DROP FUNCTION append_to_free_rooms");
    await runner.query("DROP FUNCTION take_free_rooms");
    for (const name of WAITING_FUNCTIONS) {
      await runner.query(`ALTER FUNCTION ${name} RESET lock_timeout`);
    }
  }
}
