import { type ConfigError, createConfig, loadConfig } from "../../../src/config/load-config";
import { normalizeListedOrigin, normalizeOrigin } from "../../../src/config/origin";

it.each([
  ["https://chat.example", "https://chat.example"],
  ["https://chat.example/", "https://chat.example"],
  ["https://Chat.EXAMPLE", "https://chat.example"],
  ["HTTPS://chat.example:443", "https://chat.example"],
  ["http://chat.example:80/", "http://chat.example"],
  ["http://chat.example:443", "http://chat.example:443"],
  ["https://chat.example:8443", "https://chat.example:8443"],
  ["https://b\u00fccher.example", "https://xn--bcher-kva.example"],
  ["http://[::1]:3000", "http://[::1]:3000"],
  ["http://127.1", "http://127.0.0.1"],
  ["capacitor://localhost", "capacitor://localhost"],
  ["chrome-extension://AbC", "chrome-extension://abc"],
  ["null", "null"],
])("writes %s as %s", (text, expected) => {
  expect(normalizeOrigin(text)).toBe(expected);
  expect(normalizeListedOrigin(text)).toBe(expected);
});

const NO_ORIGINS = [
  ...["", "*", "chat.example", "chat.example:443", "//chat.example", "https://", "https:///", "https:chat.example"],
  ...["https://chat.example/app", "https://chat.example//", "https://chat.example?x", "https://chat.example#x"],
  ...["https://me@chat.example", "https://chat.example https://b.example", "https://chat.example:x", "https://a\\b"],
  ...["https://chat.*", "https://a.*.example", "https://*", "https://**.example", "https://*chat.example", "*.example"],
];

it.each(NO_ORIGINS)("does not take %j for an origin", (text) => {
  expect(normalizeOrigin(text)).toBeUndefined();
  expect(normalizeListedOrigin(text)).toBeUndefined();
});

it("takes a wildcard in a list only, for the first names of a host", () => {
  expect(normalizeOrigin("https://*.chat.example")).toBeUndefined();
  expect(normalizeListedOrigin("https://*.Chat.Example:443/")).toBe("https://*.chat.example");
  expect(normalizeListedOrigin("http://*.localhost:3000")).toBe("http://*.localhost:3000");
  expect(["https://*.10.0.0.1", "https://*.[::1]", "https://*.example/x"].map(normalizeListedOrigin)).toEqual(
    Array(3).fill(undefined),
  );
});

it("keeps a service from starting with what no browser will ever send", () => {
  const wrong = ["*.chat.example", "https://chat.example/app", "chat.example"];
  const faults = wrong.map((each) =>
    expect.stringContaining(`ROOMFUL_ALLOWED_ORIGINS=${each}: expected origins such as`),
  );
  const faultsOf = (load: () => unknown): readonly string[] => {
    try {
      load();
      return [];
    } catch (error) {
      return (error as ConfigError).faults;
    }
  };

  expect(faultsOf(() => loadConfig({ ROOMFUL_ALLOWED_ORIGINS: wrong.join() }))).toEqual(faults);
  expect(faultsOf(() => createConfig({ http: { allowedOrigins: wrong } }))).toEqual(faults);
  expect(
    faultsOf(() => loadConfig({ ROOMFUL_ALLOWED_ORIGINS: "https://a.example/, https://*.B.example:443" })),
  ).toEqual([]);
});
