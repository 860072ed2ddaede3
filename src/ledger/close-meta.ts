/**
 * One closed ledger as a source sends it, taken apart without trusting or decoding it: a
 * LedgerCloseMeta, or the three entries of a history archive.
 *
 * Header, transaction set and results are slices of the input, ready to be hashed. What of it is
 * accepted is what the SDK's strict decoder accepts (padding, flags, lengths, no bytes left over), so
 * two different inputs are never the same ledger.
 *
 * Flow    Results of a LedgerCloseMeta lie amid metadata: they are walked to when first asked for, and
 *         may then turn out to be malformed.
 * Range   At most `LEDGER_BYTES_MAX` bytes, up to `PROTOCOL_MAX`.
 * Errors  `LEDGER_MALFORMED` for bytes that are not such a ledger, `LEDGER_PROTOCOL_UNKNOWN` for a
 *         version that the pinned SDK does not know.
 */
import { AceError } from "../lib/errors.ts";
import { type LedgerHeader, readHeader } from "./ledger-header.ts";
import {
  indexGeneralizedSet,
  indexHeader,
  indexLegacySet,
  indexMetaResults,
  indexMetaStart,
  indexResultSet,
  type SetIndex,
  type SetRun,
} from "./ledger-index.ts";
import type { ArchivedLedger, RawLedger } from "./ledger-source.ts";
import { skipTransactionHistoryResultEntryExt } from "./skip-reader.gen.ts";
import { joinSpans, Spans, viewOf } from "./spans.ts";

/** The newest protocol whose XDR the pinned SDK reads. */
const PROTOCOL_MAX = 28;
export const LEDGER_BYTES_MAX = 32 * 1024 * 1024;

const META_VERSION_MAX = 2;
const WORD_BYTES = 4;
const HASH_BYTES = 32;

export interface TransactionSet {
  readonly kind: "legacy" | "generalized";
  readonly previousHash: Uint8Array;
  /** The set's XDR. */
  readonly bytes: Uint8Array;
  /** Inside `bytes`, as the set has them. */
  readonly envelopes: Spans;
  readonly runs: readonly SetRun[];
}

export interface LedgerParts {
  readonly header: LedgerHeader;
  /** What the source says the header hash is. */
  readonly claimedHash: Uint8Array;
  /** Undefined where an archive has no entry, because the ledger holds no transaction. */
  readonly set: TransactionSet | undefined;
  /** XDR of the TransactionResultSet, with each pair in it, in the order they were applied. */
  readonly results: () => Spans;
}

export function readLedger(raw: RawLedger): LedgerParts {
  return raw.kind === "closeMeta" ? readCloseMeta(raw.bytes) : readArchived(raw);
}

/** @param raw XDR of one LedgerCloseMeta. */
export function readCloseMeta(raw: Uint8Array): LedgerParts {
  return reading("LedgerCloseMeta", raw, (view) => {
    checkVersion(view.getUint32(0));
    const { version, at } = indexMetaStart(view);
    checkProtocol(view, at + HASH_BYTES);
    const header = indexHeader(view, at);
    const set =
      version === 0
        ? indexLegacySet(view, header.entryEnd)
        : indexGeneralizedSet(view, header.entryEnd);
    return {
      header: readHeader(raw.subarray(header.start, header.end)),
      claimedHash: raw.subarray(header.hash, header.start),
      set: sliceSet(raw, set),
      results: once(() => metaResults(raw, set.end, version)),
    };
  });
}

function metaResults(raw: Uint8Array, offset: number, version: number): Spans {
  return reading("LedgerCloseMeta", raw, (view) => {
    const { pairs, end } = indexMetaResults(view, offset, version);
    checkEnd(end, raw);
    return joinSpans(raw, pairs);
  });
}

function readArchived(raw: ArchivedLedger): LedgerParts {
  const { header, claimedHash } = readHeaderEntry(raw.header);
  const { sequence } = header;
  const set = raw.set === undefined ? undefined : archivedSet(raw.set, sequence);
  const results = raw.results === undefined ? noResults : archivedResults(raw.results, sequence);
  return { header, claimedHash, set, results: () => results };
}

const noResults = joinSpans(new Uint8Array(), []);

