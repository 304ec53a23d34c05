import { RoomfulError } from "../../../src/contract/roomful-error";
import { SendGate } from "../../../src/handlers/send-gate";
import { TestClock } from "../../../src/testing/test-clock";

function setup({ maxUnanswered = 64 } = {}) {
  const clock = new TestClock({ isFrozen: true });
  const gate = new SendGate(maxUnanswered, clock);
  /** What a send is answered with at the gate: the code and the wait of the refusal, or `ok`. */
  const send = (id: string | undefined, room = "general") => {
    try {
      gate.check(room, id);
      return "ok";
    } catch (error) {
      return error instanceof RoomfulError ? `${error.code} ${error.retryAfterMs}` : `no refusal: ${error}`;
    }
  };
  /** A send that the write buffer or a rate refused. */
  const refuse = (id: string | undefined, { code = "OVERLOADED", retryAfterMs = 500, room = "general" } = {}) =>
    gate.hold(room, id, new RoomfulError(code as "OVERLOADED", { retryAfterMs }));
  return { clock, gate, send, refuse };
}

it("lets everything through when nothing was refused", () => {
  const { send } = setup();

  expect([send("m1"), send("m2"), send(undefined)]).toEqual(["ok", "ok", "ok"]);
});

describe("after the refusal of a message with an id", () => {
  it("refuses later ones with the same code, with an id or without", () => {
    const { refuse, send } = setup();
    refuse("m1", { code: "RATE_LIMITED", retryAfterMs: 120 });

    expect([send("m2"), send("m3"), send(undefined)]).toEqual(Array(3).fill("RATE_LIMITED 120"));
  });

  it("lets the same one through when it comes again, and then the others", () => {
    const { refuse, send } = setup();
    refuse("m1");
    send("m2");

    expect([send("m1"), send("m2"), send("m3")]).toEqual(["ok", "ok", "ok"]);
  });

  it("does not let the others through when its wait is over: the order counts", async () => {
    const { clock, refuse, send } = setup();
    refuse("m1", { retryAfterMs: 500 });
    await clock.advance(9_000);

    expect(send("m2")).toBe("OVERLOADED 500");
  });

  it("lets the others through after ten seconds, if it never comes", async () => {
    const { clock, refuse, send } = setup();
    refuse("m1");

    await clock.advance(9_999);
    expect(send("m2")).toBe("OVERLOADED 1");
    await clock.advance(1);
    expect([send("m2"), send("m3")]).toEqual(["ok", "ok"]);
  });

  it("tells a later one to wait no longer than the ten seconds last", async () => {
    const { clock, refuse, send } = setup();
    refuse("m1", { retryAfterMs: 4_000 });

    await clock.advance(5_000);
    expect(send("m2")).toBe("OVERLOADED 4000");
    await clock.advance(4_000);
    expect(send("m2")).toBe("OVERLOADED 1000");
  });

  it("waits ten seconds anew when it came and was refused again", async () => {
    const { clock, refuse, send } = setup();
    refuse("m1");
    await clock.advance(9_000);
    expect(send("m1")).toBe("ok");
    refuse("m1");

    await clock.advance(9_999);
    expect(send("m2")).toBe("OVERLOADED 1");
    await clock.advance(1);
    expect(send("m2")).toBe("ok");
  });

  it("lets the others through when it has arrived in another way", () => {
    const { gate, refuse, send } = setup();
    refuse("m1");
    gate.settle("general", "m2");
    gate.settle("random", "m1");
    expect(send("m3")).toBe("OVERLOADED 500");

    gate.settle("general", "m1");
    expect(send("m3")).toBe("ok");
  });

  it("does not keep other rooms waiting", () => {
    const { refuse, send } = setup();
    refuse("m1");
    refuse("m2", { code: "DRAINING", room: "random" });

    expect([send("m3", "lobby"), send("m3", "random"), send("m3")]).toEqual(["ok", "DRAINING 500", "OVERLOADED 500"]);
    expect([send("m2", "random"), send("m3", "random"), send("m3")]).toEqual(["ok", "ok", "OVERLOADED 500"]);
  });
});

describe("after the refusal of a message without an id", () => {
  it("refuses later ones until its wait is over: nobody can tell whether it comes again", async () => {
    const { clock, refuse, send } = setup();
    refuse(undefined, { retryAfterMs: 500 });

    expect([send(undefined), send("m2")]).toEqual(["OVERLOADED 500", "OVERLOADED 500"]);
    await clock.advance(499);
    expect([send(undefined), send("m2")]).toEqual(["OVERLOADED 1", "OVERLOADED 1"]);
    await clock.advance(1);
    expect([send(undefined), send("m2")]).toEqual(["ok", "ok"]);
  });

  it("holds for ten seconds at most", async () => {
    const { clock, refuse, send } = setup();
    refuse(undefined, { retryAfterMs: 60_000 });

    expect(send(undefined)).toBe("OVERLOADED 10000");
    await clock.advance(10_000);
    expect(send(undefined)).toBe("ok");
  });

  it("holds nothing when there is nothing to wait for", () => {
    const { gate, send } = setup();
    gate.hold("general", undefined, new RoomfulError("OVERLOADED"));

    expect(send(undefined)).toBe("ok");
  });
});

describe("unanswered sends", () => {
  /** Begins a send, and answers how to end it. */
  function begin(gate: SendGate) {
    let resolve = (): void => {};
    let reject = (_error: Error): void => {};
    const answer = gate.whileUnanswered(
      new Promise<void>((...settle) => {
        [resolve, reject] = settle;
      }),
    );
    return { answer, resolve: () => resolve(), reject: (error: Error) => reject(error) };
  }

  const refusal = expect.objectContaining({ code: "RATE_LIMITED", retryAfterMs: 250 });

  it("are refused above the limit until one is answered", async () => {
    const { gate } = setup({ maxUnanswered: 2 });
    const first = begin(gate);
    gate.checkUnanswered();
    begin(gate);
    expect(() => gate.checkUnanswered()).toThrow(refusal);

    first.resolve();
    await first.answer;
    expect(() => gate.checkUnanswered()).not.toThrow();
  });

  it("are answered by a refusal too", async () => {
    const { gate } = setup({ maxUnanswered: 1 });
    const only = begin(gate);
    only.reject(new Error("the write failed"));

    await expect(only.answer).rejects.toThrow("the write failed");
    expect(() => gate.checkUnanswered()).not.toThrow();
  });

  it("hand on their answer", async () => {
    expect(await setup().gate.whileUnanswered(Promise.resolve(7))).toBe(7);
  });

  it("are as many as they like at 0", () => {
    const { gate } = setup({ maxUnanswered: 0 });
    for (let index = 0; index < 1_000; index += 1) {
      begin(gate);
    }

    expect(() => gate.checkUnanswered()).not.toThrow();
  });
});

it("does not grow with rooms that are left and never sent to again", async () => {
  const { clock, gate } = setup();
  for (let room = 0; room < 1_000; room += 1) {
    gate.hold(`room-${room}`, "an id", new RoomfulError("RATE_LIMITED", { retryAfterMs: 50 }));
    await clock.advance(200);
  }

  expect(gate["holds"].size).toBeLessThanOrEqual(100);
});
