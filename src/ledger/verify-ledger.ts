/**
 * Verification: one ledger is believed only when every hash in it holds.
 *
 * The header names the ledger before it, the transaction set and the results by hash; the set and the
 * results are then joined by transaction hash, one to one. Metadata is under no hash and never used.
 *
 * Errors  `LEDGER_HASH_MISMATCH` naming the ledger and the hash, `LEDGER_MALFORMED`,
 *         `LEDGER_PROTOCOL_UNKNOWN`.
 */
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import {
  type CloseMeta,
  type EnvelopeWire,
  type ResultPairWire,
  readCloseMeta,
  readLedger,
} from "./close-meta.ts";
import { describeFailure, type HashCheck, holds } from "./hash-check.ts";
import { checkFeePool, checkHeader, checkPrevious } from "./header-chain.ts";
import type { RawLedger } from "./ledger-source.ts";
import { checkResults } from "./result-set.ts";
import { stellarNetworkId, transactionHash } from "./transaction-hash.ts";
import { checkTransactionSet } from "./tx-set-hash.ts";

/** STELLAR_VALUE_SIGNED */
const SIGNED_VALUE = 1;

export interface LedgerExpectation {
  readonly passphrase: string;
  readonly sequence?: number | undefined;
  /** Header hash of the ledger before. */
  readonly previousHash?: string | undefined;
  readonly previousFeePool?: bigint | undefined;
  /** Protocol of the ledger before: an archive's empty ledger is proved by the empty set of it. */
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
  /** Whose nomination was chosen, where the value says so. Not checked here. */
  readonly valueSignature: ValueSignature | undefined;
  /** Whether the validators voted an upgrade with this ledger. */
  readonly hasUpgrades: boolean;
  /** XDR of the transaction set: whatever is not in these bytes is not in the ledger. */
  readonly setBytes: Uint8Array;
  /** Every transaction, failed ones too, in the order they were applied. */
  readonly transactions: readonly VerifiedTransaction[];
}

export interface ValueSignature {
  /** Ed25519 key of a validator. */
  readonly signer: Uint8Array;
  readonly signature: Uint8Array;
}

export interface VerifiedTransaction {
  readonly hash: string;
  readonly envelope: EnvelopeWire;
  readonly result: ResultPairWire["result"];
}

/** Verifies a ledger as any source sends it. */
export function verifyRaw(raw: RawLedger, expected: LedgerExpectation): VerifiedLedger {
  return verified(readLedger(raw), expected);
}

/** @param raw XDR of one LedgerCloseMeta. */
export function verifyLedger(raw: Uint8Array, expected: LedgerExpectation): VerifiedLedger {
  return verified(readCloseMeta(raw), expected);
}

function verified(meta: CloseMeta, expected: LedgerExpectation): VerifiedLedger {
  const sequence = meta.header.ledgerSeq;
  if (expected.sequence !== undefined && expected.sequence !== sequence) {
    throw new AceError(
      "LEDGER_MALFORMED",
      `ledger ${sequence} was sent where ledger ${expected.sequence} was promised`,
    );
  }
  const failed = checkLedger(meta, expected).find((check) => !holds(check));
  if (failed !== undefined) {
    throw new AceError("LEDGER_HASH_MISMATCH", describeFailure(sequence, failed));
  }
  return {
    sequence,
    hash: toHex(meta.claimedHash),
    previousHash: toHex(meta.header.previousLedgerHash),
    closeTime: meta.header.scpValue.closeTime,
    protocolVersion: meta.header.ledgerVersion,
    feePool: meta.header.feePool,
    headerBytes: meta.headerBytes,
    valueBytes: meta.valueBytes,
    valueSignature: valueSignatureOf(meta),
    hasUpgrades: meta.header.scpValue.upgrades.length > 0,
    setBytes: meta.set?.bytes ?? new Uint8Array(),
    transactions: pairTransactions(meta, expected.passphrase),
  };
}

function valueSignatureOf({ header }: CloseMeta): ValueSignature | undefined {
  const { ext } = header.scpValue;
  if (ext.v !== SIGNED_VALUE) return undefined;
  const { nodeId, signature } = ext.lcValueSignature;
  return { signer: nodeId.ed25519, signature };
}

/** Every check that can be made, whether it holds or not. */
export function checkLedger(
  meta: CloseMeta,
  expected: Pick<LedgerExpectation, "previousHash" | "previousFeePool" | "previousProtocol">,
): readonly HashCheck[] {
  const { previousHash, previousFeePool, previousProtocol } = expected;
  const results = checkResults(meta);
  // Fees are summed over the results: where those are false, the sum means nothing.
  const canSumFees = previousFeePool !== undefined && holds(results);
  return [
    checkHeader(meta),
    ...(previousHash === undefined ? [] : [checkPrevious(meta, previousHash)]),
    ...checkTransactionSet(meta, previousProtocol),
    results,
    ...(canSumFees ? checkFeePool(meta, previousFeePool) : []),
  ];
}

/** Joins each result with its envelope. Errors `LEDGER_HASH_MISMATCH` unless they pair one to one. */
export function pairTransactions(
  meta: CloseMeta,
  passphrase: string,
): readonly VerifiedTransaction[] {
  const networkId = stellarNetworkId(passphrase);
  const given = meta.set?.envelopes ?? [];
  const envelopes = new Map(
    given.map((envelope) => [transactionHash(envelope, networkId), envelope]),
  );
  const transactions = meta.pairs.map(({ transactionHash: id, result }) => {
    const hash = toHex(id);
    const envelope = envelopes.get(hash);
    // Taken out, so that a second result for the same transaction finds nothing.
    envelopes.delete(hash);
    if (envelope === undefined) throw unpaired(meta, `no envelope for the result of ${hash}`);
    return { hash, envelope, result };
  });
  const [left] = envelopes.keys();
  if (left !== undefined) throw unpaired(meta, `no result for transaction ${left}`);
  if (given.length !== meta.pairs.length) {
    throw unpaired(meta, "a transaction is in its set twice");
  }
  return transactions;
}

function unpaired(meta: CloseMeta, what: string): AceError {
  return new AceError(
    "LEDGER_HASH_MISMATCH",
    `ledger ${meta.header.ledgerSeq}: ${what} (transaction hashes depend on the passphrase)`,
  );
}
