/**
 * State as the contract process must see it: what is committed, and over it the writes of ledgers that
 * are applied but not committed yet.
 */
import type { StateReader, Write } from "./applied.ts";
import { fromByteText, toByteText } from "./byte-text.ts";
import { type Ground, mergeRows, type Row } from "./overlay.ts";
import { SortedKeys } from "./sorted-keys.ts";

interface Pending {
  readonly sequence: number;
  /** Empty when deleted. */
  readonly value: string;
}

export class PendingState implements Ground {
  readonly #committed: Ground;
  readonly #pending = new Map<string, Pending>();
  readonly #keys = new Map<number, readonly string[]>();
  /** Made when a scan asks. */
  #order: SortedKeys | undefined;

  constructor(committed: Ground) {
    this.#committed = committed;
  }

  get(key: string): string | undefined {
    const pending = this.#pending.get(key);
    if (pending === undefined) return this.#committed.get(key);
    return pending.value === "" ? undefined : pending.value;
  }

  scan(prefix: string, after: string, limit: number): readonly Row[] {
    if (this.#pending.size === 0) return this.#committed.scan(prefix, after, limit);
    this.#order ??= inOrder(this.#pending.keys());
    const range = { prefix, after, limit };
    const own = this.#order.from(prefix, after);
    return mergeRows(this.#committed, range, own, (key) => this.get(key));
  }

  /** Takes a ledger's writes, and gives their keys. */
  take(sequence: number, writes: readonly Write[]): readonly string[] {
    const keys: string[] = [];
    for (const { key, value } of writes) {
      const text = toByteText(key);
      keys.push(text);
      this.#pending.set(text, { sequence, value: value === undefined ? "" : toByteText(value) });
    }
    this.#keys.set(sequence, keys);
    this.#order = undefined;
    return keys;
  }

  /** Ledgers up to this one are committed: what they wrote is found there now. */
  committed(sequence: number): void {
    for (const [taken, keys] of this.#keys) {
      if (taken > sequence) continue;
      for (const key of keys) {
        if (this.#pending.get(key)?.sequence === taken) this.#pending.delete(key);
      }
      this.#keys.delete(taken);
    }
    this.#order = undefined;
  }

  clear(): void {
    this.#pending.clear();
    this.#keys.clear();
    this.#order = undefined;
  }
}

/** Committed state in byte text. */
export function committedGround(state: StateReader): Ground {
  return {
    get: (key) => {
      const value = state.get(fromByteText(key));
      return value === undefined ? undefined : toByteText(value);
    },
    scan: (prefix, after, limit) =>
      state
        .scan(fromByteText(prefix), after === "" ? undefined : fromByteText(after), limit)
        .map(({ key, value }): Row => [toByteText(key), toByteText(value)]),
  };
}

function inOrder(keys: Iterable<string>): SortedKeys {
  const order = new SortedKeys();
  for (const key of keys) order.add(key);
  return order;
}
