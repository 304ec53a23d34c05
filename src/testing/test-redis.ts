import { RedisServer } from "./redis-server";

/** The Redis of a test server, gone when it is dropped. */
export interface TestRedis {
  url: string;
  /** Begins everything that the server's nodes call something there: what `emitterKeyOf` of `roomful/publisher` takes. */
  prefix: string;
  /** Kills it. */
  down(): Promise<void>;
  /** Brings it back, empty, at the same address. */
  up(): Promise<void>;
  /** Stops its process without ending it: connections stay, and nothing answers. */
  pause(): void;
  resume(): void;
  /** Empties it while it runs. */
  flush(): Promise<void>;
  drop(): Promise<void>;
}

/** Starts a real redis-server on a free port, without persistence. */
export async function startTestRedis(): Promise<Omit<TestRedis, "prefix">> {
  const redis = await RedisServer.start();
  return {
    url: redis.url,
    down: () => redis.kill(),
    up: () => redis.restart(),
    pause: () => redis.pause(),
    resume: () => redis.resume(),
    flush: () => redis.flush(),
    drop: () => redis.stop(),
  };
}
