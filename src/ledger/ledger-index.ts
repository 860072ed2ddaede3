/**
 * Where things lie inside a ledger: offsets, found by walking over it, in stages.
 *
 * Each stage is paid for only when it is asked for: the header, then the transaction set with every
 * envelope, then the results, for which all metadata must be walked over. Nothing is ever found by
 * searching, because anybody can embed any bytes in a transaction.
 *
 * Units   Offsets are bytes from the start of the input; spans are start and end in turns.
 * Errors  `RangeError` of the skip reader and of `DataView`, for whatever the SDK would refuse too.
 * Source  Stellar-ledger.x: LedgerCloseMeta versions 0 to 2, GeneralizedTransactionSet,
 *         TransactionHistoryEntry, TransactionHistoryResultEntry.
 */
import {
  skipExtensionPoint,
  skipLedgerCloseMetaExt,
  skipLedgerCloseMetaV0FromUpgradesProcessing,
  skipLedgerCloseMetaV1FromUpgradesProcessing,
  skipLedgerCloseMetaV2FromUpgradesProcessing,
  skipLedgerHeader,
  skipLedgerHeaderHistoryEntryExt,
  skipTransactionEnvelope,
  skipTransactionResultMetaFromFeeProcessing,
  skipTransactionResultMetaV1FromFeeProcessing,
  skipTransactionResultPair,
} from "./skip-reader.gen.ts";

const WORD_BYTES = 4;
const LONG_BYTES = 8;
const HASH_BYTES = 32;

/** LedgerHeaderHistoryEntry. */
export interface HeaderIndex {
  /** The hash that the source claims, before the header itself. */
  readonly hash: number;
  readonly start: number;
  readonly end: number;
  /** End of the entry, its extension included. */
  readonly entryEnd: number;
}

export interface SetIndex {
  readonly kind: "legacy" | "generalized";
  readonly start: number;
  readonly end: number;
  /** Hash of the ledger before, as the set names it. */
  readonly previousHash: number;
  readonly envelopes: readonly number[];
  /** Runs of envelopes that apply together, in the order that they stand in. */
  readonly runs: readonly SetRun[];
}

/** One phase applied in sequence, or one cluster of a stage of the parallel phase. */
export interface SetRun {
  readonly kind: "sequential" | "cluster";
  readonly phase: number;
  /** Within the phase. */
  readonly stage: number;
  /** Of its first envelope. */
  readonly first: number;
  readonly count: number;
}

export interface ResultIndex {
  readonly pairs: readonly number[];
  readonly end: number;
}

/** Version of a LedgerCloseMeta and where its header's entry starts. */
export function indexMetaStart(view: DataView): { readonly version: number; readonly at: number } {
  const version = view.getInt32(0);
  return { version, at: version === 0 ? WORD_BYTES : skipLedgerCloseMetaExt(view, WORD_BYTES) };
}

export function indexHeader(view: DataView, offset: number): HeaderIndex {
  const start = offset + HASH_BYTES;
  const end = skipLedgerHeader(view, start);
  return { hash: offset, start, end, entryEnd: skipLedgerHeaderHistoryEntryExt(view, end) };
}

export function indexLegacySet(view: DataView, start: number): SetIndex {
  const walk = new SetWalk(view, start + HASH_BYTES);
  walk.run("sequential", () => walk.envelopes());
  return walk.found("legacy", start, start);
}

export function indexGeneralizedSet(view: DataView, start: number): SetIndex {
  const walk = new SetWalk(view, start);
  walk.only(1, "generalized sets are of version 1");
  const previousHash = walk.offset;
  walk.skip(HASH_BYTES);
  walk.each(() => walk.phase());
  return walk.found("generalized", start, previousHash);
}

