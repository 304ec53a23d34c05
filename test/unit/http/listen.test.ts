import { listen } from "../../../src/http/listen";

/** A port that cannot be opened on some hosts. */
function setup(failures: Record<string, string> = {}) {
  const asked: (string | undefined)[] = [];
  const http = {
    async listen({ host }: { host?: string } = {}) {
      asked.push(host);
      const code = failures[host ?? ""];
      if (code !== undefined) {
        throw Object.assign(new Error(code), { code });
      }
      return "";
    },
  };
  const open = (mode: string, host?: string) =>
    // Of the app, `listen` with options alone is used.
    listen(http as Parameters<typeof listen>[0], { mode, http: { port: 3000, host } });
  return { asked, open };
}

it.each([
  ["production", undefined, "::"],
  ["development", undefined, "127.0.0.1"],
  ["test", undefined, "127.0.0.1"],
  ["production", "127.0.0.1", "127.0.0.1"],
  ["development", "0.0.0.0", "0.0.0.0"],
])("opens the port, in %s with HOST=%s, on %s", async (mode, host, expected) => {
  const { asked, open } = setup();

  await open(mode, host);

  expect(asked).toEqual([expected]);
});

it.each(["EAFNOSUPPORT", "EADDRNOTAVAIL"])("opens it on IPv4 alone where IPv6 is not there (%s)", async (code) => {
  const { asked, open } = setup({ "::": code });

  await open("production");

  expect(asked).toEqual(["::", "0.0.0.0"]);
});

it("does not go elsewhere when it was told where, or for another reason", async () => {
  const { asked, open } = setup({ "::": "EADDRNOTAVAIL", "10.0.0.1": "EADDRNOTAVAIL" });
  await expect(open("production", "::")).rejects.toThrow("EADDRNOTAVAIL");
  await expect(open("production", "10.0.0.1")).rejects.toThrow("EADDRNOTAVAIL");
  expect(asked).toEqual(["::", "10.0.0.1"]);

  const taken = setup({ "::": "EADDRINUSE" });
  await expect(taken.open("production")).rejects.toThrow("Port 3000 is in use by another program");
  expect(taken.asked).toEqual(["::"]);
});
