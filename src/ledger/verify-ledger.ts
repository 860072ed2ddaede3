/**
 * Verification: one ledger is believed only when every hash in it holds.
 *
 * The header names the ledger before it, the transaction set and the results by hash; a transaction's
 * result is found by its hash. Metadata is under no hash and never used.
 *
 * Grades, each of which includes the one before:
 * - `catchUp`  header, chain and transaction set. Nothing can be hidden, because the set is whole: a
 *              ledger whose set does not concern us is done with. Results are checked as soon as one
 *              transaction concerns us, and always where they come from an archive.
 * - `full`     results and fee pool too; as many results as transactions; what concerns us and the
 *              first of all is joined with its result.
 * - `audit`    every transaction is joined with its result, and the apply order is recomputed.
 *
 * Errors  `LEDGER_HASH_MISMATCH` naming the ledger and the hash, `LEDGER_MALFORMED`,
 *         `LEDGER_PROTOCOL_UNKNOWN`.
 */
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { type LedgerParts, readCloseMeta, readLedger } from "./close-meta.ts";
import { describeFailure, type HashCheck, holds } from "./hash-check.ts";
import { checkFeePool, checkHeader, checkPrevious } from "./header-chain.ts";
import {
  checkApplyOrder,
  checkCounts,
  pairSome,
  pairTransactions,
  type VerifiedTransaction,
} from "./join-results.ts";
import type { ValueSignature } from "./ledger-header.ts";
import type { RawLedger } from "./ledger-source.ts";
import { checkResults } from "./result-set.ts";
import { checkTransactionSet } from "./tx-set-hash.ts";

export type VerificationGrade = "catchUp" | "full" | "audit";

export interface LedgerExpectation extends PreviousLedger {
  readonly passphrase: string;
  readonly sequence?: number | undefined;
  /** `full` unless said otherwise. */
  readonly grade?: VerificationGrade | undefined;
}

/** The ledger before, as far as it is known. */
export interface PreviousLedger {
  /** Header hash. */
  readonly previousHash?: string | undefined;
  readonly previousFeePool?: bigint | undefined;
  /** An archive's empty ledger is proved by the empty set of this protocol. */
  readonly previousProtocol?: number | undefined;
}

export interface VerifiedLedger {
  readonly sequence: number;
  readonly hash: string;
  readonly previousHash: string;
  readonly closeTime: bigint;
  readonly protocolVersion: number;
  readonly feePool: bigint;
  /** XDR of the LedgerHeader, which `hash` covers. */
  readonly headerBytes: Uint8Array;
  /** XDR of the header's scpValue: what validators agreed on. */
  readonly valueBytes: Uint8Array;
  /** SHA-256 of the transaction set, as the value names it. */
  readonly setHash: Uint8Array;
  /** Whose nomination was chosen, where the value says so. Not checked here. */
  readonly valueSignature: ValueSignature | undefined;
  /** Whether the validators voted an upgrade with this ledger. */
  readonly hasUpgrades: boolean;
  /** XDR of the transaction set: whatever is not in these bytes is not in the ledger. */
  readonly setBytes: Uint8Array;
  readonly transactionCount: number;
  /** Every transaction, failed ones too, in the order they were applied; joined when asked for. */
  readonly transactions: readonly VerifiedTransaction[];
  /** Those whose envelope holds one of `needles` somewhere, in the order they were applied. */
  find(needles: readonly Uint8Array[]): readonly VerifiedTransaction[];
}

/** Verifies a ledger as any source sends it. */
export function verifyRaw(raw: RawLedger, expected: LedgerExpectation): VerifiedLedger {
  return verify(readLedger(raw), expected, raw.kind);
}

/** @param raw XDR of one LedgerCloseMeta. */
export function verifyLedger(raw: Uint8Array, expected: LedgerExpectation): VerifiedLedger {
  return verify(readCloseMeta(raw), expected, "closeMeta");
}

function verify(
  parts: LedgerParts,
  expected: LedgerExpectation,
  kind: RawLedger["kind"],
): VerifiedLedger {
  const { sequence, passphrase, grade = "full" } = expected;
  if (sequence !== undefined && sequence !== parts.header.sequence) {
    throw new AceError(
      "LEDGER_MALFORMED",
      `ledger ${parts.header.sequence} was sent where ledger ${sequence} was promised`,
    );
  }
  refuseFailed(parts, checkHeaderAndSet(parts, expected));
  const results = new TrustedResults(parts, expected);
  if (grade !== "catchUp" || kind === "archived") {
    results.check();
    if ((parts.set?.envelopes.length ?? 0) > 0) results.some([0]);
  }
  if (grade === "audit") refuseFailed(parts, [checkApplyOrder(parts, passphrase)]);
  return new BelievedLedger(parts, results);
}

