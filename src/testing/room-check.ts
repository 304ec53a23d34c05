import { type ClientAccount, keyOf } from "./client-account";
import type { TableRoom, TableRow } from "./room-table";

/** A client's account, and whose it is. */
export interface Witness {
  name: string;
  account: ClientAccount;
}

/** A list of messages that keeps itself, as a room of `roomful-client`. */
export interface RoomReader {
  readonly messages: readonly {
    readonly seq: number | undefined;
    readonly userId: string;
    readonly id: string;
    readonly type: string;
    readonly content: string;
    readonly status: string;
  }[];
  /** There are older messages than those in the list. */
  readonly hasOlder: boolean;
}

export interface RoomCheck {
  table: TableRoom;
  witnesses: readonly Witness[];
  /** By name. */
  readers?: ReadonlyMap<string, RoomReader>;
  /** A node has stopped: what it had shown may never have been stored. */
  mayHaveLost?: boolean;
}

export interface RoomFaults {
  /** What no later event can mend. */
  wrong: string[];
  /** What may still be on its way. */
  missing: string[];
}

/** Refused, and stored all the same by the call that holds the id. */
const STORED_BY_ANOTHER = "IDEMPOTENCY_CONFLICT";

/** Holds what clients were shown, told and answered against the table; both lists are empty when they agree. */
export function checkRoom({ table, witnesses, readers = new Map(), mayHaveLost = false }: RoomCheck): RoomFaults {
  const rowOf = new Map(table.rows.map((row) => [keyOf(row), row]));
  const calls = witnesses.flatMap(({ account }) => account.sends.map(({ key }) => key));
  const wrong = numberingFaults(table);
  const missing: string[] = [];

  for (const { name, account } of witnesses) {
    const faults = [
      ...sendFaults(account, rowOf, (key) => calls.filter((each) => each === key).length === 1),
      ...claimFaults(account, rowOf),
      ...showingFaults(account, rowOf),
      ...(account.highest.seq > table.lastSeq
        ? [`${account.highest.by} named number ${account.highest.seq}; the table ends at ${table.lastSeq}`]
        : []),
    ];
    wrong.push(...faults.map((fault) => `${name}: ${fault}`));
    const gaps = [...lacks(account, table), ...(mayHaveLost ? [] : ghosts(account, rowOf))];
    missing.push(...gaps.map((gap) => `${name}: ${gap}`));
  }
  for (const [name, reader] of readers) {
    // A reader mends itself: whatever it holds may still change.
    missing.push(...readerFaults(reader, table.rows).map((fault) => `${name}: ${fault}`));
  }
  return { wrong: [...new Set(wrong)], missing: [...new Set(missing)] };
}

/** How the list of a reader differs from the table, from its first message on. */
export function readerFaults({ messages, hasOlder }: RoomReader, rows: readonly TableRow[]): string[] {
  const held = messages.filter(({ type, status }) => type !== "system" && status !== "failed");
  const first = hasOlder ? (held[0]?.seq ?? 1) : 1;
  const expected = rows.filter(({ seq }) => seq >= first).map(lineOf);
  const got = held.map(lineOf);
  const lacking = expected.filter((line) => !got.includes(line)).map((line) => `lacks ${line}`);
  const extra = got.filter((line) => !expected.includes(line)).map((line) => `holds ${line}, which the table has not`);
  if (lacking.length + extra.length > 0) {
    return [...lacking, ...extra];
  }
  return got.join("\n") === expected.join("\n") ? [] : [`holds everything, in another order: ${got.join(", ")}`];
}

function numberingFaults({ lastSeq, rows }: TableRoom): string[] {
  const hole = rows.findIndex(({ seq }, index) => seq !== index + 1);
  const keys = rows.map(keyOf);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  const end = rows.at(-1)?.seq ?? 0;
  return [
    ...(hole < 0 ? [] : [`table: number ${hole + 1} is missing; number ${rows[hole]?.seq} stands in its place`]),
    ...(end === lastSeq ? [] : [`table: the counter of the room is ${lastSeq}, and its last message number ${end}`]),
    ...(twice === undefined ? [] : [`table: ${twice} is stored twice`]),
  ];
}

