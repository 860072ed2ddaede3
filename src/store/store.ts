/**
 * The store: state, receipts, the hash chain and the cursor of one service network, in one file.
 *
 * Flow    One closed ledger is one SQLite transaction: all of it is there after a crash, or none.
 *         What is read is checked: the chain by its sums, receipts by their root, state by the
 *         state tree, whose root must be that of the last ledger.
 * Errors  `NETWORK_MISMATCH` when the file belongs to another service network,
 *         `STATE_ROOT_MISMATCH`, and those of `database.ts`.
 */
import { join } from "node:path";
import { AceError, isAceError } from "../lib/errors.ts";
import { type Events, silentEvents } from "../lib/events.ts";
import { invariant } from "../lib/invariant.ts";
import type { Applied, Receipt, StateReader, Write } from "../runtime/applied.ts";
import { toByteText } from "../runtime/byte-text.ts";
import type { DurableTree, TreeLimits } from "../runtime/state-durable.ts";
import type { StateTree } from "../runtime/state-tree.ts";
import { type Chain, openChain } from "./chain.ts";
import { type Database, damaged, guarded, openDatabase, over } from "./database.ts";
import type { ChainLink } from "./ledger-rows.ts";
import {
  type FeedCursor,
  type FeedEntry,
  openReceipts,
  RECEIPTS_SCHEMA,
  RECEIPTS_UPGRADE,
  receiptsWriter,
} from "./receipts.ts";
import { type AuditStep, stateAudit } from "./state-audit.ts";
import { stateReader } from "./state-reader.ts";
import { openTree, TREE_SCHEMA } from "./tree-tables.ts";

export type { ChainLink } from "./ledger-rows.ts";

/** A ledger that the validators' own messages prove. */
export interface AnchorRow {
  readonly sequence: number;
  readonly hash: string;
}

export interface Store extends Disposable {
  readonly path: string;
  readonly state: StateReader;
  /** The tree of the committed state. The first use reads it from the disk. */
  tree(): StateTree;
  /**
   * Whether the tree is at work on ledgers that are not committed yet: to ask the committed one anything
   * then costs as much as those ledgers did.
   */
  isTreeAhead(): boolean;
  /** The last committed ledger, or undefined before the genesis ledger. */
  tip(): ChainLink | undefined;
  link(sequence: number): ChainLink | undefined;
  /** Writes, receipts, hashes and cursor of these ledgers, in their order, in one transaction. */
  commit(...ledgers: readonly Applied[]): void;
  receiptsOf(txHash: string): readonly Receipt[];
  /** The receipts of one ledger, in their order, as the bytes that its receipts root is over. */
  receiptBytes(sequence: number): readonly Uint8Array[];
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
  /**
   * The same for the rows of the state. After it threw, no ledger is committed any more: what contracts
   * read might be wrong.
   */
  auditState(count: number): AuditStep;
}

interface StoreOptions {
  readonly dir: string;
  readonly networkId: string;
  readonly pagesMax?: number;
  readonly events?: Events;
  readonly treeLimits?: TreeLimits;
}

const SCHEMA_VERSION = 2;
const SCHEMA = `
  CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE state(k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE ledgers(
    sequence INTEGER PRIMARY KEY, header_hash TEXT NOT NULL, close_time INTEGER NOT NULL,
    ledger_hash TEXT NOT NULL, state_root TEXT NOT NULL, receipts_root TEXT NOT NULL,
    sum TEXT NOT NULL);
  ${RECEIPTS_SCHEMA}
  ${TREE_SCHEMA}
`;
const UPGRADES = { 1: `${RECEIPTS_UPGRADE} ${TREE_SCHEMA}` };

