import { reportFailure } from "../../../src/cli/report-failure";

afterEach(() => jest.restoreAllMocks());

function reported(error: unknown): unknown[][] {
  const complain = jest.spyOn(console, "error").mockImplementation(() => {});
  reportFailure(error);
  return complain.mock.calls;
}

it.each([
  ["an error", new Error("the port is taken"), "the port is taken"],
  ["a text", "no", "no"],
  ["nothing", undefined, "undefined"],
  ["an error with a code and no text", Object.assign(new Error(""), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
  ["an error with neither", new TypeError(""), "TypeError"],
  ["its causes", new Error("a", { cause: new Error("b", { cause: "c" }) }), "a\n  because: b\n  because: c"],
  ["several errors", new AggregateError([new Error("a"), "b", new TypeError("")], "all failed"), "a; b; TypeError"],
  [
    "a cause of several errors",
    new Error("a", { cause: new AggregateError([Object.assign(new Error(""), { code: "EX" }), new Error("b")]) }),
    "a\n  because: EX; b",
  ],
])("tells %s in one complaint, without a stack", (_what, error, text) => {
  expect(reported(error)).toEqual([[`roomful: ${text}`]]);
});
