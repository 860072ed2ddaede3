/**
 * The store: state, receipts, the hash chain and the cursor of one service network, in one file.
 *
 * Flow    One closed ledger is one SQLite transaction: all of it is there after a crash, or none.
 *         What is read is checked: the chain by its sums, receipts by their root. State has the root
 *         that the runtime computes anew at each start.
 * Errors  `NETWORK_MISMATCH` when the file belongs to another service network, and those of
 *         `database.ts`.
 */
import { join } from "node:path";
import { AceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import type { Applied, Receipt, StateReader } from "../runtime/applied.ts";
import { encodeReceipt } from "../runtime/receipt-codec.ts";
import { type Chain, openChain } from "./chain.ts";
import { type Database, damaged, guarded, openDatabase, over } from "./database.ts";
import type { ChainLink } from "./ledger-rows.ts";
import { type FeedCursor, type FeedEntry, openReceipts } from "./receipts.ts";
import { stateReader } from "./state-reader.ts";

export type { ChainLink } from "./ledger-rows.ts";

/** A ledger that the validators' own messages prove. */
export interface AnchorRow {
  readonly sequence: number;
  readonly hash: string;
}

export interface Store extends Disposable {
  readonly path: string;
  readonly state: StateReader;
  /** The last committed ledger, or undefined before the genesis ledger. */
  tip(): ChainLink | undefined;
  link(sequence: number): ChainLink | undefined;
  /** Writes, receipts, hashes and cursor of one ledger in one transaction. */
  commit(applied: Applied): void;
  /** The same for several ledgers in a row: all of them are there after a crash, or none. */
  commitAll(batch: readonly Applied[]): void;
  receiptsOf(txHash: string): readonly Receipt[];
  /** Receipts after this place, oldest first: the feed that consumers read with their own cursor. */
  feed(after: FeedCursor, limit: number): readonly FeedEntry[];
  /** The last ledger that was found anchored; it may be one that is not applied yet. */
  anchor(): AnchorRow | undefined;
  keepAnchor(row: AnchorRow): void;
  /**
   * Checks the next `count` ledgers of those stored, with their receipts, and begins anew after the
   * last: bits rot where nobody reads. Throws `DB_CORRUPT`.
   */
  audit(count: number): void;
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
    ledger_hash TEXT NOT NULL, state_root TEXT NOT NULL, receipts_root TEXT NOT NULL,
    sum TEXT NOT NULL);
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
  return over(database, path, () => {
    bindToNetwork(database, path, networkId);
    return storeOver(database, path, networkId);
  });
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

function storeOver(database: Database, path: string, networkId: string): Store {
  const chain = openChain(database, path, networkId);
  const receipts = openReceipts(database, path, chain);
  const write = ledgerWriter(database, chain);
  let audited = 0;
  return {
    path,
    state: stateReader(database, path),
    tip: chain.tip,
    link: chain.link,
    commit: (applied) => guarded(path, () => write([applied])),
    commitAll: (batch) => guarded(path, () => write(batch)),
    ...anchors(database, path, chain),
    receiptsOf: receipts.ofTransaction,
    feed: receipts.after,
    audit: (count) => {
      for (let done = 0; done < count; done += 1) {
        const next = chain.next(audited);
        audited = next?.sequence ?? 0;
        if (next === undefined) return;
        receipts.audit(next);
      }
    },
    [Symbol.dispose]: () => {
      database.close();
    },
  };
}

const ANCHOR = /^(\d{1,10}) ([0-9a-f]{64})$/;

function anchors(
  database: Database,
  path: string,
  chain: Chain,
): Pick<Store, "anchor" | "keepAnchor"> {
  const select = database.prepare<[], { value: string }>(
    "SELECT value FROM meta WHERE name = 'anchor'",
  );
  const upsert = database.prepare("INSERT OR REPLACE INTO meta VALUES ('anchor', ?)");
  const read = (): AnchorRow | undefined => {
    const text = select.get()?.value;
    if (text === undefined) return undefined;
    const [, sequence, hash] = ANCHOR.exec(text) ?? [];
    if (hash === undefined) throw damaged(path, "the anchored ledger is not as it was written");
    return { sequence: Number(sequence), hash };
  };
  return {
    anchor: () =>
      guarded(path, () => {
        const row = read();
        const link = row === undefined ? undefined : chain.link(row.sequence);
        if (link === undefined || link.headerHash === row?.hash) return row;
        throw damaged(path, `ledger ${link.sequence} is not the one that was anchored`);
      }),
    keepAnchor: ({ sequence, hash }) => guarded(path, () => upsert.run(`${sequence} ${hash}`)),
  };
}

function ledgerWriter(database: Database, chain: Chain): (batch: readonly Applied[]) => void {
  const upsert = database.prepare("INSERT OR REPLACE INTO state VALUES (?, ?)");
  const remove = database.prepare("DELETE FROM state WHERE k = ?");
  const insertReceipt = database.prepare("INSERT INTO receipts VALUES (?, ?, ?, ?)");
  const writeOne = (applied: Applied): void => {
    const last = chain.tip()?.sequence;
    const follows = last === undefined || applied.sequence === last + 1;
    invariant(follows, "ledgers are committed in order, without gaps");
    for (const { key, value } of applied.writes) {
      if (value === undefined) remove.run(key);
      else upsert.run(key, value);
    }
    for (const [position, receipt] of applied.receipts.entries()) {
      insertReceipt.run(applied.sequence, position, receipt.txHash, encodeReceipt(receipt));
    }
    chain.append(applied);
  };
  return database.transaction((batch: readonly Applied[]) => {
    for (const applied of batch) writeOne(applied);
  });
}
