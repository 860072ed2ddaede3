// Goal: what the state root costs a write, and what the state tree takes of memory.
// Method: a state of a million entries in two SQLite files. In turns, so that a noisy machine slows
//         both, a ledger of a thousand random writes goes into one as rows alone, and into the other as
//         rows, root and tree. The median difference in processor time counts, because others use the
//         machine as well; the disk waits for the rows' pages of either, next to which the tree's log is
//         little. With it counts each write's share of a flush: that of the last ledger, as if all pages
//         had to be written. Memory is what the process holds more, after a collection, with the tree
//         than without it; the larger of after the start and after the last ledger.
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { sha256 } from "../src/lib/hash.ts";
import type { StateEntry, Write } from "../src/runtime/applied.ts";
import { DurableTree } from "../src/runtime/state-durable.ts";
import type { StateTree } from "../src/runtime/state-tree.ts";
import { type Database, openDatabase } from "../src/store/database.ts";
import { TREE_SCHEMA, treeDisk } from "../src/store/tree-tables.ts";
import { type Figure, median } from "./figure.ts";

const ENTRIES = 1_000_000;
const WRITES_A_LEDGER = 1_000;
const LEDGERS = 150;
const RECORD_BYTES = 64;
/** The log of a node holds as many writes between two flushes. */
const WRITES_A_FLUSH = (32 * 1024 * 1024) / RECORD_BYTES;
const COLLECTIONS = 4;
const COLLECTION_PAUSE_MS = 50;
const SCHEMA = `
  CREATE TABLE state(k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID;
  ${TREE_SCHEMA}
`;

export async function rootFigures(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "ace-bench-root-"));
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string): Promise<readonly Figure[]> {
  const [rowsFile, treeFile] = [join(folder, "rows.db"), join(folder, "tree.db")];
  fill(rowsFile);
  copyFileSync(rowsFile, treeFile);
  let stateRoot = build(treeFile);

  using rows = opened(rowsFile);
  using withTree = opened(treeFile);
  const before = await heldBytes();
  // One byte less than all ledgers write: the last one flushes.
  const logBytesMax = LEDGERS * WRITES_A_LEDGER * RECORD_BYTES - 1;
  const tree = openTree(withTree.database, () => stateRoot, logBytesMax);
  let committed = tree.committed;
  const afterStart = (await heldBytes()) - before;

  const differencesMs: number[] = [];
  for (let ledger = 1; ledger <= LEDGERS; ledger += 1) {
    const writes = writesOf(ledger);
    const rowsMs = cpuMs(() => rows.commit(writes));
    const bothMs = cpuMs(() => {
      committed = withRoot(committed, writes);
      stateRoot = committed.root;
      withTree.commit(writes, () => {
        tree.write({ sequence: ledger, stateRoot, writes });
        tree.finish();
      });
      tree.settle();
    });
    differencesMs.push(bothMs - rowsMs);
  }
  const flushMs = (differencesMs.pop() ?? 0) - median(differencesMs);
  const shareUs = (flushMs * 1_000 * scaleOf(withTree.database)) / WRITES_A_FLUSH;
  const rootUs = (median(differencesMs) * 1_000) / WRITES_A_LEDGER;
  const afterRun = (await heldBytes()) - before;
  return [
    { name: "runtime.root_us", value: rounded(rootUs + shareUs), unit: "µs a write" },
    {
      name: "runtime.root_bytes",
      value: rounded(Math.max(afterStart, afterRun) / ENTRIES),
      unit: "bytes an entry",
    },
  ];
}

function withRoot(committed: StateTree, writes: readonly Write[]): StateTree {
  const next = committed.clone();
  next.apply(writes);
  return next;
}

/** How many times the pages that the last ledger flushed all pages are. */
function scaleOf(database: Database): number {
  const pages = Number(database.prepare("SELECT count(*) FROM tree_page").pluck().get());
  const touched = 1 - Math.exp((-LEDGERS * WRITES_A_LEDGER) / pages);
  return 1 / touched;
}

function keyOf(entry: number): Uint8Array {
  const key = Buffer.alloc(44);
  key.writeBigUInt64BE(412n);
  key.write("lic\0", 8);
  key.set(sha256(Buffer.from(`account ${entry}`)), 12);
  return key;
}

function valueIn(entry: number, ledger: number): Uint8Array {
  return sha256(Buffer.from(`${entry} ${ledger}`));
}

/** Distinct keys drawn evenly, ascending. */
function writesOf(ledger: number): readonly Write[] {
  const chosen = new Set<number>();
  for (let draw = 0; chosen.size < WRITES_A_LEDGER; draw += 1) {
    const noise = Buffer.from(sha256(Buffer.from(`${ledger} ${draw}`)));
    chosen.add(noise.readUInt32BE() % ENTRIES);
  }
  return [...chosen]
    .map((entry) => ({ key: keyOf(entry), value: valueIn(entry, ledger) }))
    .sort((left, right) => Buffer.compare(left.key, right.key));
}

/** Rows in the order of their keys: the table is then built at its end. */
function fill(file: string): void {
  const keys = Array.from({ length: ENTRIES }, (_, entry) => keyOf(entry)).sort(Buffer.compare);
  using rows = opened(file);
  rows.commit(keys.map((key, place) => ({ key, value: valueIn(place, 0) })));
}

/** Makes the pages, as if all rows were written by one ledger, and gives the root. */
function build(file: string): string {
  using rows = opened(file);
  const { database } = rows;
  const writes = database.prepare<[], StateEntry>("SELECT k AS key, v AS value FROM state").all();
  const tree = new DurableTree({ disk: treeDisk(database, file), tip: () => undefined });
  const { root: stateRoot } = withRoot(tree.committed, writes);
  rows.commit([], () => {
    tree.write({ sequence: 0, stateRoot, writes });
    tree.finish();
  });
  return stateRoot;
}

function openTree(database: Database, root: () => string, logBytesMax: number): DurableTree {
  const tip = () => ({ sequence: 0, stateRoot: root() });
  return new DurableTree({ disk: treeDisk(database, "bench"), tip, logBytesMax });
}

interface Rows extends Disposable {
  readonly database: Database;
  /** One transaction: these rows, and what else belongs to it. */
  commit(writes: readonly Write[], more?: () => void): void;
}

function opened(file: string): Rows {
  const database = openDatabase(file, { schema: SCHEMA, schemaVersion: 1 });
  const upsert = database.prepare("INSERT OR REPLACE INTO state VALUES (?, ?)");
  const commit = database.transaction((writes: readonly Write[], more?: () => void) => {
    for (const { key, value } of writes) upsert.run(key, value);
    more?.();
  });
  return { database, commit, [Symbol.dispose]: () => database.close() };
}

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

/** What is let go of takes more than one collection, and some time, to be counted out. */
async function heldBytes(): Promise<number> {
  for (let round = 0; round < COLLECTIONS; round += 1) {
    if (typeof collect === "function") collect();
    await sleep(COLLECTION_PAUSE_MS);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function rounded(value: number): number {
  return Number(value.toFixed(1));
}
