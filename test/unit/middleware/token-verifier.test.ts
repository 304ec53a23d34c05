import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { type Algorithm as JwtAlgorithm, sign } from "jsonwebtoken";

import { RoomfulError } from "../../../src/contract/roomful-error";
import { createTokenVerifier, type TokenVerifierOptions } from "../../../src/middleware/token-verifier";
import { colorOfUser } from "../../../src/middleware/user-defaults";

const NOW_S = 1_800_000_000;
const DAY_MS = 86_400_000;
const DAY_S = DAY_MS / 1_000;
const SECRET = "a-secret-of-at-least-thirty-two-bytes";
const OTHER_SECRET = "another-secret-of-thirty-two-bytes-or-more";
const CLAIMS = { sub: "alice", exp: NOW_S + 60 };

type SetupOptions = Partial<TokenVerifierOptions["config"]> & { secrets?: readonly string[] };

function setup({ secrets = [SECRET], ...config }: SetupOptions = {}) {
  let nowMs = NOW_S * 1000;
  const verifier = createTokenVerifier({
    config: {
      ...{ publicKey: undefined, algorithms: [], issuer: undefined, audience: undefined, leewayMs: 30_000 },
      maxLifetimeMs: DAY_MS,
      ...config,
    },
    secrets,
    clock: { now: () => nowMs },
  });
  return {
    verify: (token: unknown) => verifier.verify(token),
    codeOf: (token: unknown) => codeOf(() => verifier.verify(token)),
    /** What a client is told; undefined: it is taken. */
    refusalOf(token: unknown) {
      try {
        verifier.verify(token);
        return undefined;
      } catch (error) {
        return (error as RoomfulError).toReply();
      }
    },
    setNow: (seconds: number) => {
      nowMs = seconds * 1000;
    },
  };
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return error instanceof RoomfulError ? error.code : `no refusal: ${error}`;
  }
  return "accepted";
}

/** A token of these claims; jsonwebtoken puts no `iat` of the real clock in it. */
function tokenOf(claims: object, key: string | KeyObject = SECRET, algorithm: JwtAlgorithm = "HS256"): string {
  return sign(claims, key, { algorithm, noTimestamp: !("iat" in claims) });
}

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");

/** A token as somebody makes it who follows no rules: any header, any payload, a correct HS256 signature. */
function forge(header: object, payload: unknown, secret = SECRET): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const pemOf = ({ publicKey }: { publicKey: KeyObject }) => publicKey.export({ type: "spki", format: "pem" }).toString();

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const otherRsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const rsaPss = generateKeyPairSync("rsa-pss", {
  ...{ modulusLength: 2048, hashAlgorithm: "sha256" },
});
const p256 = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const p384 = generateKeyPairSync("ec", { namedCurve: "secp384r1" });
const p521 = generateKeyPairSync("ec", { namedCurve: "secp521r1" });

describe("a secret", () => {
  it("accepts HS256 when nothing is configured", () => {
    expect(setup().verify(tokenOf(CLAIMS))).toMatchObject({ userId: "alice" });
  });

  it.each(["HS384", "HS512"] as const)("refuses %s unless it is configured", (algorithm) => {
    const token = tokenOf(CLAIMS, SECRET, algorithm);

    expect(setup().codeOf(token)).toBe("TOKEN_INVALID");
    expect(setup({ algorithms: [algorithm] }).codeOf(token)).toBe("accepted");
  });

  it("refuses HS256 when another algorithm is configured", () => {
    expect(setup({ algorithms: ["HS512"] }).codeOf(tokenOf(CLAIMS))).toBe("TOKEN_INVALID");
  });

  it("refuses a token that another secret signed", () => {
    expect(setup().codeOf(tokenOf(CLAIMS, OTHER_SECRET))).toBe("TOKEN_INVALID");
  });

  it("refuses a token whose claims were changed after it was signed", () => {
    const [header, , signature] = tokenOf(CLAIMS).split(".");

    expect(setup().codeOf(`${header}.${encode({ ...CLAIMS, sub: "mallory" })}.${signature}`)).toBe("TOKEN_INVALID");
  });
});