function sendFaults(
  { sends }: ClientAccount,
  rowOf: ReadonlyMap<string, TableRow>,
  isOnlyCall: (key: string) => boolean,
): string[] {
  return sends.flatMap(({ key, content, reply }) => {
    if (key === undefined || !reply) {
      return [];
    }
    const row = rowOf.get(key);
    if (!reply.ok) {
      // An earlier call with this id may have been stored.
      const isTrue = !row || reply.error.code === STORED_BY_ANOTHER || !isOnlyCall(key);
      return isTrue ? [] : [`the send ${key} was refused with ${reply.error.code}; the table has it as ${place(row)}`];
    }
    const isTrue = row?.seq === reply.data.seq && row.content === content;
    return isTrue
      ? []
      : [`the send ${key} ${quote(content)} was acknowledged as number ${reply.data.seq}; the table has ${place(row)}`];
  });
}

function claimFaults({ claims }: ClientAccount, rowOf: ReadonlyMap<string, TableRow>): string[] {
  return claims
    .filter(({ seq, key }) => rowOf.get(key)?.seq !== seq)
    .map(({ by, seq, key }) => `${by} gave number ${seq} to ${key}; the table has ${place(rowOf.get(key))}`);
}

function showingFaults({ showings, retractions }: ClientAccount, rowOf: ReadonlyMap<string, TableRow>): string[] {
  const changed = showings.flatMap(({ by, key, type, content, isRetracted }) => {
    const row = rowOf.get(key);
    const isTrue = !row || isRetracted || (row.type === type && row.content === content);
    return isTrue ? [] : [`${by} showed ${key} as ${type} ${quote(content)}; the table has ${place(row)}`];
  });
  const kept = [...retractions].flatMap(([key, code]) => {
    const row = rowOf.get(key);
    return !row || code === STORED_BY_ANOTHER
      ? []
      : [`retracted took ${key} back (${code}); the table has ${place(row)}`];
  });
  return [...changed, ...kept];
}

/** Stored messages that a client in the room was not shown, or whose number it was not told. */
function lacks({ claims, showings, completeAbove }: ClientAccount, { rows }: TableRoom): string[] {
  if (completeAbove === undefined) {
    return [];
  }
  const seqs = claims.map(({ seq }) => seq);
  const above = completeAbove === "unknown" ? Math.min(...seqs, Number.POSITIVE_INFINITY) - 1 : completeAbove;
  const numbered = new Set(seqs);
  const shown = new Set(showings.map(({ key }) => key));
  return rows.flatMap((row) => {
    const isShown = shown.has(keyOf(row));
    const isNumbered = numbered.has(row.seq);
    if (row.seq <= above || (isShown && isNumbered)) {
      return [];
    }
    const lack = isShown ? "was shown, and not told the number of" : isNumbered ? "was not shown" : "has nothing of";
    return [`${lack} ${lineOf(row)}`];
  });
}

/** What a client was shown that is neither stored nor retracted. */
function ghosts({ showings }: ClientAccount, rowOf: ReadonlyMap<string, TableRow>): string[] {
  return showings
    .filter(({ key, isCurrent, isRetracted }) => isCurrent && !isRetracted && !rowOf.has(key))
    .map(({ key, content }) => `was shown ${key} ${quote(content)}, which is neither stored nor retracted`);
}

function place(row: TableRow | undefined): string {
  return row ? `number ${row.seq}, ${row.type} ${quote(row.content)}` : "no such message";
}

function lineOf(message: { seq: number | undefined; userId: string; id: string; content: string }): string {
  return `number ${message.seq ?? "?"}, ${keyOf(message)} ${quote(message.content)}`;
}

function quote(content: string): string {
  const short = content.length > 40 ? `${content.slice(0, 40)}…` : content;
  return JSON.stringify(short);
}
