/**
 * One closed ledger as a source sends it, taken apart without trusting it: a LedgerCloseMeta, or the
 * three entries of a history archive.
 *
 * The SDK's decoder is strict (padding, flags, lengths, no bytes left over), so two different inputs
 * never decode to the same value. Header and transaction set are hashed as slices of the input all
 * the same; result pairs lie scattered among metadata and are hashed as encoded again.
 *
 * Range   At most `LEDGER_BYTES_MAX` bytes, nested at most `XDR_DEPTH_MAX`, up to `PROTOCOL_MAX`.
 * Errors  `LEDGER_MALFORMED` for bytes that are not such a ledger, `LEDGER_PROTOCOL_UNKNOWN` for a
 *         version that this SDK does not know.
 * Source  Stellar-ledger.x: LedgerCloseMeta versions 0 to 2.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { compareBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import type { ArchivedLedger, RawLedger } from "./ledger-source.ts";

/** The newest protocol whose XDR the pinned SDK reads. */
const PROTOCOL_MAX = 28;
export const LEDGER_BYTES_MAX = 32 * 1024 * 1024;
const XDR_DEPTH_MAX = 400;

const META_VERSION_MAX = 2;
const UINT32_BYTES = 4;
const HASH_BYTES = 32;
/** Before the scpValue a header holds the protocol and the hash of the ledger before. */
const VALUE_OFFSET = UINT32_BYTES + HASH_BYTES;
const LIMITS = { maxDepth: XDR_DEPTH_MAX };
/** An extension of version 1 holds an empty extension point and an int64. */
const META_EXTENSION_BYTES = 12;

type HeaderWire = Parameters<typeof xdr.LedgerHeader.fromXdrObject>[0];
export type EnvelopeWire = Parameters<typeof xdr.TransactionEnvelope.fromXdrObject>[0];
export type ResultPairWire = Parameters<typeof xdr.TransactionResultPair.fromXdrObject>[0];
type MetaWire = Parameters<typeof xdr.LedgerCloseMeta.fromXdrObject>[0];
type GeneralizedSetWire = Parameters<typeof xdr.GeneralizedTransactionSet.fromXdrObject>[0];
type LegacySetWire = Parameters<typeof xdr.TransactionSet.fromXdrObject>[0];

export interface TransactionSet {
  readonly kind: "legacy" | "generalized";
  readonly previousHash: Uint8Array;
  /** The set's XDR, a slice of the input. */
  readonly bytes: Uint8Array;
  readonly envelopes: readonly EnvelopeWire[];
}

export interface CloseMeta {
  readonly header: HeaderWire;
  /** The LedgerHeader's XDR, a slice of the input. */
  readonly headerBytes: Uint8Array;
  /** What the source says the header hash is. */
  readonly claimedHash: Uint8Array;
  /** The scpValue's XDR, a slice of the input. */
  readonly valueBytes: Uint8Array;
  /** Undefined where an archive has no entry, because the ledger holds no transaction. */
  readonly set: TransactionSet | undefined;
  /** In the order they were applied. */
  readonly pairs: readonly ResultPairWire[];
}

export function readLedger(raw: RawLedger): CloseMeta {
  return raw.kind === "closeMeta" ? readCloseMeta(raw.bytes) : readArchived(raw);
}

/** @param raw XDR of one LedgerCloseMeta. */
export function readCloseMeta(raw: Uint8Array): CloseMeta {
  checkSize(raw);
  const headerStart = findHeader(raw);
  const meta = decodeXdr("LedgerCloseMeta", () => xdr.LedgerCloseMeta.schema.decode(raw, LIMITS));
  return takeApart(raw, headerStart, meta);
}

function readArchived(raw: ArchivedLedger): CloseMeta {
  checkSize(raw.header);
  checkProtocol(raw.header, HASH_BYTES);
  const { header, hash } = decodeXdr("LedgerHeaderHistoryEntry", () =>
    xdr.LedgerHeaderHistoryEntry.schema.decode(raw.header, LIMITS),
  );
  return {
    ...headerParts(raw.header, HASH_BYTES, header),
    claimedHash: hash,
    set: raw.set === undefined ? undefined : archivedSet(raw.set, header.ledgerSeq),
    pairs: raw.results === undefined ? [] : archivedPairs(raw.results, header.ledgerSeq),
  };
}

/** A generalized set stands in the extension, beside a legacy set without content. */
function archivedSet(raw: Uint8Array, sequence: number): TransactionSet {
  checkSize(raw);
  const { ledgerSeq, txSet, ext } = decodeXdr("TransactionHistoryEntry", () =>
    xdr.TransactionHistoryEntry.schema.decode(raw, LIMITS),
  );
  checkEntry("transaction set", ledgerSeq, sequence);
  const legacy = legacySet(raw, UINT32_BYTES, txSet);
  if (ext.v === 0) return legacy;
  if (txSet.txs.length > 0) {
    throw new AceError("LEDGER_MALFORMED", `ledger ${sequence} comes with two transaction sets`);
  }
  const start = UINT32_BYTES + legacy.bytes.length + UINT32_BYTES;
  return generalizedSet(raw, start, ext.generalizedTxSet);
}