/** Results of a LedgerCloseMeta, amid the metadata from `offset` to its very end. */
export function indexMetaResults(view: DataView, offset: number, version: number): ResultIndex {
  const pairs: number[] = [];
  const count = view.getUint32(offset);
  let at = offset + WORD_BYTES;
  for (let index = 0; index < count; index += 1) {
    const start = version === 2 ? skipExtensionPoint(view, at) : at;
    const end = skipTransactionResultPair(view, start);
    pairs.push(start, end);
    at =
      version === 2
        ? skipTransactionResultMetaV1FromFeeProcessing(view, end)
        : skipTransactionResultMetaFromFeeProcessing(view, end);
  }
  return { pairs, end: skipRest(view, at, version) };
}

function skipRest(view: DataView, offset: number, version: number): number {
  if (version === 0) return skipLedgerCloseMetaV0FromUpgradesProcessing(view, offset);
  if (version === 1) return skipLedgerCloseMetaV1FromUpgradesProcessing(view, offset);
  return skipLedgerCloseMetaV2FromUpgradesProcessing(view, offset);
}

/** A TransactionResultSet, which is an array of pairs. */
export function indexResultSet(view: DataView, offset: number): ResultIndex {
  const pairs: number[] = [];
  const count = view.getUint32(offset);
  let end = offset + WORD_BYTES;
  for (let index = 0; index < count; index += 1) {
    pairs.push(end);
    end = skipTransactionResultPair(view, end);
    pairs.push(end);
  }
  return { pairs, end };
}

/** One walk over a transaction set: a position, and what was met on the way. */
class SetWalk {
  offset: number;
  readonly #view: DataView;
  readonly #envelopes: number[] = [];
  readonly #runs: SetRun[] = [];
  #phase = 0;
  #stage = 0;

  constructor(view: DataView, offset: number) {
    this.#view = view;
    this.offset = offset;
  }

  found(kind: SetIndex["kind"], start: number, previousHash: number): SetIndex {
    const [envelopes, runs] = [this.#envelopes, this.#runs];
    return { kind, start, end: this.offset, previousHash, envelopes, runs };
  }

  skip(bytes: number): void {
    this.offset += bytes;
  }

  each(step: () => void): void {
    const count = this.#word();
    for (let index = 0; index < count; index += 1) step();
  }

  envelopes(): void {
    const count = this.#word();
    for (let index = 0; index < count; index += 1) {
      this.#envelopes.push(this.offset);
      this.offset = skipTransactionEnvelope(this.#view, this.offset);
      this.#envelopes.push(this.offset);
    }
  }

  phase(): void {
    if (this.oneOf(2) === 0) this.run("sequential", () => this.each(() => this.#component()));
    else this.#parallel();
    this.#phase += 1;
  }

  only(value: number, why: string): void {
    if (this.#word() !== value) throw new RangeError(why);
  }

  /** A word below `bound`. */
  oneOf(bound: number): number {
    const value = this.#word();
    if (value >= bound) throw new RangeError(`byte ${this.offset}: no variant ${value}`);
    return value;
  }

  run(kind: SetRun["kind"], step: () => void): void {
    const first = this.#envelopes.length >> 1;
    step();
    const count = (this.#envelopes.length >> 1) - first;
    // Empty ones are cheap to send by the million, and order nothing.
    if (count === 0) return;
    this.#runs.push({ kind, phase: this.#phase, stage: this.#stage, first, count });
  }

  /** Envelopes at one fee, which may be none in particular. */
  #component(): void {
    this.only(0, "components of a set are of one kind");
    this.#baseFee();
    this.envelopes();
  }

  #parallel(): void {
    this.#baseFee();
    this.#stage = 0;
    this.each(() => {
      this.each(() => this.run("cluster", () => this.envelopes()));
      this.#stage += 1;
    });
  }

  #baseFee(): void {
    if (this.oneOf(2) === 1) this.offset += LONG_BYTES;
  }

  #word(): number {
    const value = this.#view.getUint32(this.offset);
    this.offset += WORD_BYTES;
    return value;
  }
}
