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
    let key = own.next().value;
    if (key === undefined) return this.#ground.scan(prefix, after, limit);
    const below = rowsOf(this.#ground, prefix, after, limit);
    let row = below.next().value;
    const found: Row[] = [];
    while (found.length < limit && (key !== undefined || row !== undefined)) {
      if (isFirst(row, key)) {
        found.push(row);
        row = below.next().value;
        continue;
      }
      const value = this.#writes.get(key ?? "");
      if (value !== undefined) found.push([key ?? "", value]);
      if (row?.[0] === key) row = below.next().value;
      key = own.next().value;
    }
    return found;
  }

  /** Keys written here that a scan may meet, in order. */
  *#own(prefix: string, after: string): Generator<string, undefined> {
    const keys = this.#order();
    for (let next = firstAfter(keys, prefix, after); next < keys.length; next += 1) {
      const key = keys[next] ?? "";
      if (!key.startsWith(prefix)) return;
      yield key;
    }
  }

  /** Keys written here, in order: a ledger's layer holds too many to look at each in every scan. */
  #order(): readonly string[] {
    // Keys are never taken out again, and a list in order but for its end sorts in one pass.
    if (this.#ordered.length < this.#writes.size) {
      const added = [...this.#writes.keys()].slice(this.#ordered.length);
      this.#ordered = [...this.#ordered, ...added].sort();
    }
    return this.#ordered;
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

/** Place of the first key that starts with `prefix`, or sorts after it, and sorts after `after`. */
function firstAfter(keys: readonly string[], prefix: string, after: string): number {
  let low = 0;
  for (let high = keys.length; low < high; ) {
    const middle = (low + high) >>> 1;
    const key = keys[middle] ?? "";
    if (key < prefix || key <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows below, a page at a time: one that is hidden above makes place for a further one. */
function* rowsOf(
  ground: Ground,
  prefix: string,
  from: string,
  limit: number,
): Generator<Row, undefined> {
  for (let after = from; ; ) {
    const page = ground.scan(prefix, after, limit);
    yield* page;
    if (page.length < limit) return;
    after = page.at(-1)?.[0] ?? "";
  }
}

function isFirst(row: Row | undefined, key: string | undefined): row is Row {
  return row !== undefined && (key === undefined || row[0] < key);
}
