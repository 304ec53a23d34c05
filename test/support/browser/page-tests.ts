import { startTestServer, type TestServer, type TestServerOptions } from "../../../src/testing";
import { launchBrowser, type TestBrowser } from "./browser";

/** What the tests of one file share: there from the first test on, and gone after the last. */
export interface PageTests {
  readonly browser: TestBrowser;
  readonly server: TestServer;
}

/** To be called at the top of a file: a browser and a server for its tests. Each test begins without a device. */
export function setUpPageTests(options?: TestServerOptions): PageTests {
  let parts: [TestBrowser, TestServer] | undefined;
  beforeAll(async () => {
    parts = await Promise.all([launchBrowser(), startTestServer(options)]);
  });
  afterEach(() => started()[0].closeDevices());
  afterAll(async () => {
    const [browser, server] = started();
    await browser.close();
    await server.close();
  });

  function started(): [TestBrowser, TestServer] {
    if (!parts) {
      throw new Error("there is nothing before the first test");
    }
    return parts;
  }

  return {
    get browser() {
      return started()[0];
    },
    get server() {
      return started()[1];
    },
  };
}
