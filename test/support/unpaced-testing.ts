/** `roomful/testing` with writes that are not paced, in whose place the project `e2e-unpaced` puts it. */
import { startTestServer as startPaced, type TestServer, type TestServerOptions } from "../../src/testing/index";

export * from "../../src/testing/index";

export function startTestServer({ config, ...options }: TestServerOptions = {}): Promise<TestServer> {
  return startPaced({ ...options, config: { ...config, emitBuffer: { pacedWrites: "off", ...config?.emitBuffer } } });
}
