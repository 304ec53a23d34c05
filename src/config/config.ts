import { listOf, type Option, oneOf, optionalText, requiredText, wholeNumber, yesOrNo } from "./option";

/** Algorithms by the kind of key that they take. */
const HMAC_ALGORITHMS = ["HS256", "HS384", "HS512"] as const;
const PUBLIC_KEY_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
] as const;
export type Algorithm = (typeof HMAC_ALGORITHMS)[number] | (typeof PUBLIC_KEY_ALGORITHMS)[number];

/**
 * Everything that can be set. The name of an option's variable is `ROOMFUL_` and its path
 * (`writeBuffer.flushIntervalMs`: `ROOMFUL_WRITE_BUFFER_FLUSH_INTERVAL_MS`), unless `env` names another.
 * README's table is compared with this tree by a test.
 */
const OPTIONS = {
  mode: oneOf(["development", "production", "test"], "development", "`production` refuses unsafe defaults.", {
    env: "NODE_ENV",
  }),
  locale: oneOf(["en", "zh"], "en", "Language of system messages."),
  namespaces: listOf<string>(["/"], "Namespaces, each a world of its own.", {
    pattern: /^\/[A-Za-z0-9_-]{0,63}$/,
    expected: "a comma-separated list of names such as / or /support (letters, digits, _ and -)",
  }),
  delivery: oneOf(
    ["fast", "strict"],
    "fast",
    "`fast` shows a message before it is stored, `strict` after; a room can have its own.",
  ),
  roomAccess: oneOf(
    ["open", "token", "members"],
    "open",
    "Who may join a room: everybody, who has it in the token's `rooms`, or its members (`roomful member`).",
  ),

  http: {
    port: wholeNumber(3000, "Port of HTTP and Socket.IO.", { env: "PORT", zero: "any free port" }),
    host: optionalText("Address to listen on; unset: 127.0.0.1, in production all, of IPv6 and IPv4.", { env: "HOST" }),
    allowedHosts: listOf<string>(
      [],
      "Names by which the service may be called besides localhost, such as `chat.test` or `*.test`; unset: none in development, any in production.",
      {
        env: "ROOMFUL_ALLOWED_HOSTS",
        pattern: /^(\*\.)?[\w-]+(\.[\w-]+)*$|^\[[\da-f:.]+\]$/i,
        expected: "a comma-separated list of names such as chat.test or *.test, without a scheme and a port",
      },
    ),
    basePath: optionalText(
      "Path under which everything stands but `/livez`, `/readyz` and `/metrics`, as `/chat`; unset: none.",
      { env: "ROOMFUL_BASE_PATH" },
    ),
    trustProxy: yesOrNo(false, "Take clients' addresses from X-Forwarded-For.", { env: "ROOMFUL_TRUST_PROXY" }),
    allowedOrigins: listOf<string>(
      [],
      "Origins whose pages may connect, such as `https://chat.example` or `https://*.chat.example`; unset: any in development, the same host in production.",
      { env: "ROOMFUL_ALLOWED_ORIGINS" },
    ),
    allowCredentials: yesOrNo(
      false,
      "Pages of `ROOMFUL_ALLOWED_ORIGINS` may send cookies: for a proxy that keeps clients at their node by one.",
      { env: "ROOMFUL_ALLOW_CREDENTIALS" },
    ),
    answerTimeoutMs: wholeNumber(10_000, "An answer that its client does not take ends the connection after this.", {
      zero: "no limit",
    }),
    maxHeaderBytes: wholeNumber(16_384, "Longest headers of a request, cookies included."),
    apiKeys: listOf<string>(
      [],
      "Keys of the HTTP API: `KEY`, which may do everything, or `NAME:KEY:SCOPES:ROOMS` as `roomful key` prints it; unset: nobody may use it.",
      { env: "ROOMFUL_API_KEYS", isSecret: true },
    ),
    developmentTokens: oneOf(
      ["auto", "on", "off"],
      "auto",
      "`POST /dev/token` makes tokens for anybody; `auto`: not in production. Needs a secret, not a public key.",
    ),
  },

  database: {
    url: optionalText("Postgres to use; unset: an embedded one.", { env: "DATABASE_URL", isSecret: true }),
    directUrl: optionalText(
      "The same Postgres past a pooler, to listen for what the outbox is given; unset: `DATABASE_URL`.",
      {
        isSecret: true,
      },
    ),
    dataDir: requiredText(".roomful", "Folder of the embedded Postgres and the development secret.", {
      env: "ROOMFUL_DATA_DIR",
    }),
    allowUnsafeDurability: yesOrNo(false, "Start although Postgres runs without fsync or the like.", {
      env: "ROOMFUL_ALLOW_UNSAFE_DURABILITY",
    }),
    readPoolSize: wholeNumber(4, "Connections for reads."),
    statementTimeoutMs: wholeNumber(5_000, "A statement is cancelled after this."),
    connectTimeoutMs: wholeNumber(3_000, "Waiting for a connection ends after this."),
    probeIntervalMs: wholeNumber(1_000, "How often it is asked whether Postgres answers."),
    pollIntervalMs: wholeNumber(15_000, "How often rooms in use, memberships and revocations are read again."),
  },

  redis: {
    url: optionalText(
      "Redis that joins nodes, a cluster, or the Sentinels that know it (`docs/redis.md`); unset: this node is alone.",
      { env: "REDIS_URL", isSecret: true },
    ),
    prefix: optionalText("Begins all names in Redis; unset: one that the database gives (`roomful redis-prefix`)."),
  },

  jwt: {
    secret: listOf<string>([], "One secret, or two while they are exchanged; at least 32 bytes each.", {
      isSecret: true,
    }),
    publicKey: optionalText("Public key in PEM, for tokens that are signed with a private one; RSA from 2,048 bits.", {
      isSecret: true,
    }),
    jwksUrl: optionalText("Address (JWKS) of the public keys, which a token names by `kid`; RSA from 2,048 bits.", {
      env: "ROOMFUL_JWKS_URL",
    }),
    algorithms: listOf<Algorithm>(
      [],
      "Accepted algorithms; unset: HS256, what fits the public key, or RS256 with JWKS.",
      {
        words: [...HMAC_ALGORITHMS, ...PUBLIC_KEY_ALGORITHMS],
      },
    ),
    issuer: optionalText("Required `iss`; unset: not checked."),
    audience: optionalText(
      "Required `aud`; unset: not checked, and refused in production with JWKS; `*`: not checked, on purpose.",
    ),
    maxLifetimeMs: wholeNumber(
      2_592_000_000,
      "Longest time from a token's `iat`, or from now, to its `exp`: 30 days.",
      {
        zero: "no limit",
      },
    ),
    leewayMs: wholeNumber(30_000, "Clocks may differ by this.", { zero: "none" }),
    expiryNoticeMs: wholeNumber(60_000, "`token_expiring` is sent this long before `exp`.", { zero: "at `exp`" }),
  },

  transports: listOf(["websocket", "polling"], "`websocket` alone needs no sticky sessions.", {
    env: "ROOMFUL_TRANSPORTS",
    words: ["websocket", "polling"],
  }),

  connections: {
    handshakeTimeoutMs: wholeNumber(5_000, "A connection that joined no namespace is closed after this."),
    maxPerUser: wholeNumber(20, "Sockets a user may have.", { zero: "no limit" }),
    maxPerAddress: wholeNumber(
      0,
      "Connections an address may have, or an IPv6 network (/64), joined to a namespace or not.",
      { zero: "no limit" },
    ),
    maxHandshakesPerAddressPerSecond: wholeNumber(0, "Connections an address may open, or an IPv6 network (/64).", {
      zero: "no limit",
    }),
    maxNamespaces: wholeNumber(4, "Namespaces on one connection."),
    maxRooms: wholeNumber(100, "Rooms a socket may be in."),
    maxControlFramesPerSecond: wholeNumber(20, "Pings and pongs of websocket itself on a connection; more end it.", {
      zero: "no limit",
    }),
    pingIntervalMs: wholeNumber(15_000, "Heartbeat."),
    pingTimeoutMs: wholeNumber(10_000, "A connection without an answer to the heartbeat is dead after this."),
    disconnectMemoryMs: wholeNumber(60_000, "How long the reason of a cut is kept for the next `welcome`."),
  },

  limits: {
    maxFrameBytes: wholeNumber(65_536, "Longest frame of a client; a longer one closes the connection."),
    maxContentBytes: wholeNumber(8_192, "Longest content, in UTF-8."),
    maxMetadataBytes: wholeNumber(4_096, "Longest metadata, as JSON in UTF-8."),
    maxJsonDepth: wholeNumber(8, "Levels of nesting in metadata."),
    maxUnansweredSends: wholeNumber(64, "Sends of a socket that wait for their answer, repeats of a known `id` too.", {
      zero: "no limit",
    }),
    maxPageBytes: wholeNumber(262_144, "Longest answer with messages, as JSON in UTF-8; one message is always in it."),
  },

  rateLimits: {
    enabled: oneOf(["on", "off"], "on", "`off` lifts the rates, not the caps.", { env: "ROOMFUL_RATE_LIMITS" }),
    messagePerSecond: wholeNumber(20, "Messages of a user on this node.", { zero: "no limit" }),
    messageBurst: wholeNumber(40, "Messages at once."),
    messageBytesPerSecond: wholeNumber(262_144, "Content, mentions and metadata of a user's messages on this node.", {
      zero: "no limit",
    }),
    messageBytesBurst: wholeNumber(524_288, "Content, mentions and metadata at once."),
    joinPerSecond: wholeNumber(10, "Joins of a user on this node.", { zero: "no limit" }),
    joinBurst: wholeNumber(50, "Joins at once."),
    typingPerSecond: wholeNumber(5, "`typing` of a user on this node.", { zero: "no limit" }),
    typingBurst: wholeNumber(10, "`typing` at once."),
    historyPerSecond: wholeNumber(5, "`history`, `presence` and `rooms` each, of a user on this node.", {
      zero: "no limit",
    }),
    historyBurst: wholeNumber(20, "`history`, `presence` and `rooms` each, at once."),
    packetPerSecond: wholeNumber(1_000, "Packets of any kind, of a user on this node; more end the connection.", {
      zero: "no limit",
    }),
    packetBurst: wholeNumber(4_000, "Packets of any kind at once."),
    receivedBytesPerSecond: wholeNumber(1_048_576, "Their bytes; more end the connection.", { zero: "no limit" }),
    receivedBytesBurst: wholeNumber(4_194_304, "Their bytes at once."),
    cpuMsPerSecond: wholeNumber(100, "Time to decode and check them; more ends the connection.", { zero: "no limit" }),
    cpuMsBurst: wholeNumber(500, "Time to decode and check them at once."),
    refusalsPerMinute: wholeNumber(
      20,
      "Packets and handshakes that may be refused for what they are; more end the connection.",
      { zero: "no limit" },
    ),
    apiPerSecond: wholeNumber(2_000, "Calls with an API key on this node; each command of a batch is one.", {
      zero: "no limit",
    }),
    apiBurst: wholeNumber(4_000, "Calls with an API key at once."),
  },

  emitBuffer: {
    maxPackets: wholeNumber(256, "Packets behind a websocket that does not drain.", { zero: "no limit" }),
    maxBytes: wholeNumber(1_048_576, "Bytes behind a transport that does not drain.", { zero: "no limit" }),
    maxAgeMs: wholeNumber(5_000, "How long a transport with something to send may not drain.", { zero: "no limit" }),
    pacedWrites: oneOf(
      ["on", "off"],
      "on",
      "`on` gathers what a connection is sent and writes it at once; `off`: each packet is a write of its own.",
    ),
    maxWindowMs: wholeNumber(25, "How long a busy server gathers at most.", {
      zero: "for a turn of the event loop",
    }),
  },

  writeBuffer: {
    lanes: wholeNumber(2, "Batches in flight at the same time; a room always uses the same lane."),
    maxBatchSize: wholeNumber(200, "Messages a batch."),
    flushIntervalMs: wholeNumber(10, "A batch leaves this long after its first message.", {
      zero: "in the next turn of the event loop",
    }),
    maxMessages: wholeNumber(20_000, "Messages admitted and not stored; full until below half."),
    maxBytes: wholeNumber(16_777_216, "Their bytes; full until below half."),
    maxAgeMs: wholeNumber(30_000, "Age of the oldest; full until below half."),
    drainTimeoutMs: wholeNumber(8_000, "Time for the last flush at shutdown."),
    rememberedKeys: wholeNumber(50_000, "Keys of stored messages that are recognised without a query.", {
      zero: "none",
    }),
    storedIntervalMs: wholeNumber(250, "`stored` is gathered for this long.", {
      zero: "sent in the next turn of the event loop",
    }),
  },

  outbox: {
    pollIntervalMs: wholeNumber(5_000, "How often the outbox is looked at when nothing wakes the node."),
    batchSize: wholeNumber(200, "Messages of the outbox appended at once."),
  },

  catchUp: {
    ringMessages: wholeNumber(256, "Newest stored messages of a room kept in memory.", { zero: "none" }),
    ringBytes: wholeNumber(67_108_864, "Their bytes, over all rooms.", { zero: "none" }),
  },

  presence: {
    maxListed: wholeNumber(100, "People in a room above which joins and leaves are told in batches, without a list."),
    maxStepsPerSecond: wholeNumber(
      2,
      "Joins and leaves in a room in a second above which they are told together, with one list when it is quiet again.",
      { zero: "no limit" },
    ),
    graceMs: wholeNumber(5_000, "A lost transport's user stays this long.", { zero: "none" }),
    batchIntervalMs: wholeNumber(250, "Interval of `presence_changed`."),
    joinedTemplate: optionalText("System message of a join, with {username}; unset: by locale."),
    leftTemplate: optionalText("System message of a leave, with {username}; unset: by locale."),
  },

  typing: {
    expiryMs: wholeNumber(6_000, "The server ends `typing` after this."),
    repeatMs: wholeNumber(3_000, "`true` is forwarded at most once in this time, per user and room."),
  },

  shutdown: {
    reconnectSpreadMs: wholeNumber(5_000, "Clients are told to reconnect within this.", { zero: "at once" }),
    timeoutMs: wholeNumber(15_000, "The process ends with status 1 when stopping takes longer."),
  },

  log: {
    level: oneOf(["debug", "info", "warn", "error", "silent"], "info", "Least severe lines that are written."),
  },
} as const;

