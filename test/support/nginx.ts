import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ProgramProcess } from "./program-process";
import { findProxy } from "./proxy-programs";

/** Folders that nginx is built to have elsewhere, where only root may write. */
const OWN_FOLDERS = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);

/** Runs nginx with a configuration that listens on the port it is given. */
function startNginx(configOf: (port: number) => string): Promise<ProgramProcess> {
  return ProgramProcess.start(findProxy("nginx"), ({ folder, port }) => ({
    files: { "nginx.conf": configOf(port).replace("http {", `http { ${OWN_FOLDERS.join(" ")}`) },
    args: ["-p", folder, "-c", "nginx.conf", "-e", "stderr", "-g", "daemon off; pid nginx.pid;"],
  }));
}

/** Makes `deploy/nginx.conf` what it says of a base path: its example in place of the location for sockets at the root. */
export function underBasePath(config: string): string {
  return config
    .replace(/^ *location \/socket\.io\/ \{[^}]+\}$/m, "")
    .replace(/^ *#location \/chat\/ \{[^}]+#\}$/m, (example) => example.replaceAll(/^( *)#/gm, "$1"));
}

/** Runs nginx with `deploy/nginx.conf`, in front of these nodes. `edit` is for what an operator is told to change in it. */
export function startDeployedNginx(nodes: readonly string[], edit = (config: string): string => config) {
  const config = edit(readFileSync(join(process.cwd(), "deploy/nginx.conf"), "utf8"));
  const addresses = nodes.map((url) => new URL(url).host);
  return startNginx((port) =>
    config
      .replace(/node-[ab]:3000/g, () => addresses.shift() ?? "127.0.0.1:1")
      .replace("listen 8080;", `listen 127.0.0.1:${port};`)
      .replace("listen 127.0.0.1:8081;", "listen unix:health.sock;"),
  );
}
