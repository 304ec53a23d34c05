import { createConfig, loadConfig } from "../../../src/config/load-config";

it.each(["/chat", "/a/b", "/v2.1", "/Chat_1~x-y", "/socket.io", "/...", "/.well-known"])("takes %s", (path) => {
  expect(loadConfig({ ROOMFUL_BASE_PATH: path }).http.basePath).toBe(path);
});

it.each([
  "chat",
  "/",
  "/chat/",
  "//chat",
  "/a//b",
  "/..",
  "/../chat",
  "/chat/..",
  "/./chat",
  "/a/./b",
  "/a b",
  "/a%2Fb",
  "/:a",
  "/*",
  "/a?b",
  "/a#b",
  "/é",
  "https://x/chat",
])("refuses %s at start", (path) => {
  expect(() => loadConfig({ ROOMFUL_BASE_PATH: path })).toThrow(`ROOMFUL_BASE_PATH=${path}: expected`);
  expect(() => createConfig({ http: { basePath: path } })).toThrow("ROOMFUL_BASE_PATH");
});

it("takes an empty one for none", () => {
  expect(loadConfig({ ROOMFUL_BASE_PATH: "" }).http.basePath).toBeUndefined();
});
