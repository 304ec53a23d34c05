/** @type {import("jest").Config} */
module.exports = {
  testMatch: ["<rootDir>/tests/*.test.ts"],
  transform: { "\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2023" } }] },
  // For slow machines: each file starts a server with a Postgres of its own.
  testTimeout: 60_000,
};
