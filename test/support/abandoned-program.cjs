/** Starts a program that has a worker, as a test does, says where they run, and waits to be killed. */
const { transformFileSync } = require("@swc/core");

require.extensions[".ts"] = (module, path) =>
  module._compile(transformFileSync(path, { module: { type: "commonjs" } }).code, path);
const { ProgramProcess } = require("./program-process.ts");

const program = (port) => `
  const worker = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  require("node:fs").writeFileSync("worker.pid", String(worker.pid));
  require("node:net").createServer().listen(${port}, "127.0.0.1");
`;

ProgramProcess.start(process.execPath, ({ port }) => ({ args: ["-e", program(port)] })).then(({ folder, pid }) => {
  process.stdout.write(JSON.stringify({ folder, pid }));
});
