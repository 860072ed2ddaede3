/**
 * The tables of the state tree, in the file of the state itself: pages of buckets, and the records of
 * each ledger since the pages were written. The root they must give is in the row of the last ledger.
 *
 * Errors  `DB_CORRUPT`, `STATE_ROOT_MISMATCH`.
 */
import type { Events } from "../lib/events.ts";
import type { StateEntry, StateReader } from "../runtime/applied.ts";
import {
  type CommittedRoot,
  DurableTree,
  type TreeDisk,
  type TreeLimits,
} from "../runtime/state-durable.ts";
import type { TreePage } from "../runtime/state-flat.ts";
import { type Database, damaged } from "./database.ts";

export const TREE_SCHEMA = `
  CREATE TABLE tree_page(id INTEGER PRIMARY KEY, depth INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE TABLE tree_log(sequence INTEGER PRIMARY KEY, records BLOB NOT NULL);
`;

/** As the file has it: in a damaged one, anything. */
interface PageRow {
  readonly id: number;
  readonly depth: unknown;
  readonly body: unknown;
}

interface Options {
  readonly state: StateReader;
  readonly tip: () => CommittedRoot | undefined;
  readonly events: Events;
  readonly limits: TreeLimits;
}

const ROWS_A_SCAN = 10_000;

/** The tree of this file. One that was written before there were pages is given them now, once. */
export function openTree(
  database: Database,
  path: string,
  { state, tip, events, limits }: Options,
): DurableTree {
  const tree = new DurableTree({ ...limits, disk: treeDisk(database, path), tip });
  const isBuilt = database.prepare("SELECT value FROM meta WHERE name = 'state_tree'");
  if (isBuilt.get() !== undefined) return tree;
  const build = database.transaction(() => {
    database.exec("DELETE FROM tree_page; DELETE FROM tree_log");
    const entries = tree.rebuild(entriesOf(state));
    database.prepare("INSERT INTO meta VALUES ('state_tree', 'built')").run();
    if (entries > 0) events.info("state.tree_built", { entries, ledger: tip()?.sequence ?? 0 });
  });
  build();
  return tree;
}

export function treeDisk(database: Database, path: string): TreeDisk {
  const pages = database.prepare<[], PageRow>("SELECT id, depth, body FROM tree_page ORDER BY id");
  const page = database.prepare<[number], { body: unknown }>(
    "SELECT body FROM tree_page WHERE id = ?",
  );
  const put = database.prepare("INSERT OR REPLACE INTO tree_page VALUES (?, ?, ?)");
  const remove = database.prepare("DELETE FROM tree_page WHERE id = ?");
  const log = database.prepare<[], { records: unknown }>(
    "SELECT records FROM tree_log ORDER BY sequence",
  );
  const append = database.prepare("INSERT INTO tree_log VALUES (?, ?)");
  const clear = database.prepare("DELETE FROM tree_log");
  const bytesOf = (found: unknown): Uint8Array => {
    if (found instanceof Uint8Array) return found;
    throw damaged(path, "the state tree is not as it was written");
  };
  return {
    *pages(): Generator<TreePage> {
      for (const { id, depth, body } of pages.iterate()) {
        if (typeof depth !== "number")
          throw damaged(path, `page ${id} of the state tree is broken`);
        yield { id, depth, body: bytesOf(body) };
      }
    },
    page: (id) => {
      const row = page.get(id);
      return row === undefined ? undefined : bytesOf(row.body);
    },
    putPage: ({ id, depth, body }) => {
      put.run(id, depth, body);
    },
    removePage: (id) => {
      remove.run(id);
    },
    *log() {
      for (const { records } of log.iterate()) yield bytesOf(records);
    },
    append: (sequence, records) => {
      append.run(sequence, records);
    },
    clearLog: () => {
      clear.run();
    },
  };
}

function* entriesOf(state: StateReader): Generator<StateEntry> {
  let after: Uint8Array | undefined;
  for (;;) {
    const rows = state.scan(new Uint8Array(), after, ROWS_A_SCAN);
    yield* rows;
    after = rows.at(-1)?.key;
    if (rows.length < ROWS_A_SCAN) return;
  }
}
