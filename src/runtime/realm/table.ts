/**
 * A map for trusted code: it keeps the engine's own methods when the realm takes them away, and never
 * grows without bound.
 */
import { defineProperty, getOwnPropertyDescriptor } from "./primordials.ts";

export class Table<Key, Value> extends Map<Key, Value> {}

for (const name of ["get", "set", "has", "delete", "clear"] as const) {
  const value: unknown = getOwnPropertyDescriptor(Map.prototype, name)?.value;
  defineProperty(Table.prototype, name, { value });
}

/**
 * What was worked out before, of what depends on its key alone. Two generations, so that what is used
 * again and again stays when the older half goes.
 */
export class Memo<Key, Value> {
  readonly #entriesMax: number;
  #young = new Table<Key, Value>();
  #old = new Table<Key, Value>();
  #entries = 0;

  /** At most about so many entries are kept. */
  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax / 2;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    this.#entries += 1;
    if (this.#entries > this.#entriesMax) {
      this.#old = this.#young;
      this.#young = new Table<Key, Value>();
      this.#entries = 1;
    }
    this.#young.set(key, value);
  }
}
