import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { Adapter, ClusterAdapter, type ClusterMessage, MessageType } from "socket.io-adapter";
import { io } from "socket.io-client";

import { type DeliverySeamOptions, observeDeliveries } from "../../../src/broadcast/delivery-seam";

const PAYLOAD = { room: "general", content: "hi" };

type AdapterClass = Parameters<typeof observeDeliveries>[0];

function setup(Base: AdapterClass = Adapter, onDelivery?: DeliverySeamOptions["onDelivery"]) {
  const seen: unknown[][] = [];
  const errors: unknown[] = [];
  const ObservedAdapter = observeDeliveries(Base, {
    onDelivery: onDelivery ?? ((...args) => seen.push(args)),
    onError: (error) => errors.push(error),
  });
  const server = new Server({ adapter: ObservedAdapter, serveClient: false });
  return { server, seen, errors };
}

/** Joins nodes by what it writes down, and by what a test lets in. */
class WrittenClusterAdapter extends ClusterAdapter {
  readonly published: unknown[] = [];

  protected override async doPublish(message: unknown): Promise<string> {
    this.published.push(message);
    return "";
  }

  protected override async doPublishResponse(): Promise<void> {}

  /** A broadcast of another node. */
  receive(
    packet: unknown,
    { nsp = "/", rooms = ["r:general"], requestId = undefined as string | undefined } = {},
  ): void {
    const opts = { rooms, except: [], flags: {} };
    const message = {
      ...{ uid: "another node", nsp, type: MessageType.BROADCAST },
      data: { opts, packet, ...(requestId !== undefined && { requestId }) },
    };
    this.onMessage(message as ClusterMessage);
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a broadcast of this node", () => {
  it("is seen once, with its namespace, event and payload", () => {
    const { server, seen, errors } = setup();
    server.of("/support").to("r:general").emit("message", PAYLOAD);

    expect(seen).toEqual([["/support", "message", PAYLOAD]]);
    expect(seen[0]?.[2]).toBe(PAYLOAD);
    expect(errors).toEqual([]);
  });

  it.each<[string, (server: Server) => unknown]>([
    ["to several rooms", (server) => server.to(["r:general", "r:random"]).emit("message", PAYLOAD)],
    ["except to some", (server) => server.to("r:general").except("u:alice").emit("message", PAYLOAD)],
    ["that may be lost", (server) => server.to("r:general").volatile.emit("message", PAYLOAD)],
    ["to everybody", (server) => server.emit("message", PAYLOAD)],
    [
      "that is to be acknowledged",
      (server) =>
        server
          .timeout(1)
          .to("r:general")
          .emit("message", PAYLOAD, () => {}),
    ],
  ])("is seen once when it goes %s", (_what, broadcast) => {
    const { server, seen } = setup();
    broadcast(server);

    expect(seen).toEqual([["/", "message", PAYLOAD]]);
  });

  it("is seen for each that is sent, in their order", () => {
    const { server, seen } = setup();
    for (const event of ["message", "stored", "retracted"]) {
      server.to("r:general").emit(event, event);
    }

    expect(seen.map(([, event]) => event)).toEqual(["message", "stored", "retracted"]);
  });
});

describe("behind an adapter that joins nodes", () => {
  function setupCluster(namespace = "/") {
    const parts = setup(WrittenClusterAdapter as unknown as AdapterClass);
    const adapter = parts.server.of(namespace).adapter as unknown as WrittenClusterAdapter;
    return { ...parts, adapter };
  }

  it("sees a broadcast of this node once, and lets the others have it", async () => {
    const { adapter, seen, server } = setupCluster();
    server.to("r:general").emit("message", PAYLOAD);
    await turn();

    expect(seen).toEqual([["/", "message", PAYLOAD]]);
    expect(adapter.published).toHaveLength(1);
  });

  it("sees a broadcast of another node once, and sends it to no further one", async () => {
    const { adapter, seen } = setupCluster("/support");
    adapter.receive({ type: 2, data: ["message", PAYLOAD], nsp: "/support" }, { nsp: "/support" });
    await turn();

    expect(seen).toEqual([["/support", "message", PAYLOAD]]);
    expect(adapter.published).toEqual([]);
  });

  it("sees a broadcast of another node once that is to be acknowledged", async () => {
    const { adapter, seen } = setupCluster();
    adapter.receive({ type: 2, data: ["message", PAYLOAD], nsp: "/" }, { requestId: "r1" });
    await turn();

    expect(seen).toEqual([["/", "message", PAYLOAD]]);
  });
});

describe("with a client", () => {
  const closings: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closings.splice(0)) {
      await close();
    }
  });

  async function setupClient(onDelivery?: DeliverySeamOptions["onDelivery"]) {
    const parts = setup(Adapter, onDelivery);
    const http = createServer().listen(0, "127.0.0.1");
    await once(http, "listening");
    parts.server.attach(http, { transports: ["websocket"] });
    const joined = new Promise<string>((resolve) => {
      parts.server.on("connection", async (socket) => {
        await socket.join("r:general");
        resolve(socket.id);
      });
    });
    const { port } = http.address() as AddressInfo;
    const client = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], reconnection: false });
    const received: unknown[][] = [];
    client.onAny((...args) => received.push(args));
    closings.push(async () => {
      client.close();
      await parts.server.close();
    });
    return {
      ...parts,
      ...{ received, socketId: await joined },
      until: (event: string) => new Promise<void>((resolve) => client.once(event, () => resolve())),
    };
  }

  it("does not see what is sent to one socket, and does see what goes to its room", async () => {
    const { received, seen, server, socketId, until } = await setupClient();
    const last = until("last");
    server.sockets.sockets.get(socketId)?.emit("welcome", { socketId });
    server.to("r:general").emit("last", PAYLOAD);
    await last;

    expect(received.map(([event]) => event)).toEqual(["welcome", "last"]);
    expect(seen).toEqual([["/", "last", PAYLOAD]]);
  });

  it("is called before anything goes to the room: what it sends comes first", async () => {
    let tellFirst = (): void => {};
    const parts = await setupClient(() => tellFirst());
    const { received, server, socketId, until } = parts;
    tellFirst = () => server.sockets.sockets.get(socketId)?.emit("first");
    const last = until("message");
    server.to("r:general").emit("message", PAYLOAD);
    await last;

    expect(received.map(([event]) => event)).toEqual(["first", "message"]);
  });

  it("does not keep the room from what it fails to see, and reports why", async () => {
    const failure = new Error("the log cannot take it");
    const { errors, received, server, until } = await setupClient(() => {
      throw failure;
    });
    const last = until("message");
    server.to("r:general").emit("message", PAYLOAD);
    await last;

    expect(received).toEqual([["message", PAYLOAD]]);
    expect(errors).toEqual([failure]);
  });
});

it("takes nothing from the adapter that it observes", () => {
  setup();
  const untouched = new Server({ serveClient: false });
  const { seen, server } = setup();
  untouched.to("r:general").emit("message", PAYLOAD);
  expect(seen).toEqual([]);

  server.to("r:general").emit("message", PAYLOAD);
  expect(seen).toHaveLength(1);
});

it("refuses to start with an adapter that has no such seam", () => {
  class OtherAdapter {}

  expect(() => observeDeliveries(OtherAdapter as unknown as AdapterClass, { onDelivery() {}, onError() {} })).toThrow(
    /_encode/,
  );
});
