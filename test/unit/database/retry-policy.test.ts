import { QueryFailedError } from "typeorm";

import { classifyWriteError, isUnavailable } from "../../../src/database/retry-policy";

/** As pg throws it. */
class DatabaseError extends Error {
  constructor(
    readonly code: string,
    readonly constraint?: string,
  ) {
    super(`error ${code}`);
  }
}

const KEY = "messages_user_id_id_key";
const networkError = (code: string) => Object.assign(new Error(`connect ${code}`), { code });
const wrapped = (error: Error) => new QueryFailedError("SELECT 1", [], error);

describe("classifyWriteError", () => {
  it.each<[string, unknown]>([
    ["a deadlock", new DatabaseError("40P01")],
    ["a serialization failure", new DatabaseError("40001")],
    ["a key that another call has just inserted", new DatabaseError("23505", KEY)],
    ["the same, wrapped by TypeORM", wrapped(new DatabaseError("23505", KEY))],
  ])("repeats after %s", (_name, error) => {
    expect(classifyWriteError(error)).toBe("repeat");
  });

  it.each<[string, unknown]>([
    ["a NUL character", new DatabaseError("22021")],
    ["a number out of range", new DatabaseError("22003")],
    ["another unique key", new DatabaseError("23505", "messages_pkey")],
    ["a unique key without a name", new DatabaseError("23505")],
    ["a missing row that is referred to", new DatabaseError("23503", KEY)],
    ["a check", new DatabaseError("23514")],
    ["a limit of Postgres", new DatabaseError("54000")],
    ["a message that Postgres cannot read", new DatabaseError("08P01")],
    ["a row at fault, wrapped by TypeORM", wrapped(new DatabaseError("22021"))],
  ])("blames a row for %s", (_name, error) => {
    expect(classifyWriteError(error)).toBe("poison");
  });

  it.each<[string, unknown]>([
    ["a shutdown", new DatabaseError("57P01")],
    ["a start-up", new DatabaseError("57P03")],
    ["a statement that took too long", new DatabaseError("57014")],
    ["a lost connection", new DatabaseError("08006")],
    ["too many connections", new DatabaseError("53300")],
    ["a full disk", new DatabaseError("53100")],
    ["a lock not had in time", new DatabaseError("55P03")],
    ["a standby", new DatabaseError("25006")],
    ["a missing function", new DatabaseError("42883")],
    ["a refused connection", networkError("ECONNREFUSED")],
    ["a reset connection", networkError("ECONNRESET")],
    ["a code of Node's that begins like a class", networkError("22")],
    ["an error of pg's without a code", new Error("Connection terminated unexpectedly")],
    ["a bug", new TypeError("undefined is not a function")],
    ["a code that is no text", Object.assign(new Error("odd"), { code: 22021 })],
    ["nothing", undefined],
    ["null", null],
    ["a text", "22021"],
  ])("tries again after %s, since nothing admitted may be dropped", (_name, error) => {
    expect(classifyWriteError(error)).toBe("retry");
  });
});

describe("isUnavailable", () => {
  it.each<[string, unknown]>([
    ["a refused connection", networkError("ECONNREFUSED")],
    ["a reset connection", networkError("ECONNRESET")],
    ["a broken pipe", networkError("EPIPE")],
    ["a name that is not found", networkError("ENOTFOUND")],
    ["a name server that is away", networkError("EAI_AGAIN")],
    ["a connection that timed out", networkError("ETIMEDOUT")],
    ["a host out of reach", networkError("EHOSTUNREACH")],
    ["a lost connection", new DatabaseError("08006")],
    ["a shutdown", new DatabaseError("57P01")],
    ["a statement that took too long", new DatabaseError("57014")],
    ["too many connections", new DatabaseError("53300")],
    ["a lock not had in time", new DatabaseError("55P03")],
    ["a standby", new DatabaseError("25006")],
    ["pg's own time-out, without a code", new Error("timeout exceeded when trying to connect")],
    ["a shutdown, wrapped by TypeORM", wrapped(new DatabaseError("57P01"))],
  ])("is true of %s", (_name, error) => {
    expect(isUnavailable(error)).toBe(true);
  });

  it.each<[string, unknown]>([
    ["a message that Postgres cannot read", new DatabaseError("08P01")],
    ["a wrong query", new DatabaseError("42601")],
    ["a missing table", new DatabaseError("42P01")],
    ["a row at fault", new DatabaseError("22021")],
    ["a deadlock", new DatabaseError("40P01")],
    ["a lock's other errors", new DatabaseError("55006")],
    ["a file that is not there", networkError("ENOENT")],
    ["a bug", new TypeError("undefined is not a function")],
    ["nothing", undefined],
    ["null", null],
    ["a text", "ECONNREFUSED"],
  ])("is false of %s", (_name, error) => {
    expect(isUnavailable(error)).toBe(false);
  });
});
