import { RepeatedTask } from "../../../src/lifecycle/repeated-task";
import { TestClock } from "../../../src/testing/test-clock";

function setup() {
  const clock = new TestClock({ isFrozen: true });
  const errors: unknown[] = [];
  const state = { runs: 0, inProgress: 0, failure: undefined as Error | undefined, gate: Promise.resolve() };
  const task = new RepeatedTask({
    name: "task",
    async run() {
      state.runs += 1;
      state.inProgress += 1;
      expect(state.inProgress).toBe(1);
      await state.gate;
      state.inProgress -= 1;
      if (state.failure) {
        throw state.failure;
      }
    },
    intervalMs: 1_000,
    clock,
    onError: (error) => errors.push(error),
  });
  return { clock, errors, state, task };
}

it("runs at start, and then regularly until it is stopped", async () => {
  const { clock, state, task } = setup();
  await task.start();
  expect(state.runs).toBe(1);

  await clock.advance(2_000);
  expect(state.runs).toBe(3);
  await task.stop();
  await clock.advance(5_000);
  expect(state.runs).toBe(3);
});

it("fails to start when the first run fails, and reports later failures", async () => {
  const { clock, errors, state, task } = setup();
  state.failure = new Error("no");
  await expect(task.start()).rejects.toBe(state.failure);
  state.failure = undefined;
  await task.start();
  state.failure = new Error("later");
  await clock.advance(1_000);

  expect(errors).toEqual([state.failure]);
});

it("runs once more after a run that was going on, for all who asked meanwhile", async () => {
  const { state, task } = setup();
  let open = (): void => {};
  state.gate = new Promise((resolve) => {
    open = resolve;
  });
  const first = task.runSoon();
  await Promise.resolve();
  const others = [task.runSoon(), task.runSoon(), task.runSoon()];
  const stopped = task.stop();
  open();
  await Promise.all([first, ...others, stopped]);

  expect([state.runs, state.inProgress]).toEqual([2, 0]);
});

it("runs after the first run when it is asked to during it, and goes on when it is stopped during it", async () => {
  const { clock, state, task } = setup();
  let open = (): void => {};
  state.gate = new Promise((resolve) => {
    open = resolve;
  });
  const started = task.start();
  const asked = task.runSoon();
  const stopped = task.stop();
  open();
  await Promise.all([started, asked, stopped]);
  expect(state.runs).toBe(2);

  await clock.advance(10_000);

  expect(state.runs).toBe(2);
});

it("goes on when whoever is told of a failure fails too", async () => {
  const clock = new TestClock({ isFrozen: true });
  let runs = 0;
  const task = new RepeatedTask({
    ...{ name: "task", intervalMs: 1_000, clock },
    async run() {
      runs += 1;
      if (runs > 1) {
        throw new Error("no");
      }
    },
    onError() {
      throw new Error("nor here");
    },
  });
  await task.start();
  await clock.advance(3_000);

  expect(runs).toBe(4);
});
