import { RoomfulClientError } from "roomful-client";

import { connectionProblem, errorText } from "../../../web/src/model/error-text";

const coded = (code: RoomfulClientError["code"]) => new RoomfulClientError({ code, message: "", retryable: true });
const ADA = { userId: "ada", username: "Ada", color: "#123456" };

it("has words for what its reader can do something about, and the code for the rest", () => {
  expect(errorText(coded("TOKEN_EXPIRED"))).toEqual(["errorToken"]);
  expect(errorText(coded("INTERNAL"))).toEqual(["errorOther", { code: "INTERNAL" }]);
  expect(errorText(new TypeError("Failed to fetch"))).toEqual(["errorUnreachable"]);
});

it("leaves a lost network to the status line once one was connected", () => {
  const error = new Error("transport close");

  expect(connectionProblem({ status: "waiting", error })).toBe(error);
  expect(connectionProblem({ status: "waiting", error, user: ADA })).toBeUndefined();
  expect(connectionProblem({ status: "waiting", error: coded("DRAINING"), user: ADA })).toBeUndefined();
});

it("says why the service refuses, until one is connected", () => {
  const error = coded("TOO_MANY_CONNECTIONS");

  expect(connectionProblem({ status: "waiting", error, user: ADA })).toBe(error);
  expect(connectionProblem({ status: "connecting", error, user: ADA })).toBe(error);
  expect(connectionProblem({ status: "connected", error: undefined, user: ADA })).toBeUndefined();
});
