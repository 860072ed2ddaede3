/** Committed state in memory, for tests of contracts. */
import { compareBytes, fromHex, toHex } from "../lib/bytes.ts";
import type { StateEntry, StateReader, Write } from "../runtime/applied.ts";

/** Small enough to be sorted anew for every scan. */
export class MemoryState implements StateReader {
  readonly #rows = new Map<string, Uint8Array>();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(toHex(key));
  }

  scan(prefix: Uint8Array, after: Uint8Array | undefined, limit: number): readonly StateEntry[] {
    const start = toHex(prefix);
    return [...this.#rows]
      .filter(([key]) => key.startsWith(start))
      .map(([key, value]) => ({ key: fromHex(key) ?? prefix, value }))
      .filter(({ key }) => after === undefined || compareBytes(key, after) > 0)
      .toSorted((left, right) => compareBytes(left.key, right.key))
      .slice(0, limit);
  }

  commit(writes: readonly Write[]): void {
    for (const { key, value } of writes) {
      if (value === undefined) this.#rows.delete(toHex(key));
      else this.#rows.set(toHex(key), value);
    }
  }
}
