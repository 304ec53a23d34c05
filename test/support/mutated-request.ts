/** A request as it is written, before and after something was done to it. */
export interface WrittenRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

type Random = () => number;

const pick = <Item>(random: Random, items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;

const VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    2 ** 53,
    1e300,
    "",
    "x",
    " ",
    "system",
    "\0",
    "\ud800",
    "é😀",
    "__proto__",
    "constructor",
  ],
  ...[
    "x".repeat(129),
    "x".repeat(9_000),
    "../..",
    "r:lobby",
    "u:ada",
    "*",
    "%00",
    "connect",
    "message",
    "2026-13-99T99:99:99Z",
  ],
  ...[
    [],
    {},
    [[]],
    [null],
    { a: { b: { c: {} } } },
    { toString: "x" },
    { _placeholder: true, num: 0 },
    Array(101).fill("a"),
  ],
  ...["0190a6b2-7c4e-7d3f-8a21-9b0c1d2e3f40", "0190A6B2-7C4E-7D3F-8A21-9B0C1D2E3F40", "'; DROP TABLE messages; --"],
];
const KEYS = [
  "userId",
  "content",
  "id",
  "room",
  "rooms",
  "event",
  "data",
  "except",
  "type",
  "extra",
  "__proto__",
  "constructor",
  "commands",
];
const SEGMENTS = [
  "",
  ".",
  "..",
  "%",
  "%zz",
  "%00",
  "%2f",
  "%F0%9F%98%80",
  "a b",
  "*",
  "r:lobby",
  "x".repeat(65),
  "x".repeat(700),
  "messages",
  "{room}",
];
const QUERIES = [
  ...[
    "?namespace=/",
    "?namespace=",
    "?namespace=/nowhere",
    "?namespace=//",
    "?after=-1",
    "?after=1e9",
    "?limit=0",
    "?limit=201",
  ],
  ...[
    "?limit=1&limit=2",
    "?before=1&after=1",
    "?extra=1",
    "?&&==",
    "?%zz=%",
    "?namespace[]=/",
    `?x=${"y".repeat(3_000)}`,
    "#hash",
  ],
];
const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "FOO"];
const HEADERS: readonly [string, string][] = [
  ...(
    [
      "text/plain",
      "application/json; charset=utf-16",
      "application/problem+json",
      "multipart/form-data",
      "",
      "application/json,",
      "*",
    ] as const
  ).map((type): [string, string] => ["content-type", type]),
  ...(["", "Bearer", "Bearer x", "Basic eA==", "bearer  ", `Bearer ${"z".repeat(500)}`, "Bearer \u00e9"] as const).map(
    (value): [string, string] => ["authorization", value],
  ),
  ...(["", "k", "\u00e9", "x".repeat(256), "a/0"] as const).map((value): [string, string] => [
    "idempotency-key",
    value,
  ]),
  ...([
    ["content-encoding", "gzip"],
    ["accept", "text/html"],
    ["x-forwarded-for", "' OR 1=1"],
    ["expect", "200-maybe"],
  ] as [string, string][]),
  ...([
    ["content-length", "-1"],
    ["content-length", "1"],
    ["content-length", "2000000"],
    ["content-length", "x"],
  ] as [string, string][]),
  ...([
    ["transfer-encoding", "chunked"],
    ["transfer-encoding", "gzip"],
    ["cookie", "a=b"],
    ["x-long", "l".repeat(9_000)],
  ] as [string, string][]),
];

type Mutation = (request: WrittenRequest, random: Random) => WrittenRequest;

/** Changes one place of the body's value. */
const changeValue: Mutation = (request, random) => {
  if (request.body === undefined) {
    return { ...request, body: JSON.stringify(pick(random, VALUES)) };
  }
  return { ...request, body: JSON.stringify(changed(JSON.parse(request.body), random)) };
};

