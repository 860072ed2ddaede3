/**
 * The audit of the state's rows against the state tree, some rows at a time: SQLite notices neither a
 * bit that flipped in a value nor a row that is gone.
 *
 * A pass goes through all keys in order. Each row must have the value that the tree has for its key,
 * and at the end there must be as many rows as entries. Ledgers that are committed meanwhile are
 * counted in, as far as the pass has come.
 *
 * Errors  `DB_CORRUPT`, which names the row.
 */
import { compareBytes, toHex } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";
import type { StateEntry, StateReader, Write } from "../runtime/applied.ts";
import type { DurableTree } from "../runtime/state-durable.ts";
import type { StateTree } from "../runtime/state-tree.ts";
import { damaged } from "./database.ts";

export interface StateAudit {
  /**
   * Looks at the next `count` rows. While ledgers are applied that are not committed yet it mostly puts
   * that off, because the tree would have to go back for it.
   */
  step(count: number): AuditStep;
  /** A ledger was committed; `growth` tells for each write how many rows it added. */
  follow(writes: readonly Write[], growth: Int8Array): void;
}

export interface AuditStep {
  readonly rows: number;
  /** Whether this was the end of a pass, and all rows were looked at. */
  readonly isEnd: boolean;
}

interface Parts {
  readonly state: StateReader;
  readonly tree: DurableTree;
  /** Of the file, for messages. */
  readonly path: string;
}

const ALL_KEYS = new Uint8Array(0);
const CONTRACT_BYTES = 8;
const DELAYS_MAX = 10;

export function stateAudit({ state, tree, path }: Parts): StateAudit {
  /** The last key looked at in this pass. */
  let cursor: Uint8Array | undefined;
  let seen = 0;
  let delays = 0;
  const begin = (): void => {
    cursor = undefined;
    seen = 0;
  };
  return {
    step: (count) => {
      if (!tree.isAtCommitted && delays < DELAYS_MAX) {
        delays += 1;
        return { rows: 0, isEnd: false };
      }
      delays = 0;
      const { committed } = tree;
      const rows = state.scan(ALL_KEYS, cursor, count);
      const wrong = rows.find((row) => !isAsWritten(row, committed));
      if (wrong !== undefined) {
        throw damaged(path, `the state's ${nameOf(wrong.key)} is not as it was written`);
      }
      seen += rows.length;
      cursor = rows.at(-1)?.key ?? cursor;
      if (rows.length === count) return { rows: count, isEnd: false };
      if (seen !== committed.size) {
        throw damaged(path, `the state has ${seen} entries, ${committed.size} were written`);
      }
      begin();
      return { rows: rows.length, isEnd: true };
    },
    follow: (writes, growth) => {
      if (cursor === undefined) return;
      if (growth.length !== writes.length) {
        begin();
        return;
      }
      for (const [place, { key }] of writes.entries()) {
        if (compareBytes(key, cursor) <= 0) seen += growth[place] ?? 0;
      }
    },
  };
}

function isAsWritten({ key, value }: StateEntry, tree: StateTree): boolean {
  const hash = tree.valueHash(key);
  return hash !== undefined && compareBytes(hash, sha256(value)) === 0;
}

function nameOf(key: Uint8Array): string {
  if (key.length < CONTRACT_BYTES) return `entry ${toHex(key)}`;
  const contract = new DataView(key.buffer, key.byteOffset).getBigUint64(0);
  return `entry ${toHex(key.subarray(CONTRACT_BYTES))} of contract ${contract}`;
}
