import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ProgramProcess } from "./program-process";
import { findProxy } from "./proxy-programs";

/** Runs HAProxy with `deploy/haproxy.cfg`, in front of these nodes. `edit` is for what an operator is told to change in it. */
export function startDeployedHaproxy(nodes: readonly string[], edit = (config: string): string => config) {
  const config = edit(readFileSync(join(process.cwd(), "deploy/haproxy.cfg"), "utf8"));
  const addresses = nodes.map((url) => new URL(url).host);
  return ProgramProcess.start(findProxy("haproxy"), ({ port }) => ({
    files: {
      "haproxy.cfg": config
        .replace(/(server node-\w) \S+/g, (_, server) => `${server} ${addresses.shift() ?? "127.0.0.1:1"}`)
        // As many files as this asks for may not be opened here.
        .replace("maxconn 16384", "maxconn 256")
        .replace("bind :8080", `bind 127.0.0.1:${port}`),
    },
    args: ["-db", "-f", "haproxy.cfg"],
  }));
}
