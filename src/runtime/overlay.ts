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
    const own = [...this.#writes].filter(([key]) => key.startsWith(prefix) && key > after);
    if (own.length === 0) return this.#ground.scan(prefix, after, limit);
    // Each own row may hide one from below, so that many more are asked for.
    const below = this.#ground.scan(prefix, after, limit + own.length);
    const merged = below.filter(([key]) => !this.#writes.has(key));
    for (const [key, value] of own) if (value !== undefined) merged.push([key, value]);
    return merged.sort(byKey).slice(0, limit);
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
