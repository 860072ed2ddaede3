/**
 * Layers of state: ledger, call, nested call. What happens in one is kept by merging it into the one
 * below, or dropped with it. Keys and values are byte text, so text order is byte order.
 */

export type Row = readonly [key: string, value: string];

/** State below a layer. */
export interface Ground {
  get(key: string): string | undefined;
  /** At most `limit` rows whose key starts with `prefix` and sorts after `after` (empty: from the first). */
  scan(prefix: string, after: string, limit: number): readonly Row[];
}

export class Layer implements Ground {
  readonly #ground: Ground;
  readonly #writes = new Map<string, string | undefined>();
  /** Keys of the writes in order, made anew when a scan asks and keys were added. */
  #ordered: string[] = [];

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  get(key: string): string | undefined {
    return this.#writes.has(key) ? this.#writes.get(key) : this.#ground.get(key);
  }

  set(key: string, value: string | undefined): void {
    this.#writes.set(key, value);
  }

  scan(prefix: string, after: string, limit: number): readonly Row[] {
    const own = this.#own(prefix, after);
    if (own.length === 0) return this.#ground.scan(prefix, after, limit);
    // Each own row may hide one from below, so that many more are asked for.
    const below = this.#ground.scan(prefix, after, limit + own.length);
    const merged = below.filter(([key]) => !this.#writes.has(key));
    for (const key of own) {
      const value = this.#writes.get(key);
      if (value !== undefined) merged.push([key, value]);
    }
    return merged.sort(byKey).slice(0, limit);
  }

  /** Keys written here that a scan may meet: a ledger's layer holds too many to look at each. */
  #own(prefix: string, after: string): readonly string[] {
    // Keys are never taken out again, and a list in order but for its end sorts in one pass.
    if (this.#ordered.length < this.#writes.size) {
      const added = [...this.#writes.keys()].slice(this.#ordered.length);
      this.#ordered = [...this.#ordered, ...added].sort();
    }
    const keys = this.#ordered;
    let low = 0;
    for (let high = keys.length; low < high; ) {
      const middle = (low + high) >>> 1;
      const key = keys[middle] ?? "";
      if (key < prefix || key <= after) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while (keys[end]?.startsWith(prefix)) end += 1;
    return keys.slice(low, end);
  }

  /** Writes so far, ascending by key. Undefined deletes. */
  writes(): readonly (readonly [key: string, value: string | undefined])[] {
    return [...this.#writes].sort(byKey);
  }

  mergeInto(below: Layer): void {
    for (const [key, value] of this.#writes) below.set(key, value);
  }
}

function byKey([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : Number(left > right);
}
