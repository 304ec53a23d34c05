import { io } from "socket.io-client";
import { createClient } from "../../client/src";
import { startTestServer, type TestServer, until } from "../../src/testing";

type Transport = "websocket" | "polling";

let server: TestServer;
const closing: (() => void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) {
    close();
  }
  await server.close();
});

/** A client of the SDK that was told nothing of transports. */
function connectPlainSdk(userId: string) {
  const client = createClient({ url: server.url, getToken: () => server.tokens.mint({ userId }) });
  closing.push(() => client.close());
  return client;
}

describe.each<[Transport, Transport]>([
  ["websocket", "polling"],
  ["polling", "websocket"],
])("a service that takes %s alone", (taken, refused) => {
  beforeEach(async () => {
    server = await startTestServer({ config: { transports: [taken] } });
  });

  it("takes the SDK, which is told nothing of it", async () => {
    const client = connectPlainSdk("ada");

    const room = client.room("general");
    await until(room, ({ status }) => status === "live");

    expect(await room.send("hi")).toMatchObject({ seq: 1 });
  });

  it("takes the test kit's clients", async () => {
    const client = await server.connect({ userId: "ada" });

    expect(client.socket.io.engine.transport.name).toBe(taken);
  });

  it("refuses the other one", async () => {
    const socket = io(server.url, { transports: [refused], forceNew: true, reconnection: false });
    closing.push(() => socket.disconnect());

    await expect(new Promise((_resolve, reject) => socket.once("connect_error", reject))).rejects.toThrow(
      /^(xhr poll|websocket) error$/,
    );
  });
});

it("tells a client that polls which transports there are, where a page of another origin can read it", async () => {
  server = await startTestServer({
    config: { transports: ["websocket"], http: { allowedOrigins: ["https://app.example"] } },
  });

  const response = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, {
    headers: { origin: "https://app.example" },
  });

  expect(response.status).toBe(400);
  expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
  expect(await response.json()).toMatchObject({
    code: "TRANSPORT_REFUSED",
    retryable: false,
    details: { transports: ["websocket"] },
  });
});

it("tells it through socket.io-client's error", async () => {
  server = await startTestServer({ config: { transports: ["websocket"] } });
  const socket = io(server.url, { forceNew: true, reconnection: false });
  closing.push(() => socket.disconnect());

  const answer = await new Promise<string>((resolve) =>
    // At once: socket.io-client clears it away afterwards.
    socket.once("connect_error", (error) =>
      resolve((error as { context?: { responseText: string } }).context?.responseText ?? ""),
    ),
  );

  expect(JSON.parse(answer)).toMatchObject({ code: "TRANSPORT_REFUSED", details: { transports: ["websocket"] } });
});

it("offers no upgrade that it would refuse", async () => {
  server = await startTestServer({ config: { transports: ["polling"] } });

  const answer = await (await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)).text();

  expect(JSON.parse(answer.slice(1))).toMatchObject({ upgrades: [] });
});
