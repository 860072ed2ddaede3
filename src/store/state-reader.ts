/** Committed state, read in the order of the keys' bytes. Errors `DB_CORRUPT`. */
import { compareBytes } from "../lib/bytes.ts";
import type { StateEntry, StateReader } from "../runtime/applied.ts";
import { type Database, damaged, guarded } from "./database.ts";

/** As the file has it: in a damaged one, anything. */
interface Row {
  readonly k: unknown;
  readonly v: unknown;
}

type Range = [from: Uint8Array, end: Uint8Array, limit: number];

export function stateReader(database: Database, path: string): StateReader {
  const one = database.prepare<[Uint8Array], Row>("SELECT k, v FROM state WHERE k = ?");
  const page = database.prepare<Range, Row>(
    "SELECT k, v FROM state WHERE k > ? AND k < ? ORDER BY k LIMIT ?",
  );
  const pageFromPrefix = database.prepare<Range, Row>(
    "SELECT k, v FROM state WHERE k >= ? AND k < ? ORDER BY k LIMIT ?",
  );
  const entryOf = ({ k, v }: Row): StateEntry => {
    if (k instanceof Uint8Array && v instanceof Uint8Array) return { key: k, value: v };
    throw damaged(path, "an entry of the state is not bytes");
  };
  const inOrder = (entries: readonly StateEntry[]): readonly StateEntry[] => {
    const isAscending = entries.every(({ key }, index) => {
      const before = entries[index - 1];
      return before === undefined || compareBytes(before.key, key) < 0;
    });
    if (isAscending) return entries;
    throw damaged(path, "entries of the state are out of order");
  };
  return {
    get: (key) => {
      const row = guarded(path, () => one.get(key));
      return row === undefined ? undefined : entryOf(row).value;
    },
    scan: (prefix, after, limit) => {
      const end = prefixEnd(prefix);
      const rows = guarded(path, () =>
        after === undefined ? pageFromPrefix.all(prefix, end, limit) : page.all(after, end, limit),
      );
      return inOrder(rows.map(entryOf));
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