describe("two secrets", () => {
  const secrets = [SECRET, OTHER_SECRET];

  it.each(secrets)("accept what either signed (%s)", (secret) => {
    expect(setup({ secrets }).codeOf(tokenOf(CLAIMS, secret))).toBe("accepted");
  });

  it("refuse what a third one signed", () => {
    expect(setup({ secrets }).codeOf(tokenOf(CLAIMS, `${SECRET}!`))).toBe("TOKEN_INVALID");
  });

  it.each(secrets)("say that a token has expired, whichever signed it (%s)", (secret) => {
    expect(setup({ secrets }).codeOf(tokenOf({ ...CLAIMS, exp: NOW_S - 60 }, secret))).toBe("TOKEN_EXPIRED");
  });

  it("call a token of neither invalid and not expired", () => {
    expect(setup({ secrets }).codeOf(tokenOf({ ...CLAIMS, exp: NOW_S - 60 }, `${SECRET}!`))).toBe("TOKEN_INVALID");
  });
});

describe("a public key", () => {
  it.each([
    ["RS256", rsa],
    ["PS256", rsaPss],
    ["ES256", p256],
    ["ES384", p384],
    ["ES512", p521],
  ] as const)("accepts %s, which fits it, when nothing is configured", (algorithm, pair) => {
    const { verify } = setup({ publicKey: pemOf(pair), secrets: [] });

    expect(verify(tokenOf(CLAIMS, pair.privateKey, algorithm))).toMatchObject({ userId: "alice" });
  });

  it.each(["RS384", "RS512", "PS256", "PS384", "PS512"] as const)(
    "of RSA accepts %s when it is configured",
    (algorithm) => {
      const token = tokenOf(CLAIMS, rsa.privateKey, algorithm);
      const publicKey = pemOf(rsa);

      expect(setup({ publicKey }).codeOf(token)).toBe("TOKEN_INVALID");
      expect(setup({ publicKey, algorithms: [algorithm] }).codeOf(token)).toBe("accepted");
    },
  );

  it("refuses what another private key signed", () => {
    const { codeOf } = setup({ publicKey: pemOf(rsa) });

    expect(codeOf(tokenOf(CLAIMS, otherRsa.privateKey, "RS256"))).toBe("TOKEN_INVALID");
  });

  it.each([
    ["RSA", rsa],
    ["an elliptic curve", p256],
  ])("of %s is no secret: a token signed with its text is refused", (_kind, pair) => {
    const publicKey = pemOf(pair);
    const { codeOf } = setup({ publicKey });

    expect(codeOf(forge({ alg: "HS256", typ: "JWT" }, CLAIMS, publicKey))).toBe("TOKEN_INVALID");
    expect(codeOf(forge({ alg: "HS256", typ: "JWT" }, CLAIMS, publicKey.trim()))).toBe("TOKEN_INVALID");
  });

  it("takes the place of the secrets", () => {
    expect(setup({ publicKey: pemOf(rsa), secrets: [SECRET] }).codeOf(tokenOf(CLAIMS))).toBe("TOKEN_INVALID");
  });
});

describe("a token without a signature", () => {
  const signed = (alg: string) => `${encode({ alg, typ: "JWT" })}.${encode(CLAIMS)}`;

  it.each(["none", "None", "NONE", ""])("is refused under the algorithm %j", (alg) => {
    expect(setup().codeOf(`${signed(alg)}.`)).toBe("TOKEN_INVALID");
    expect(setup({ publicKey: pemOf(rsa) }).codeOf(`${signed(alg)}.`)).toBe("TOKEN_INVALID");
  });

  it("is refused under an accepted algorithm", () => {
    expect(setup().codeOf(`${signed("HS256")}.`)).toBe("TOKEN_INVALID");
  });

  it("is refused where no key is configured", () => {
    expect(setup({ secrets: [] }).codeOf(`${signed("none")}.`)).toBe("TOKEN_INVALID");
  });

  it("is refused when it says none and is signed", () => {
    expect(setup().codeOf(forge({ alg: "none" }, CLAIMS))).toBe("TOKEN_INVALID");
  });
});

describe("a forged header", () => {
  it("without anything strange is accepted, so that the other cases can fail", () => {
    expect(setup().codeOf(forge({ alg: "HS256", typ: "JWT" }, CLAIMS))).toBe("accepted");
  });

  it.each([
    ["names an extension", ["exp"]],
    ["names none", []],
    ["is null", null],
  ])("is refused when its crit %s", (_what, crit) => {
    expect(setup().codeOf(forge({ alg: "HS256", crit }, CLAIMS))).toBe("TOKEN_INVALID");
  });
});

