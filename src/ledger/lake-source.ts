/**
 * A data lake as a source of ledgers: one immutable object for each batch.
 *
 * Over the web there is no listing, so the newest object is found by trying names, first far apart and
 * then between. A name that is not there means "not yet", unless a later one is known to be there.
 *
 * Errors  As of `LedgerSource`; `LEDGER_NO_SOURCE` names an object that is missing in the middle.
 * Source  SEP-54 (0.2.0).
 */
import { AceError } from "../lib/errors.ts";
import { LEDGER_BYTES_MAX } from "./close-meta.ts";
import {
  batchStart,
  DEFAULT_STYLE,
  LAKE_CONFIG_NAME,
  LAKE_SIZES,
  LAKE_STYLES,
  type LakeConfig,
  type LakeSizes,
  type LakeStyle,
  lakeObjectName,
  readLakeConfig,
} from "./lake-layout.ts";
import { OBJECT_BYTES_MAX, readLedgerObject } from "./ledger-object.ts";
import type { CloseMetaLedger, LedgerSource } from "./ledger-source.ts";
import {
  type ObjectLimits,
  type ObjectStore,
  type ObjectStoreOptions,
  openObjectStore,
} from "./object-store.ts";
import { prefetch } from "./prefetch.ts";

const CONFIG_BYTES_MAX = 64 * 1024;
/** What an object has beside its ledgers. */
const FRAMING_BYTES_MAX = 1024;
const PREFETCH = { aheadMax: 64, bytesMax: 128 * 1024 * 1024 };
/** Stellar's ledger numbers have 32 bits. */
const SEQUENCE_MAX = 0xff_ff_ff_ff;
const FIRST_LEDGER = 2;

export interface LakeSourceOptions extends ObjectStoreOptions {
  /** A folder, file://, http:// or https://; or an object store. */
  readonly location: string | ObjectStore;
  /** The lake must be of this network, where it names one. */
  readonly passphrase?: string | undefined;
  /** Used where the lake's own configuration does not say. */
  readonly sizes?: LakeSizes;
  /** A ledger that the lake should hold: the search for its newest begins there. */
  readonly near?: number;
}

export function openLakeSource(options: LakeSourceOptions): LedgerSource {
  const { location, near = FIRST_LEDGER } = options;
  const store = typeof location === "string" ? openObjectStore(location, options) : location;
  const lake = new Lake(store, options, near);
  return {
    id: `lake ${store.location}`,
    kind: "lake",
    range: (signal) => lake.range(signal),
    read: (from, signal) => lake.read(from, signal),
  };
}

class Lake {
  readonly #store: ObjectStore;
  readonly #options: LakeSourceOptions;
  #sizes: LakeSizes | undefined;
  #style: LakeStyle | undefined;
  /** Start of the newest batch that is known to be there, or of the one to begin the search at. */
  #newest: number;
  #isNewestSeen = false;

  constructor(store: ObjectStore, options: LakeSourceOptions, near: number) {
    this.#store = store;
    this.#options = options;
    this.#newest = near;
  }

  async range(signal?: AbortSignal): Promise<{ readonly first: number; readonly last: number }> {
    const { ledgersPerBatch } = await this.#sizesOf(signal);
    const has = (index: number) => this.#has(index * ledgersPerBatch, signal);
    const begin = Math.floor(this.#newest / ledgersPerBatch);
    const newest = await findLast(has, begin, Math.floor(SEQUENCE_MAX / ledgersPerBatch));
    if (newest === undefined) return { first: 0, last: -1 };
    this.#sawBatch(newest * ledgersPerBatch);
    return { first: 1, last: (newest + 1) * ledgersPerBatch - 1 };
  }

  async *read(from: number, signal?: AbortSignal): AsyncGenerator<CloseMetaLedger, void> {
    const sizes = await this.#sizesOf(signal);
    const objects = prefetch({
      keys: batches(batchStart(from, sizes), sizes),
      load: async (start, both, bytesMax = objectBytesMax(sizes)) => {
        const file = await this.#fetch(start, { bytesMax, signal: both });
        return file === undefined ? undefined : { start, file };
      },
      bytesOf: ({ file }) => file.length,
      limits: PREFETCH,
      signal,
    });
    let next = batchStart(from, sizes);
    for await (const { start, file } of objects) {
      yield* takeApart(file, { start, from, sizes });
      next = start + sizes.ledgersPerBatch;
    }
    if (this.#isNewestSeen && next < this.#newest) throw this.#missing(next, sizes);
  }

  /** Reads the lake's configuration once, and checks the network. */
  async #sizesOf(signal: AbortSignal | undefined): Promise<LakeSizes> {
    if (this.#sizes !== undefined) return this.#sizes;
    const bytes = await this.#store.fetchObject(LAKE_CONFIG_NAME, {
      bytesMax: CONFIG_BYTES_MAX,
      signal,
    });
    const config = bytes === undefined ? {} : readLakeConfig(bytes);
    this.#checkNetwork(config);
    const given = this.#options.sizes ?? LAKE_SIZES;
    const { ledgersPerBatch = given.ledgersPerBatch } = config;
    const { batchesPerPartition = given.batchesPerPartition } = config;
    this.#sizes = { ledgersPerBatch, batchesPerPartition };
    return this.#sizes;
  }

