/** Entry of a load worker: does what its parent calls for, and ends with it. */
import type { Request, Response } from "./protocol";
import { WorkerLoad } from "./worker-load";

const { calls } = new WorkerLoad();

process.on("message", async ({ id, call, argument }: Request) => {
  let response: Response;
  try {
    // The parent's types say which argument goes with which call.
    response = { id, result: await calls[call](argument as never) };
  } catch (error) {
    response = { id, error: String(error) };
  }
  process.send?.(response);
});
process.on("disconnect", () => process.exit(0));