describe("what stands in the token's place", () => {
  it.each([undefined, null, ""])("is missing when it is %j", (token) => {
    expect(setup().codeOf(token)).toBe("TOKEN_MISSING");
  });

  it.each([
    ["a number", 7],
    ["0", 0],
    ["false", false],
    ["an object", { token: "x" }],
    ["a list of a good token", [tokenOf(CLAIMS)]],
    ["a text that is no token", "hello"],
    ["a token with a part too many", `${tokenOf(CLAIMS)}.x`],
    ["a token whose claims are a text", forge({ alg: "HS256" }, "alice")],
    ["a token whose claims are a list", forge({ alg: "HS256" }, [CLAIMS])],
    ["a token whose claims are null", forge({ alg: "HS256" }, null)],
  ])("is refused when it is %s", (_what, token) => {
    expect(setup().codeOf(token)).toBe("TOKEN_INVALID");
  });

  it("is refused above 4,096 characters, though it is a good token", () => {
    const ofLength = (length: number) => tokenOf({ ...CLAIMS, pad: "x".repeat(length) });
    const short = ofLength(2_900);
    const long = ofLength(3_000);
    expect([short.length <= 4_096, long.length > 4_096]).toEqual([true, true]);

    expect(setup().codeOf(short)).toBe("accepted");
    expect(setup().codeOf(long)).toBe("TOKEN_INVALID");
  });

  it("does not come back in the refusal", () => {
    const { verify } = setup();

    const token = tokenOf({ ...CLAIMS, sub: "" });
    let refusal: RoomfulError | undefined;
    try {
      verify(token);
    } catch (error) {
      refusal = error as RoomfulError;
    }

    expect(refusal?.toReply()).toStrictEqual({
      ...{ code: "TOKEN_INVALID", retryable: false },
      message: "The token is malformed, badly signed or not meant for here.",
    });
  });
});

describe("time", () => {
  it("leaves an expired token the leeway, by the given clock", () => {
    const { codeOf, setNow } = setup();
    const token = tokenOf({ ...CLAIMS, exp: NOW_S });

    setNow(NOW_S + 29.999);
    expect(codeOf(token)).toBe("accepted");
    setNow(NOW_S + 30);
    expect(codeOf(token)).toBe("TOKEN_EXPIRED");
  });

  it("leaves it nothing where there is no leeway", () => {
    const { codeOf, setNow } = setup({ leewayMs: 0 });
    const token = tokenOf({ ...CLAIMS, exp: NOW_S });

    setNow(NOW_S - 0.001);
    expect(codeOf(token)).toBe("accepted");
    setNow(NOW_S);
    expect(codeOf(token)).toBe("TOKEN_EXPIRED");
  });

  it("lets a token begin the leeway early, and not before", () => {
    const { codeOf, setNow } = setup();
    const token = tokenOf({ ...CLAIMS, nbf: NOW_S });

    setNow(NOW_S - 30);
    expect(codeOf(token)).toBe("accepted");
    setNow(NOW_S - 30.001);
    expect(codeOf(token)).toBe("TOKEN_INVALID");
  });

  it("refuses a token that was issued in the future, which no withdrawal would reach", () => {
    const { refusalOf, setNow } = setup();
    const token = tokenOf({ ...CLAIMS, iat: NOW_S });

    setNow(NOW_S - 30);
    expect(refusalOf(token)).toBeUndefined();
    setNow(NOW_S - 30.001);
    expect(refusalOf(token)).toMatchObject({
      ...{ code: "TOKEN_INVALID", details: [{ path: "iat", problem: "is in the future" }] },
    });
  });

  it.each([
    ["after iat", { iat: NOW_S - 3_600 }, NOW_S - 3_600],
    ["from now where there is no iat", {}, NOW_S],
  ])("lets a token live as long as configured, %s", (_what, claims, begin) => {
    const { refusalOf } = setup();
    const details = [{ path: "exp", problem: "is further away than ROOMFUL_JWT_MAX_LIFETIME_MS allows" }];

    // The leeway is for a provider whose clock runs ahead.
    expect(refusalOf(tokenOf({ ...CLAIMS, ...claims, exp: begin + DAY_S + 30 }))).toBeUndefined();
    for (const exp of [begin + DAY_S + 31, 8.64e12]) {
      expect(refusalOf(tokenOf({ ...CLAIMS, ...claims, exp }))).toMatchObject({ code: "TOKEN_INVALID", details });
    }
    expect(setup({ maxLifetimeMs: 0 }).codeOf(tokenOf({ ...CLAIMS, ...claims, exp: 8.64e12 }))).toBe("accepted");
  });

  it("says so whichever of two secrets has signed", () => {
    const { refusalOf } = setup({ secrets: [OTHER_SECRET, SECRET] });

    for (const secret of [SECRET, OTHER_SECRET]) {
      expect(refusalOf(tokenOf({ ...CLAIMS, iat: NOW_S + 60 }, secret))).toHaveProperty("details");
    }
  });

  it("refuses a token that expires at 0, as one that has expired", () => {
    expect(setup().codeOf(tokenOf({ ...CLAIMS, exp: 0 }))).toBe("TOKEN_EXPIRED");
  });

  it("does not say that a badly signed token has expired", () => {
    expect(setup().codeOf(tokenOf({ ...CLAIMS, exp: NOW_S - 60 }, OTHER_SECRET))).toBe("TOKEN_INVALID");
  });
});