  #checkNetwork({ networkPassphrase: named }: LakeConfig): void {
    const { passphrase: wanted } = this.#options;
    if (named === undefined || wanted === undefined || named === wanted) return;
    const { location } = this.#store;
    throw new AceError("NETWORK_MISMATCH", `${location} holds "${named}", not "${wanted}"`);
  }

  async #fetch(start: number, limits: ObjectLimits): Promise<Uint8Array | undefined> {
    for (const style of this.#styles()) {
      const name = lakeObjectName(start, await this.#sizesOf(limits.signal), style);
      const bytes = await this.#store.fetchObject(name, limits);
      if (bytes !== undefined) return this.#found(start, style, bytes);
    }
    return undefined;
  }

  async #has(start: number, signal: AbortSignal | undefined): Promise<boolean> {
    for (const style of this.#styles()) {
      const name = lakeObjectName(start, await this.#sizesOf(signal), style);
      if (await this.#store.hasObject(name, signal)) return this.#found(start, style, true);
    }
    return false;
  }

  /** All that lakes use, until one object has shown which. */
  #styles(): readonly LakeStyle[] {
    return this.#style === undefined ? LAKE_STYLES : [this.#style];
  }

  #found<Value>(start: number, style: LakeStyle, value: Value): Value {
    this.#style = style;
    this.#sawBatch(start);
    return value;
  }

  #sawBatch(start: number): void {
    this.#newest = this.#isNewestSeen ? Math.max(this.#newest, start) : start;
    this.#isNewestSeen = true;
  }

  #missing(start: number, sizes: LakeSizes): AceError {
    const name = lakeObjectName(start, sizes, this.#style ?? DEFAULT_STYLE);
    return new AceError(
      "LEDGER_NO_SOURCE",
      `${this.#store.location} lacks ${name}, though it has ledger ${this.#newest}`,
    );
  }
}

/** Inflated or not. */
function objectBytesMax({ ledgersPerBatch }: LakeSizes): number {
  return Math.min(OBJECT_BYTES_MAX, ledgersPerBatch * LEDGER_BYTES_MAX + FRAMING_BYTES_MAX);
}

function* batches(from: number, { ledgersPerBatch }: LakeSizes): Generator<number> {
  for (let start = from; start <= SEQUENCE_MAX; start += ledgersPerBatch) yield start;
}

/** The ledgers of one object, from `from` on. The first object of a lake may lack ledgers 0 and 1. */
function* takeApart(
  file: Uint8Array,
  place: { readonly start: number; readonly from: number; readonly sizes: LakeSizes },
): Generator<CloseMetaLedger> {
  const { start, from, sizes } = place;
  const ledgers = [...readLedgerObject(file, { objectBytesMax: objectBytesMax(sizes) })];
  const first = start + sizes.ledgersPerBatch - ledgers.length;
  if (first < start || (first > start && start > 0)) {
    throw new AceError(
      "LEDGER_MALFORMED",
      `the object of ledger ${start} holds ${ledgers.length} ledgers, not ${sizes.ledgersPerBatch}`,
    );
  }
  for (const [index, bytes] of ledgers.entries()) {
    const sequence = first + index;
    if (sequence >= from) yield { kind: "closeMeta", sequence, bytes };
  }
}

/**
 * The last index for which `has` is true, when it is true for all below and false for all above;
 * undefined when it is never true. Looks near `begin` first, then ever farther, then in between.
 */
async function findLast(
  has: (index: number) => Promise<boolean>,
  begin: number,
  indexMax: number,
): Promise<number | undefined> {
  if (await has(begin)) {
    let known = begin;
    for (let step = 1; known + step <= indexMax; step *= 2) {
      if (!(await has(known + step))) return searchBetween(has, known, known + step);
      known += step;
    }
    return known;
  }
  for (let absent = begin, step = 1; absent > 0; step *= 2) {
    const lower = Math.max(0, absent - step);
    if (await has(lower)) return searchBetween(has, lower, absent);
    absent = lower;
  }
  return undefined;
}

async function searchBetween(
  has: (index: number) => Promise<boolean>,
  present: number,
  missing: number,
): Promise<number> {
  let [known, absent] = [present, missing];
  while (absent - known > 1) {
    const middle = Math.floor((known + absent) / 2);
    if (await has(middle)) known = middle;
    else absent = middle;
  }
  return known;
}