function changed(value: unknown, random: Random): unknown {
  if (typeof value !== "object" || value === null || random() < 0.15) {
    return pick(random, VALUES);
  }
  if (Array.isArray(value)) {
    const at = Math.floor(random() * value.length);
    return value.map((member, index) => (index === at ? changed(member, random) : member));
  }
  const entries = Object.entries(value);
  const at = Math.floor(random() * entries.length);
  const choice = random();
  if (choice < 0.2) {
    return Object.fromEntries(entries.filter((_, index) => index !== at));
  }
  if (choice < 0.4) {
    return { ...value, [pick(random, KEYS)]: pick(random, VALUES) };
  }
  return Object.fromEntries(
    entries.map(([key, member], index) => [key, index === at ? changed(member, random) : member]),
  );
}

/** Changes, drops or adds characters of the body's text, which then may be no JSON. */
const corruptText: Mutation = (request, random) => {
  const { body = "{}" } = request;
  const at = Math.floor(random() * body.length);
  const length = Math.floor(random() * 4);
  const added = pick(random, [
    "",
    '"',
    "{",
    "}",
    "[",
    ",",
    "\\",
    "\\u0000",
    "\u0000",
    "1e999",
    "\ufeff",
    "ÿ",
    "[".repeat(2_000),
  ]);
  return { ...request, body: body.slice(0, at) + added + body.slice(at + length) };
};

const deepen: Mutation = (request, random) => {
  const levels = pick(random, [7, 8, 9, 50, 5_000, 60_000]);
  const deep = `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  const body = request.body ?? "{}";
  return { ...request, body: body.replace(/"(?:data|metadata|content)":("[^"]*"|[^,}]+)/, `"data":${deep}`) };
};

const changePath: Mutation = (request, random) => {
  const [path = "", query = ""] = request.path.split("?");
  const segments = path.split("/");
  const at = 1 + Math.floor(random() * (segments.length - 1));
  segments[at] = pick(random, SEGMENTS).replaceAll(" ", "%20");
  return { ...request, path: segments.join("/") + (query && `?${query}`) };
};

const changeQuery: Mutation = (request, random) => ({
  ...request,
  path: (request.path.split("?")[0] ?? "") + pick(random, QUERIES),
});

const changeMethod: Mutation = (request, random) => ({ ...request, method: pick(random, METHODS) });

const changeHeader: Mutation = (request, random) => {
  const [name, value] = pick(random, HEADERS);
  return { ...request, headers: { ...request.headers, [name]: value } };
};

const dropHeader: Mutation = (request, random) => {
  const { [pick(random, Object.keys(request.headers))]: _dropped, ...headers } = request.headers;
  return { ...request, headers };
};

const dropBody: Mutation = (request) => ({ ...request, body: undefined });

/** Those that change a body's meaning come more often: most of the code is behind them. */
const MUTATIONS: readonly Mutation[] = [
  ...[changeValue, changeValue, changeValue, changeValue, corruptText, corruptText, deepen],
  ...[changePath, changeQuery, changeMethod, changeHeader, dropHeader, dropBody],
];

/** The request with one to three things done to it, the same for the same random numbers. */
export function mutate(request: WrittenRequest, random: Random): WrittenRequest {
  let mutated = request;
  for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1) {
    try {
      mutated = pick(random, MUTATIONS)(mutated, random);
    } catch {
      // The body is no JSON any more: what needs its value has nothing to do.
    }
  }
  return mutated;
}

/** The bytes of a request, one in forty with one of them changed. */
export function bytesOf({ method, path, headers, body }: WrittenRequest, random: Random): Buffer {
  const payload = Buffer.from(body ?? "");
  const all = {
    host: "localhost",
    connection: "close",
    ...(body !== undefined && { "content-length": String(payload.length) }),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const bytes = Buffer.concat([
    Buffer.from([`${method} ${path} HTTP/1.1`, ...head, "", ""].join("\r\n"), "latin1"),
    payload,
  ]);
  if (random() < 1 / 40) {
    bytes.writeUInt8(Math.floor(random() * 256), Math.floor(random() * bytes.length));
  }
  return bytes;
}
