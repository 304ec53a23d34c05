import { createTokenSource } from "../../../../src/cli/replay/token-source";
import { createConfig } from "../../../../src/config/load-config";
import { systemClock } from "../../../../src/lifecycle/clock";
import { createTokenVerifier } from "../../../../src/middleware/token-verifier";

const URL_OF_SERVICE = "http://127.0.0.1:3000";

afterEach(() => jest.restoreAllMocks());

/** A service that answers every request in the same way. */
function answering(response: Response) {
  return jest.spyOn(globalThis, "fetch").mockResolvedValue(response);
}

it("signs for a day where the secret is known, and asks nobody", async () => {
  const fetched = answering(Response.error());
  const secret = "s".repeat(40);

  const token = await createTokenSource(secret)(URL_OF_SERVICE, "ada@1");

  const verifier = createTokenVerifier({ config: createConfig().jwt, secrets: [secret], clock: systemClock });
  const { userId, expiresAt } = verifier.verify(token);
  expect(userId).toBe("ada@1");
  expect(Math.abs(expiresAt - Date.now() - 24 * 3_600_000)).toBeLessThan(10_000);
  expect(fetched).not.toHaveBeenCalled();
});

it("signs what the service requires", async () => {
  const secret = "s".repeat(64);
  const requirements = { issuer: "https://id.example", audience: "chat", algorithm: "HS512" as const };

  const token = await createTokenSource(secret, requirements)(URL_OF_SERVICE, "ada@1");

  const config = createConfig({ jwt: { issuer: "https://id.example", audience: "chat", algorithms: ["HS512"] } }).jwt;
  const verifier = createTokenVerifier({ config, secrets: [secret], clock: systemClock });
  expect(verifier.verify(token)).toMatchObject({ userId: "ada@1" });
});

it("asks the service's development route otherwise", async () => {
  const fetched = answering(Response.json({ token: "t" }));

  expect(await createTokenSource(undefined)(URL_OF_SERVICE, "ada@1")).toBe("t");

  const [url, request] = fetched.mock.calls[0] ?? [];
  expect(String(url)).toBe(`${URL_OF_SERVICE}/dev/token`);
  expect(request).toEqual({
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"userId":"ada@1"}',
  });
});

it("says what to set when the service hands out no tokens", async () => {
  answering(Response.json({ code: "NOT_FOUND" }, { status: 404 }));

  await expect(createTokenSource(undefined)(URL_OF_SERVICE, "ada@1")).rejects.toThrow(
    `${URL_OF_SERVICE} hands out no tokens (status 404). Set ROOMFUL_JWT_SECRET to the service's secret.`,
  );
});