/** @param raw XDR of one LedgerHeaderHistoryEntry. */
export function readHeaderEntry(raw: Uint8Array): Pick<LedgerParts, "header" | "claimedHash"> {
  return reading("LedgerHeaderHistoryEntry", raw, (view) => {
    checkProtocol(view, HASH_BYTES);
    const { hash, start, end, entryEnd } = indexHeader(view, 0);
    checkEnd(entryEnd, raw);
    return { header: readHeader(raw.subarray(start, end)), claimedHash: raw.subarray(hash, start) };
  });
}

/** A generalized set stands in the extension, beside a legacy set without content. */
function archivedSet(raw: Uint8Array, sequence: number): TransactionSet {
  return reading("TransactionHistoryEntry", raw, (view) => {
    checkEntry("transaction set", view.getUint32(0), sequence);
    const legacy = indexLegacySet(view, WORD_BYTES);
    const kind = view.getUint32(legacy.end);
    if (kind > 1) throw new RangeError(`a transaction set of no known kind, ${kind}`);
    const extension = legacy.end + WORD_BYTES;
    const set = kind === 0 ? legacy : indexGeneralizedSet(view, extension);
    checkEnd(kind === 0 ? extension : set.end, raw);
    if (kind === 1 && legacy.envelopes.length > 0) throw new RangeError("two transaction sets");
    return sliceSet(raw, set);
  });
}

function archivedResults(raw: Uint8Array, sequence: number): Spans {
  return reading("TransactionHistoryResultEntry", raw, (view) => {
    checkEntry("results", view.getUint32(0), sequence);
    const { pairs, end } = indexResultSet(view, WORD_BYTES);
    checkEnd(skipTransactionHistoryResultEntryExt(view, end), raw);
    return sliceSpans(raw, WORD_BYTES, end, pairs);
  });
}

function sliceSet(raw: Uint8Array, set: SetIndex): TransactionSet {
  const envelopes = sliceSpans(raw, set.start, set.end, set.envelopes);
  return {
    kind: set.kind,
    previousHash: raw.subarray(set.previousHash, set.previousHash + HASH_BYTES),
    bytes: envelopes.bytes,
    envelopes,
    runs: set.runs,
  };
}

function sliceSpans(raw: Uint8Array, start: number, end: number, inRaw: readonly number[]): Spans {
  return new Spans(raw.subarray(start, end), inRaw, start);
}

function reading<Value>(what: string, raw: Uint8Array, walk: (view: DataView) => Value): Value {
  return walkXdr(what, raw, LEDGER_BYTES_MAX, walk);
}

/** Runs one walk; a refusal of the skip reader becomes `LEDGER_MALFORMED`. */
export function walkXdr<Value>(
  what: string,
  raw: Uint8Array,
  bytesMax: number,
  walk: (view: DataView) => Value,
): Value {
  if (raw.length > bytesMax) {
    throw new AceError("LEDGER_MALFORMED", `a ${what} of ${raw.length} bytes is over the limit`);
  }
  try {
    return walk(viewOf(raw));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new AceError("LEDGER_MALFORMED", `these ${raw.length} bytes are not a ${what}`, {
      cause,
    });
  }
}

/** Runs one parse of the SDK; whatever it throws becomes `LEDGER_MALFORMED`. */
export function decodeXdr<Value>(what: string, decode: () => Value): Value {
  try {
    return decode();
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", `these bytes are not a ${what}`, { cause });
  }
}

/** Versions are read before all else: an unknown one makes all the rest unreadable. */
function checkVersion(version: number): void {
  if (version <= META_VERSION_MAX) return;
  throw new AceError("LEDGER_PROTOCOL_UNKNOWN", `LedgerCloseMeta version ${version} is unknown`);
}

function checkProtocol(view: DataView, headerStart: number): void {
  const protocol = view.getUint32(headerStart);
  if (protocol <= PROTOCOL_MAX) return;
  throw new AceError(
    "LEDGER_PROTOCOL_UNKNOWN",
    `a ledger of protocol ${protocol}; this version reads up to ${PROTOCOL_MAX}`,
  );
}

function checkEnd(end: number, raw: Uint8Array): void {
  if (end !== raw.length) throw new RangeError(`${raw.length - end} bytes are left over`);
}

/** No hash covers the number that an archive files an entry under. */
function checkEntry(what: string, found: number, sequence: number): void {
  if (found === sequence) return;
  throw new AceError("LEDGER_MALFORMED", `ledger ${sequence} comes with the ${what} of ${found}`);
}

function once<Value>(find: () => Value): () => Value {
  let found: { readonly value: Value } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}
