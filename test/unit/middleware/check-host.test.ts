import { createHostCheck, type HostOptions } from "../../../src/middleware/check-host";

interface SetupOptions {
  mode?: HostOptions["mode"];
  listenOn?: string | undefined;
  allowedHosts?: readonly string[];
}

function setup({ mode = "development", listenOn, allowedHosts = [] }: SetupOptions = {}) {
  const isAllowed = createHostCheck({ mode, http: { host: listenOn, allowedHosts } });
  return (host: string | undefined) => isAllowed({ headers: host === undefined ? {} : { host } });
}

const LOOPBACK = ["localhost", "localhost:3000", "LOCALHOST", "localhost.", "chat.localhost:3000", "127.0.0.1:3000"];
const OWN = [...LOOPBACK, "127.8.9.1", "[::1]", "[::1]:3000", "127.1", "0x7f.0.0.1"];
const NAMES = ["evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost"];
const ADDRESSES = ["192.168.1.5:3000", "10.0.0.1", "0.0.0.0:3000", "[fe80::1]:3000", "[::ffff:127.0.0.1]"];
const RUBBISH = [
  ...[
    "",
    " ",
    "localhost@evil.example",
    "evil.example/localhost",
    "evil.example#.localhost",
    "evil.example?.localhost",
  ],
  ...["localhost:x", "evil.example\\.localhost", "[::1", "local host", "localhost:3000:3000", "%6cocalhost"],
];

describe.each(["development", "test"] as const)("in %s", (mode) => {
  it("lets in who calls this machine by its own names, and nobody else", () => {
    const isAllowed = setup({ mode });

    expect(OWN.filter((host) => !isAllowed(host))).toEqual([]);
    expect([...NAMES, ...ADDRESSES, ...RUBBISH].filter(isAllowed)).toEqual([]);
    expect(isAllowed(undefined)).toBe(false);
  });

  it.each(["127.0.0.1", "localhost", "::1"])("lets in no other address while the port is on %s", (listenOn) => {
    expect(ADDRESSES.filter(setup({ mode, listenOn }))).toEqual([]);
  });

  it.each(["0.0.0.0", "::", "192.168.1.5", "chat.test"])("lets in any address while the port is on %s", (listenOn) => {
    const isAllowed = setup({ mode, listenOn });

    expect([...OWN, ...ADDRESSES].filter((host) => !isAllowed(host))).toEqual([]);
    expect([...NAMES, ...RUBBISH].filter(isAllowed)).toEqual([]);
  });

  it("lets in the names that are listed, in any case", () => {
    const isAllowed = setup({ mode, allowedHosts: ["Chat.Test", "*.dev.test", "[fe80::1]"] });

    const right = ["chat.test", "CHAT.test:3000", "a.dev.test", "a.b.dev.test:80", "[fe80::1]:3000", "localhost"];
    expect(right.filter((host) => !isAllowed(host))).toEqual([]);
    expect(["a.chat.test", "dev.test", "xdev.test", "chat.test.evil.example", "10.0.0.1"].filter(isAllowed)).toEqual(
      [],
    );
  });
});

describe("in production", () => {
  it("takes any host when none is listed", () => {
    const isAllowed = setup({ mode: "production" });

    expect([...OWN, ...NAMES, ...ADDRESSES].filter((host) => !isAllowed(host))).toEqual([]);
    expect(isAllowed(undefined)).toBe(true);
  });

  it("takes those that are listed, addresses and its own", () => {
    const isAllowed = setup({ mode: "production", allowedHosts: ["chat.example"] });

    expect(["chat.example", "chat.example:443", ...OWN, ...ADDRESSES].filter((host) => !isAllowed(host))).toEqual([]);
    expect(NAMES.filter(isAllowed)).toEqual([]);
  });
});
