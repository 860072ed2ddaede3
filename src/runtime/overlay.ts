/**
 * Writes over state: what a reader sees is the newest of each key. Keys and values are byte text, so
 * text order is byte order.
 */
import { SortedKeys } from "./sorted-keys.ts";

export type Row = readonly [key: string, value: string];

/** State below. */
export interface Ground {
  get(key: string): string | undefined;
  /** At most `limit` rows whose key starts with `prefix` and sorts after `after` (empty: from the first). */
  scan(prefix: string, after: string, limit: number): readonly Row[];
}

/** What a scan asks for. */
export interface Range {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

/** A layer of writes. Undefined deletes. */
export class Layer implements Ground {
  readonly #ground: Ground;
  readonly #writes = new Map<string, string | undefined>();
  readonly #order = new SortedKeys();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  get(key: string): string | undefined {
    return this.#writes.has(key) ? this.#writes.get(key) : this.#ground.get(key);
  }

  set(key: string, value: string | undefined): void {
    this.#order.add(key);
    this.#writes.set(key, value);
  }

  scan(prefix: string, after: string, limit: number): readonly Row[] {
    const own = this.#order.from(prefix, after);
    const range = { prefix, after, limit };
    return mergeRows(this.#ground, range, own, (key) => this.#writes.get(key));
  }
}

/** Rows of `ground` with the keys of `own` in their place: with the value they have now, or not at all. */
export function mergeRows(
  ground: Ground,
  { prefix, after, limit }: Range,
  own: Iterator<string, undefined>,
  valueNow: (key: string) => string | undefined,
): readonly Row[] {
  let key = own.next().value;
  if (key === undefined) return ground.scan(prefix, after, limit);
  const below = rowsOf(ground, prefix, after, limit);
  let row = below.next().value;
  const found: Row[] = [];
  while (found.length < limit && (key !== undefined || row !== undefined)) {
    if (isFirst(row, key)) {
      found.push(row);
      row = below.next().value;
      continue;
    }
    const value = valueNow(key ?? "");
    if (value !== undefined) found.push([key ?? "", value]);
    if (row?.[0] === key) row = below.next().value;
    key = own.next().value;
  }
  return found;
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