/** Every check that needs no passphrase, whether it holds or not. */
export function checkLedger(parts: LedgerParts, previous: PreviousLedger): readonly HashCheck[] {
  return [...checkHeaderAndSet(parts, previous), ...checkResultsAndFees(parts, previous)];
}

function checkHeaderAndSet(parts: LedgerParts, previous: PreviousLedger): readonly HashCheck[] {
  const { previousHash, previousProtocol } = previous;
  return [
    checkHeader(parts),
    ...(previousHash === undefined ? [] : [checkPrevious(parts, previousHash)]),
    ...checkTransactionSet(parts, previousProtocol),
  ];
}

function checkResultsAndFees(parts: LedgerParts, previous: PreviousLedger): readonly HashCheck[] {
  const { previousFeePool } = previous;
  const results = checkResults(parts);
  // Fees are summed over the results: where those are false, the sum means nothing.
  if (previousFeePool === undefined || !holds(results)) return [results];
  return [results, ...checkFeePool(parts, previousFeePool)];
}

function refuseFailed({ header }: LedgerParts, checks: readonly HashCheck[]): void {
  const failed = checks.find((check) => !holds(check));
  if (failed === undefined) return;
  throw new AceError("LEDGER_HASH_MISMATCH", describeFailure(header.sequence, failed));
}

/** Results that nobody gets to see before they are checked. */
class TrustedResults {
  readonly #parts: LedgerParts;
  readonly #expected: LedgerExpectation;
  #isChecked = false;
  #all: readonly VerifiedTransaction[] | undefined;

  constructor(parts: LedgerParts, expected: LedgerExpectation) {
    this.#parts = parts;
    this.#expected = expected;
  }

  check(): void {
    if (this.#isChecked) return;
    refuseFailed(this.#parts, checkResultsAndFees(this.#parts, this.#expected));
    checkCounts(this.#parts);
    this.#isChecked = true;
  }

  all(): readonly VerifiedTransaction[] {
    this.check();
    this.#all ??= pairTransactions(this.#parts, this.#expected.passphrase);
    return this.#all;
  }

  some(indexes: readonly number[]): readonly VerifiedTransaction[] {
    this.check();
    return pairSome(this.#parts, this.#expected.passphrase, indexes);
  }
}

class BelievedLedger implements VerifiedLedger {
  readonly sequence: number;
  readonly hash: string;
  readonly previousHash: string;
  readonly closeTime: bigint;
  readonly protocolVersion: number;
  readonly feePool: bigint;
  readonly headerBytes: Uint8Array;
  readonly valueBytes: Uint8Array;
  readonly setHash: Uint8Array;
  readonly valueSignature: ValueSignature | undefined;
  readonly hasUpgrades: boolean;
  readonly setBytes: Uint8Array;
  readonly transactionCount: number;
  readonly #parts: LedgerParts;
  readonly #results: TrustedResults;

  constructor(parts: LedgerParts, results: TrustedResults) {
    const { header, claimedHash, set } = parts;
    const { value } = header;
    this.sequence = header.sequence;
    this.hash = toHex(claimedHash);
    this.previousHash = toHex(header.previousHash);
    this.closeTime = value.closeTime;
    this.protocolVersion = header.protocolVersion;
    this.feePool = header.feePool;
    this.headerBytes = header.bytes;
    this.valueBytes = value.bytes;
    this.setHash = value.setHash;
    this.valueSignature = value.signature;
    this.hasUpgrades = value.hasUpgrades;
    this.setBytes = set?.bytes ?? new Uint8Array();
    this.transactionCount = set?.envelopes.length ?? 0;
    this.#parts = parts;
    this.#results = results;
  }

  get transactions(): readonly VerifiedTransaction[] {
    return this.#results.all();
  }

  find(needles: readonly Uint8Array[]): readonly VerifiedTransaction[] {
    const { set } = this.#parts;
    if (set === undefined) return [];
    const { buffer, byteOffset, byteLength } = set.bytes;
    const haystack = Buffer.from(buffer, byteOffset, byteLength);
    const found = new Set<number>();
    for (const needle of needles) {
      let at = haystack.indexOf(needle);
      while (at >= 0) {
        const index = set.envelopes.around(at, at + needle.length);
        // Bytes between two envelopes, or across them, belong to no transaction.
        if (index !== undefined) found.add(index);
        at = haystack.indexOf(needle, index === undefined ? at + 1 : set.envelopes.end(index));
      }
    }
    return found.size === 0 ? [] : this.#results.some([...found]);
  }
}