describe("issuer and audience", () => {
  it("are not looked at when none is configured", () => {
    expect(setup().codeOf(tokenOf({ ...CLAIMS, iss: "anybody", aud: "anything" }))).toBe("accepted");
  });

  it.each([
    ["the configured one", { iss: "https://id.example" }, "accepted"],
    ["another one", { iss: "https://id.example.net" }, "TOKEN_INVALID"],
    ["none", {}, "TOKEN_INVALID"],
  ])("answer an issuer that is %s", (_what, claims, expected) => {
    expect(setup({ issuer: "https://id.example" }).codeOf(tokenOf({ ...CLAIMS, ...claims }))).toBe(expected);
  });

  it.each([
    ["the configured one", { aud: "roomful" }, "accepted"],
    ["a list with it", { aud: ["billing", "roomful"] }, "accepted"],
    ["another one", { aud: "roomful2" }, "TOKEN_INVALID"],
    ["a list without it", { aud: ["billing"] }, "TOKEN_INVALID"],
    ["an empty list", { aud: [] }, "TOKEN_INVALID"],
    ["none", {}, "TOKEN_INVALID"],
  ])("answer an audience that is %s", (_what, claims, expected) => {
    expect(setup({ audience: "roomful" }).codeOf(tokenOf({ ...CLAIMS, ...claims }))).toBe(expected);
  });
});

it("looks at no audience where any is allowed on purpose", () => {
  const { codeOf } = setup({ audience: "*" });

  expect(codeOf(tokenOf({ ...CLAIMS, aud: "billing" }))).toBe("accepted");
  expect(codeOf(tokenOf(CLAIMS))).toBe("accepted");
});

