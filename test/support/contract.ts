import type { TableRow } from "../../src/testing/room-table";
import type { Acknowledged } from "./retrying-sender";

export interface ContractReport {
  acknowledged: number;
  stored: number;
  /** Acknowledged, and not in the table under the acknowledged number. */
  lost: Acknowledged[];
  /** Keys that are in the table more than once. */
  duplicates: string[];
  /** Rooms whose numbers are not 1 to N. */
  roomsWithHoles: string[];
}

/** Holds what senders were told against what the table says: the delivery contract's first sentence. */
export function checkContract(acknowledged: readonly Acknowledged[], table: readonly TableRow[]): ContractReport {
  const rows = new Map<string, TableRow>();
  const duplicates: string[] = [];
  const seqs = new Map<string, number[]>();
  for (const row of table) {
    const key = `${row.userId} ${row.id}`;
    if (rows.has(key)) {
      duplicates.push(key);
    }
    rows.set(key, row);
    const room = `${row.namespace} ${row.room}`;
    seqs.set(room, [...(seqs.get(room) ?? []), row.seq]);
  }
  return {
    acknowledged: acknowledged.length,
    stored: table.length,
    lost: acknowledged.filter(({ userId, id, room, seq }) => {
      const row = rows.get(`${userId} ${id}`);
      return row?.seq !== seq || row.room !== room;
    }),
    duplicates,
    roomsWithHoles: [...seqs]
      .filter(([, numbers]) => numbers.toSorted((a, b) => a - b).some((seq, index) => seq !== index + 1))
      .map(([room]) => room),
  };
}