type ConfigOf<Tree> = {
  readonly [Key in keyof Tree]: Tree[Key] extends Option<infer Value> ? Value : ConfigOf<Tree[Key]>;
};

/** Every option's value. Each part of the service gets its own slice. */
export type RoomfulConfig = ConfigOf<typeof OPTIONS>;

/** Some options' values, for embedding and tests. */
export type PartialConfig = {
  readonly [Key in keyof RoomfulConfig]?: RoomfulConfig[Key] extends readonly unknown[] | string | undefined
    ? RoomfulConfig[Key]
    : Partial<RoomfulConfig[Key]>;
};

interface OptionAt {
  path: readonly string[];
  /** Name of its environment variable. */
  variable: string;
  option: Option<unknown>;
}

/** All options with their paths and variables, in the order in which they are written here. */
export function listOptions(tree: object = OPTIONS, parents: readonly string[] = []): OptionAt[] {
  return Object.entries(tree).flatMap(([name, node]: [string, object]): OptionAt[] => {
    const path = [...parents, name];
    return isOption(node) ? [{ path, variable: node.env ?? variableOf(path), option: node }] : listOptions(node, path);
  });
}

function isOption(node: object): node is Option<unknown> {
  return "isOption" in node;
}

function variableOf(path: readonly string[]): string {
  return `ROOMFUL_${path.map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`)).join("_")}`.toUpperCase();
}
