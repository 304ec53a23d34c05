#!/usr/bin/env node
import { createProgram } from "./cli/create-program";
import { reportFailure } from "./cli/report-failure";

createProgram(process.env)
  .parseAsync()
  .catch((error: unknown) => {
    reportFailure(error);
    process.exit(1);
  });