function archivedPairs(raw: Uint8Array, sequence: number): readonly ResultPairWire[] {
  checkSize(raw);
  const { ledgerSeq, txResultSet } = decodeXdr("TransactionHistoryResultEntry", () =>
    xdr.TransactionHistoryResultEntry.schema.decode(raw, LIMITS),
  );
  checkEntry("results", ledgerSeq, sequence);
  return txResultSet.results;
}

/** No hash covers the number that an archive files an entry under. */
function checkEntry(what: string, found: number, sequence: number): void {
  if (found === sequence) return;
  throw new AceError("LEDGER_MALFORMED", `ledger ${sequence} comes with the ${what} of ${found}`);
}

function checkSize(raw: Uint8Array): void {
  if (raw.length <= LEDGER_BYTES_MAX) return;
  throw new AceError("LEDGER_MALFORMED", `a ledger of ${raw.length} bytes is over the limit`);
}

/** Runs one parse of the SDK; whatever it throws becomes `LEDGER_MALFORMED`. */
export function decodeXdr<Value>(what: string, decode: () => Value): Value {
  try {
    return decode();
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", `these bytes are not a ${what}`, { cause });
  }
}

/** Where the header starts. Versions are read first: an unknown one makes all the rest unreadable. */
function findHeader(raw: Uint8Array): number {
  const version = uint32At(raw, 0);
  if (version > META_VERSION_MAX) {
    throw new AceError("LEDGER_PROTOCOL_UNKNOWN", `LedgerCloseMeta version ${version} is unknown`);
  }
  const hasExtension = version > 0 && uint32At(raw, UINT32_BYTES) === 1;
  const extensionBytes = version === 0 ? 0 : UINT32_BYTES;
  const skipped = extensionBytes + (hasExtension ? META_EXTENSION_BYTES : 0);
  const start = UINT32_BYTES + skipped + HASH_BYTES;
  checkProtocol(raw, start);
  return start;
}

function checkProtocol(raw: Uint8Array, headerStart: number): void {
  const protocol = uint32At(raw, headerStart);
  if (protocol <= PROTOCOL_MAX) return;
  throw new AceError(
    "LEDGER_PROTOCOL_UNKNOWN",
    `a ledger of protocol ${protocol}; this version reads up to ${PROTOCOL_MAX}`,
  );
}

function uint32At(raw: Uint8Array, offset: number): number {
  if (raw.length < offset + UINT32_BYTES) {
    throw new AceError("LEDGER_MALFORMED", `a ledger ends after ${raw.length} bytes`);
  }
  return new DataView(raw.buffer, raw.byteOffset).getUint32(offset);
}

function takeApart(raw: Uint8Array, headerStart: number, meta: MetaWire): CloseMeta {
  const body = meta.v === 0 ? meta.v0 : meta.v === 1 ? meta.v1 : meta.v2;
  const { header, hash } = body.ledgerHeader;
  const parts = headerParts(raw, headerStart, header);
  // The entry around the header ends in a reserved union of 4 bytes.
  const setStart = headerStart + parts.headerBytes.length + UINT32_BYTES;
  return {
    ...parts,
    claimedHash: hash,
    set:
      meta.v === 0
        ? legacySet(raw, setStart, meta.v0.txSet)
        : generalizedSet(raw, setStart, meta.v === 1 ? meta.v1.txSet : meta.v2.txSet),
    pairs: body.txProcessing.map((processed) => processed.result),
  };
}

function headerParts(
  raw: Uint8Array,
  start: number,
  header: HeaderWire,
): Pick<CloseMeta, "header" | "headerBytes" | "valueBytes"> {
  const headerBytes = sliceOf(raw, start, xdr.LedgerHeader.schema.encode(header));
  const value = xdr.StellarValue.schema.encode(header.scpValue);
  return { header, headerBytes, valueBytes: sliceOf(headerBytes, VALUE_OFFSET, value) };
}

function legacySet(raw: Uint8Array, start: number, set: LegacySetWire): TransactionSet {
  return {
    kind: "legacy",
    previousHash: set.previousLedgerHash,
    bytes: sliceOf(raw, start, xdr.TransactionSet.schema.encode(set)),
    envelopes: set.txs,
  };
}

function generalizedSet(raw: Uint8Array, start: number, set: GeneralizedSetWire): TransactionSet {
  const { previousLedgerHash, phases } = set.v1TxSet;
  return {
    kind: "generalized",
    previousHash: previousLedgerHash,
    bytes: sliceOf(raw, start, xdr.GeneralizedTransactionSet.schema.encode(set)),
    envelopes: phases.flatMap((phase) =>
      phase.v === 0
        ? phase.v0Components.flatMap((component) => component.txsMaybeDiscountedFee.txs)
        : phase.parallelTxsComponent.executionStages.flat(2),
    ),
  };
}

/** The slice of the input that `encoded` was decoded from. */
function sliceOf(raw: Uint8Array, start: number, encoded: Uint8Array): Uint8Array {
  const slice = raw.subarray(start, start + encoded.length);
  if (compareBytes(slice, encoded) !== 0) {
    throw new AceError("LEDGER_MALFORMED", "the XDR is not in its one canonical form");
  }
  return slice;
}
