/**
 * The hash chain as it is stored, each row checked when it is read.
 *
 * Errors  `DB_CORRUPT` for a row that is not as it was written, or that is gone.
 */
import { type Database, damaged, guarded } from "./database.ts";
import { type ChainLink, type LedgerRow, linkOf, rowOf } from "./ledger-rows.ts";

export interface Chain {
  readonly tip: () => ChainLink | undefined;
  readonly link: (sequence: number) => ChainLink | undefined;
  /** The first link after this ledger, which may be one that is not here. */
  readonly next: (sequence: number) => ChainLink | undefined;
  readonly append: (link: ChainLink) => void;
}

export function openChain(database: Database, path: string, networkId: string): Chain {
  const insert = database.prepare("INSERT INTO ledgers VALUES (?, ?, ?, ?, ?, ?, ?)");
  const last = database.prepare<[], LedgerRow>(
    "SELECT * FROM ledgers ORDER BY sequence DESC LIMIT 1",
  );
  const one = database.prepare<[number], LedgerRow>("SELECT * FROM ledgers WHERE sequence = ?");
  const before = database.prepare<[number], LedgerRow>(
    "SELECT * FROM ledgers WHERE sequence < ? ORDER BY sequence DESC LIMIT 1",
  );
  const after = database.prepare<[number], LedgerRow>(
    "SELECT * FROM ledgers WHERE sequence > ? ORDER BY sequence LIMIT 1",
  );
  const checked = (row: LedgerRow | undefined): ChainLink | undefined => {
    if (row === undefined) return undefined;
    // The first row stands on the network's id, so that none before it can be lost.
    const link = linkOf(row, before.get(row.sequence)?.sum ?? networkId);
    if (link === undefined) throw damaged(path, `ledger ${row.sequence} is not as it was written`);
    return link;
  };
  return {
    tip: () => guarded(path, () => checked(last.get())),
    next: (sequence) => guarded(path, () => checked(after.get(sequence))),
    link: (sequence) =>
      guarded(path, () => {
        const row = one.get(sequence);
        const isLost =
          row === undefined &&
          before.get(sequence) !== undefined &&
          after.get(sequence) !== undefined;
        if (isLost) throw damaged(path, `ledger ${sequence} is missing`);
        return checked(row);
      }),
    append: (link) => {
      const row = rowOf(link, last.get()?.sum ?? networkId);
      const { sequence, header_hash, close_time, ledger_hash, state_root, receipts_root } = row;
      insert.run(
        sequence,
        header_hash,
        close_time,
        ledger_hash,
        state_root,
        receipts_root,
        row.sum,
      );
    },
  };
}
