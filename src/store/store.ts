/**
 * The store: state, receipts, the hash chain and the cursor of one service network, in one file.
 *
 * Flow    One closed ledger is one SQLite transaction: all of it is there after a crash, or none.
 * Errors  `NETWORK_MISMATCH` when the file belongs to another service network, and those of
 *         `database.ts`.
 */
import { join } from "node:path";
import { AceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import type { Applied, Receipt, StateEntry, StateReader } from "../runtime/applied.ts";
import { decodeReceipt, encodeReceipt } from "../runtime/receipt-codec.ts";
import { type Database, guarded, openDatabase } from "./database.ts";

/** One line of the hash chain: what nodes compare. */
export interface ChainLink {
  readonly sequence: number;
  readonly headerHash: string;
  readonly closeTime: bigint;
  readonly ledgerHash: string;
  readonly stateRoot: string;
  readonly receiptsRoot: string;
}

export interface Store extends Disposable {
  readonly path: string;
  readonly state: StateReader;
  /** The last committed ledger, or undefined before the genesis ledger. */
  tip(): ChainLink | undefined;
  link(sequence: number): ChainLink | undefined;
  /** Writes, receipts, hashes and cursor of one ledger in one transaction. */
  commit(applied: Applied): void;
  receiptsOf(txHash: string): readonly Receipt[];
  /** Receipts after this place, oldest first: the feed that consumers read with their own cursor. */
  feed(after: FeedCursor, limit: number): readonly FeedEntry[];
}

export interface FeedCursor {
  readonly sequence: number;
  readonly position: number;
}

export interface FeedEntry extends FeedCursor {
  readonly receipt: Receipt;
}

interface StoreOptions {
  readonly dir: string;
  readonly networkId: string;
  readonly pagesMax?: number;
}

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE state(k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE ledgers(
    sequence INTEGER PRIMARY KEY, header_hash TEXT NOT NULL, close_time INTEGER NOT NULL,
    ledger_hash TEXT NOT NULL, state_root TEXT NOT NULL, receipts_root TEXT NOT NULL);
  CREATE TABLE receipts(
    sequence INTEGER NOT NULL, position INTEGER NOT NULL, tx_hash TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY(sequence, position)) WITHOUT ROWID;
  CREATE INDEX receipts_by_transaction ON receipts(tx_hash);
`;

export function openStore({ dir, networkId, pagesMax }: StoreOptions): Store {
  const path = join(dir, "state.db");
  const database = openDatabase(path, {
    schema: SCHEMA,
    schemaVersion: SCHEMA_VERSION,
    ...(pagesMax === undefined ? {} : { pagesMax }),
  });
  try {
    bindToNetwork(database, path, networkId);
    return storeOver(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
}

function bindToNetwork(database: Database, path: string, networkId: string): void {
  const select = database.prepare<[], { value: string }>(
    "SELECT value FROM meta WHERE name = 'network'",
  );
  const found = select.get()?.value;
  if (found === undefined) {
    database.prepare("INSERT INTO meta VALUES ('network', ?)").run(networkId);
  } else if (found !== networkId) {
    const which = `${path} belongs to service network ${found}, not ${networkId}`;
    throw new AceError("NETWORK_MISMATCH", which);
  }
}

function storeOver(database: Database, path: string): Store {
  const tipRow = database.prepare<[], LedgerRow>(
    "SELECT * FROM ledgers ORDER BY sequence DESC LIMIT 1",
  );
  const linkRow = database.prepare<[number], LedgerRow>("SELECT * FROM ledgers WHERE sequence = ?");
  const byTransaction = database.prepare<[string], { body: Buffer }>(
    "SELECT body FROM receipts WHERE tx_hash = ? ORDER BY sequence, position",
  );
  const afterCursor = database.prepare<[number, number, number], FeedRow>(
    "SELECT sequence, position, body FROM receipts WHERE (sequence, position) > (?, ?) ORDER BY sequence, position LIMIT ?",
  );
  const tip = (): ChainLink | undefined => linkOf(guarded(path, () => tipRow.get()));
  const write = ledgerWriter(database);
  return {
    path,
    state: stateReader(database, path),
    tip,
    link: (sequence) => linkOf(guarded(path, () => linkRow.get(sequence))),
    commit: (applied) => {
      const last = tip()?.sequence;
      const follows = last === undefined || applied.sequence === last + 1;
      invariant(follows, "ledgers are committed in order, without gaps");
      guarded(path, () => write(applied));
    },
    receiptsOf: (txHash) =>
      guarded(path, () => byTransaction.all(txHash)).map((row) => decodeReceipt(row.body)),
    feed: (after, limit) =>
      guarded(path, () => afterCursor.all(after.sequence, after.position, limit)).map((row) => ({
        sequence: row.sequence,
        position: row.position,
        receipt: decodeReceipt(row.body),
      })),
    [Symbol.dispose]: () => {
      database.close();
    },
  };
}

interface LedgerRow {
  readonly sequence: number;
  readonly header_hash: string;
  readonly close_time: number;
  readonly ledger_hash: string;
  readonly state_root: string;
  readonly receipts_root: string;
}

interface FeedRow extends FeedCursor {
  readonly body: Buffer;
}

function linkOf(row: LedgerRow | undefined): ChainLink | undefined {
  if (row === undefined) return undefined;
  return {
    sequence: row.sequence,
    headerHash: row.header_hash,
    closeTime: BigInt(row.close_time),
    ledgerHash: row.ledger_hash,
    stateRoot: row.state_root,
    receiptsRoot: row.receipts_root,
  };
}

function ledgerWriter(database: Database): (applied: Applied) => void {
  const upsert = database.prepare("INSERT OR REPLACE INTO state VALUES (?, ?)");
  const remove = database.prepare("DELETE FROM state WHERE k = ?");
  const insertReceipt = database.prepare("INSERT INTO receipts VALUES (?, ?, ?, ?)");
  const insertLedger = database.prepare("INSERT INTO ledgers VALUES (?, ?, ?, ?, ?, ?)");
  return database.transaction((applied: Applied) => {
    for (const { key, value } of applied.writes) {
      if (value === undefined) remove.run(key);
      else upsert.run(key, value);
    }
    for (const [position, receipt] of applied.receipts.entries()) {
      insertReceipt.run(applied.sequence, position, receipt.txHash, encodeReceipt(receipt));
    }
    const { sequence, headerHash, closeTime, ledgerHash, stateRoot, receiptsRoot } = applied;
    insertLedger.run(sequence, headerHash, closeTime, ledgerHash, stateRoot, receiptsRoot);
  });
}

function stateReader(database: Database, path: string): StateReader {
  const one = database.prepare<[Uint8Array], { v: Buffer }>("SELECT v FROM state WHERE k = ?");
  const page = database.prepare<[Uint8Array, Uint8Array, number], { k: Buffer; v: Buffer }>(
    "SELECT k, v FROM state WHERE k > ? AND k < ? ORDER BY k LIMIT ?",
  );
  const pageFromPrefix = database.prepare<
    [Uint8Array, Uint8Array, number],
    { k: Buffer; v: Buffer }
  >("SELECT k, v FROM state WHERE k >= ? AND k < ? ORDER BY k LIMIT ?");
  return {
    get: (key) => guarded(path, () => one.get(key))?.v,
    scan: (prefix, after, limit) => {
      const end = prefixEnd(prefix);
      const rows = guarded(path, () =>
        after === undefined ? pageFromPrefix.all(prefix, end, limit) : page.all(after, end, limit),
      );
      return rows.map((row): StateEntry => ({ key: row.k, value: row.v }));
    },
  };
}

/** The first key after all that start with `prefix`. */
function prefixEnd(prefix: Uint8Array): Uint8Array {
  const end = Uint8Array.from(prefix);
  for (let index = end.length - 1; index >= 0; index -= 1) {
    const byte = end[index] ?? 0;
    if (byte < 0xff) {
      end[index] = byte + 1;
      return end.subarray(0, index + 1);
    }
  }
  // Every key sorts before 129 bytes of 0xff, because a key holds at most 128 bytes.
  return new Uint8Array(129).fill(0xff);
}
