import { findProxy } from "../../support/proxy-programs";

const search = (env: Record<string, string>, existing: string[]) => ({
  ...{ env, platform: "linux" as const },
  isExecutable: (path: string) => existing.includes(path),
});

it("takes the one that its variable names before all others", () => {
  const found = findProxy(
    "nginx",
    search({ NGINX_BIN: "/my/nginx", PATH: "/usr/bin" }, ["/my/nginx", "/usr/bin/nginx"]),
  );

  expect(found).toBe("/my/nginx");
});

it("finds what Debian puts where only root looks", () => {
  expect(findProxy("haproxy", search({ PATH: "/usr/bin" }, ["/usr/sbin/haproxy"]))).toBe("/usr/sbin/haproxy");
});

it("says how to get one where there is none", () => {
  expect(() => findProxy("pgbouncer", search({ PATH: "/usr/bin" }, []))).toThrow(
    /apt-get install --no-install-recommends pgbouncer\n.*macOS.*\n.*PGBOUNCER_BIN/,
  );
});
