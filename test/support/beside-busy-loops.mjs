/**
 * `node test/support/beside-busy-loops.mjs COMMAND ARGUMENTS...` runs a command while four loops hog the machine, and ends
 * with its status. The loops end with this process, however it ends, and after half an hour in any case.
 */
import { spawn } from "node:child_process";

const LOOPS = 4;
const LONGEST_MS = 30 * 60_000;
const LOOP = `
  const parent = process.ppid;
  const endMs = performance.now() + ${LONGEST_MS};
  while (process.ppid === parent && performance.now() < endMs) {
    for (const sliceMs = performance.now() + 50; performance.now() < sliceMs; );
  }`;

const [command, ...parameters] = process.argv.slice(2);
if (command === undefined) {
  throw new Error("name the command to run");
}
const loops = Array.from({ length: LOOPS }, () => spawn(process.execPath, ["-e", LOOP], { stdio: "ignore" }));
const running = spawn(command, parameters, { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => running.kill(signal));
}
running.on("error", (error) => {
  console.error(error.message);
  end(1);
});
running.on("exit", (status) => end(status ?? 1));

function end(status) {
  for (const loop of loops) {
    loop.kill("SIGKILL");
  }
  process.exit(status);
}