export function openStore(options: StoreOptions): Store {
  const { dir, networkId, pagesMax, events = silentEvents, treeLimits = {} } = options;
  const path = join(dir, "state.db");
  const database = openDatabase(path, {
    schema: SCHEMA,
    schemaVersion: SCHEMA_VERSION,
    upgrades: UPGRADES,
    // What a power cut takes, the ledger gives again.
    synchronous: "NORMAL",
    ...(pagesMax === undefined ? {} : { pagesMax }),
  });
  return over(database, path, () => {
    bindToNetwork(database, path, networkId);
    return storeOver(database, path, { networkId, events, treeLimits });
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

function storeOver(
  database: Database,
  path: string,
  { networkId, events, treeLimits: limits }: Required<Omit<StoreOptions, "dir" | "pagesMax">>,
): Store {
  const chain = openChain(database, path, networkId);
  const receipts = openReceipts(database, path, chain);
  const state = stateReader(database, path);
  const tree = openTree(database, path, { state, tip: chain.tip, events, limits });
  const rows = stateAudit({ state, tree, path });
  const write = ledgerWriter(database, chain, tree);
  let audited = 0;
  let damage: AceError | undefined;
  return {
    path,
    state,
    tree: () => guarded(path, () => tree.committed),
    isTreeAhead: () => guarded(path, () => !tree.isAtCommitted),
    tip: chain.tip,
    link: chain.link,
    commit: (...ledgers) => {
      if (damage !== undefined) throw damage;
      demandOrder(chain.tip()?.sequence, ledgers);
      try {
        const growths = guarded(path, () => write(ledgers));
        tree.settle();
        for (const [index, { writes }] of ledgers.entries()) {
          rows.follow(writes, growths[index] ?? new Int8Array());
        }
      } catch (error) {
        tree.discard();
        throw error;
      }
    },
    ...anchors(database, path, chain),
    receiptsOf: receipts.ofTransaction,
    receiptBytes: receipts.bytesOf,
    feed: receipts.after,
    audit: (count) => {
      for (let done = 0; done < count; done += 1) {
        const next = chain.next(audited);
        audited = next?.sequence ?? 0;
        if (next === undefined) return;
        receipts.audit(next);
      }
    },
    auditState: (count) => {
      try {
        return guarded(path, () => rows.step(count));
      } catch (error) {
        if (isAceError(error)) damage = error;
        throw error;
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

function demandOrder(tip: number | undefined, ledgers: readonly Applied[]): void {
  let last = tip;
  for (const { sequence } of ledgers) {
    const follows = last === undefined || sequence === last + 1;
    invariant(follows, "ledgers are committed in order, without gaps");
    last = sequence;
  }
}

/** Gives for each ledger and each of its writes how many entries it adds. */
function ledgerWriter(
  database: Database,
  chain: Chain,
  tree: DurableTree,
): (ledgers: readonly Applied[]) => readonly Int8Array[] {
  const upsert = database.prepare("INSERT OR REPLACE INTO state VALUES (?, ?)");
  const remove = database.prepare("DELETE FROM state WHERE k = ?");
  const insertReceipts = receiptsWriter(database);
  return database.transaction((ledgers: readonly Applied[]) => {
    // First of all: what the tree finds on the disk must still be that of the ledger before.
    const growths = ledgers.map((applied) => tree.write(applied));
    for (const { key, value } of netWrites(ledgers)) {
      if (value === undefined) remove.run(key);
      else upsert.run(key, value);
    }
    for (const applied of ledgers) {
      insertReceipts(applied);
      chain.append(applied);
    }
    tree.finish();
    return growths;
  });
}

/** What is left of the writes of several ledgers: a key that many of them wrote is written once. */
function netWrites(ledgers: readonly Applied[]): Iterable<Write> {
  const [only] = ledgers;
  if (ledgers.length === 1 && only !== undefined) return only.writes;
  const net = new Map<string, Write>();
  for (const { writes } of ledgers) {
    for (const write of writes) net.set(toByteText(write.key), write);
  }
  return [...net].toSorted(byKey).map(([, write]) => write);
}

function byKey([left]: readonly [string, Write], [right]: readonly [string, Write]): number {
  return left < right ? -1 : 1;
}