describe("claims", () => {
  it("are taken over, times in milliseconds", () => {
    const claims = {
      ...{ sub: "alice", exp: NOW_S + 60, iat: NOW_S - 5, username: "Alice", color: "#AABBcc" },
      ...{ rooms: ["general", "team:*"], namespaces: ["/support"], scope: "read send" },
    };

    expect(setup().verify(tokenOf(claims))).toStrictEqual({
      ...{ userId: "alice", username: "Alice", color: "#AABBcc", expiresAt: (NOW_S + 60) * 1000 },
      issuedAt: (NOW_S - 5) * 1000,
      ...{ rooms: ["general", "team:*"], namespaces: ["/support"], maySend: true },
    });
  });

  it("have defaults", () => {
    expect(setup().verify(tokenOf(CLAIMS))).toStrictEqual({
      ...{ userId: "alice", username: "alice", color: colorOfUser("alice"), expiresAt: CLAIMS.exp * 1000 },
      ...{ issuedAt: undefined, rooms: undefined, namespaces: undefined, maySend: true },
    });
  });

  it("name a person by username, then name, then the beginning of sub", () => {
    const { verify } = setup();
    const sub = "a".repeat(128);

    expect(verify(tokenOf({ ...CLAIMS, username: "U", name: "N" })).username).toBe("U");
    expect(verify(tokenOf({ ...CLAIMS, name: "N" })).username).toBe("N");
    expect(verify(tokenOf({ ...CLAIMS, sub }))).toMatchObject({ userId: sub, username: "a".repeat(64) });
  });

  it.each([
    ["too long", "u".repeat(65), "u".repeat(64)],
    ["too long by half a character", `${"u".repeat(63)}😀`, "u".repeat(63)],
    ["empty", "", "Alice N."],
    ["blank", " \t", "Alice N."],
    ["null", null, "Alice N."],
    ["a number", 7, "Alice N."],
    ["an object", {}, "Alice N."],
    ["with NUL", "u\0", "Alice N."],
    ["with a lone surrogate", "u\ud800", "Alice N."],
  ])("cost nobody the connection with a username that is %s", (_what, username, expected) => {
    const { verify } = setup();
    const nameOf = (claims: object) =>
      (verify(forge({ alg: "HS256" }, { ...CLAIMS, ...claims })) as { username: string }).username;

    expect(nameOf({ username, name: "Alice N." })).toBe(expected);
    // The same of a name alone, which leads to `sub`.
    expect(nameOf({ name: username })).toBe(expected === "Alice N." ? "alice" : expected);
  });

  it.each([["red"], ["#aabbcc;x"], [""], [null], [7]])("cost nobody the connection with the color %j", (color) => {
    expect(setup().verify(tokenOf({ ...CLAIMS, color }))).toMatchObject({ color: colorOfUser("alice") });
  });

  it("keep an empty list of rooms, which names none of them", () => {
    expect(setup().verify(tokenOf({ ...CLAIMS, rooms: [] })).rooms).toEqual([]);
  });

  it.each([
    ["no exp", { exp: undefined }],
    ["an exp that is a text", { exp: String(NOW_S + 60) }],
    ["an exp beyond what a date can be", { exp: 8.65e12 }],
    ["an iat that is a text", { iat: String(NOW_S) }],
    ["no sub", { sub: undefined }],
    ["an empty sub", { sub: "" }],
    ["a sub that is a number", { sub: 7 }],
    ["a sub of 129 characters", { sub: "a".repeat(129) }],
    ["a sub with NUL", { sub: "a\0b" }],
    ["a sub with a lone surrogate", { sub: "a\ud800" }],
    ["rooms that are a text", { rooms: "general" }],
    ["rooms that are numbers", { rooms: [7] }],
    ["201 rooms", { rooms: Array(201).fill("r") }],
    ["a room pattern of 129 characters", { rooms: ["*".repeat(129)] }],
    ["namespaces that are a text", { namespaces: "/" }],
    ["51 namespaces", { namespaces: Array(51).fill("/") }],
    ["a scope that is an object", { scope: { send: true } }],
    ["a scope that is a list of numbers", { scope: [1] }],
  ])("are refused with %s", (_what, claims) => {
    expect(setup().codeOf(forge({ alg: "HS256" }, { ...CLAIMS, ...claims }))).toBe("TOKEN_INVALID");
  });

  it.each([
    ["200 rooms", { rooms: Array(200).fill("r") }],
    ["50 namespaces", { namespaces: Array(50).fill("/") }],
    ["a sub of 128 characters", { sub: "a".repeat(128) }],
    ["a username of 64 characters", { username: "u".repeat(64) }],
    ["a claim that is not known", { tenant: { id: 7 } }],
  ])("are accepted with %s", (_what, claims) => {
    expect(setup().codeOf(tokenOf({ ...CLAIMS, ...claims }))).toBe("accepted");
  });
});

describe("scope", () => {
  it.each([
    ["absent", undefined, true],
    ["send", "send", true],
    ["send among others", "read send admin", true],
    ["a list with send", ["read", "send"], true],
    ["read", "read", false],
    ["a word that holds send", "resend send2", false],
    ["in capitals", "SEND", false],
    ["empty", "", false],
    ["an empty list", [], false],
    ["a list without send", ["read"], false],
  ])("allows sending, or not, when it is %s", (_what, scope, maySend) => {
    expect(setup().verify(tokenOf({ ...CLAIMS, ...(scope !== undefined && { scope }) })).maySend).toBe(maySend);
  });
});

it("cuts a long user id to a name that ends with a whole character", () => {
  const secret = "s".repeat(40);
  const verifier = createTokenVerifier({
    config: {
      publicKey: undefined,
      algorithms: [],
      issuer: undefined,
      audience: undefined,
      leewayMs: 0,
      maxLifetimeMs: 0,
    },
    secrets: [secret],
    clock: { now: () => 1_000 },
  });
  const { username } = verifier.verify(sign({ sub: `${"a".repeat(63)}😀`, exp: 60, iat: 1 }, secret));

  expect(username).toBe("a".repeat(63));
});
