/**
 * The scan rule: which transactions of a verified ledger concern us, and what they carry.
 *
 * Every node must judge alike, so only envelopes and results are read. A search for the calldata name
 * and the vaults' keys in the set's bytes comes first: most ledgers have neither and end there. A hit
 * proves nothing, since anybody can embed any bytes; it only says which envelopes must be decoded.
 *
 * Errors  `LEDGER_MALFORMED` for results that do not fit their operations.
 */
import { compareBytes } from "../lib/bytes.ts";
import { accountBytes, splitAddress } from "../lib/strkey.ts";
import { type AppliedTransaction, appliedTransaction } from "./applied-operation.ts";
import { CALLDATA_NAME } from "./calldata.ts";
import type { ClosedLedger, StellarTransaction, Transfer } from "./closed-ledger.ts";
import { locksOf } from "./locks.ts";
import { transfersOf } from "./transfers.ts";
import type { VerifiedLedger } from "./verify-ledger.ts";

/** The bare name: with the zeros of its XDR around it the search takes thirty times as long. */
const nameBytes = new TextEncoder().encode(CALLDATA_NAME);

/** @param vaults G… accounts whose payments, in and out, are kept even without calldata. */
export function scanLedger(ledger: VerifiedLedger, vaults: readonly string[]): ClosedLedger {
  const { sequence, hash, previousHash, closeTime, protocolVersion } = ledger;
  const header = { sequence, hash, previousHash, closeTime, protocolVersion };
  const needles = [nameBytes, ...vaults.map(accountBytes)];
  const ours = new Set(vaults);
  const transactions = ledger.find(needles).flatMap((transaction) => {
    const applied = appliedTransaction(transaction);
    return applied === undefined ? [] : concerning(applied, ours);
  });
  return { ...header, transactions };
}

function concerning(
  applied: AppliedTransaction,
  vaults: ReadonlySet<string>,
): readonly StellarTransaction[] {
  const facts = factsOf(applied);
  const isOurs =
    facts.chunks.length > 0 ||
    vaults.has(facts.source) ||
    facts.transfers.some((transfer) => touches(transfer, vaults));
  return isOurs ? [facts] : [];
}

/** What one transaction that took effect says: its chunks, transfers and locks. */
export function factsOf(applied: AppliedTransaction): StellarTransaction {
  const { hash, source, operations } = applied;
  const transfers = transfersOf(operations);
  return { hash, source, chunks: chunksOf(applied), transfers, locks: locksOf(operations) };
}

/** A chunk that another account signed for is not the caller's word, so then there is no call. */
function chunksOf({ source, operations }: AppliedTransaction): readonly Uint8Array[] {
  const carriers = operations.flatMap(({ source: signer, body }) => {
    if (body.type !== "manageData") return [];
    const { dataName, dataValue } = body.manageDataOp;
    const isChunk = dataValue !== null && compareBytes(dataName.bytes, nameBytes) === 0;
    return isChunk ? [{ signer, value: dataValue.toBytes() }] : [];
  });
  if (carriers.some(({ signer }) => signer !== source)) return [];
  return carriers.map(({ value }) => value);
}

function touches({ from, to }: Transfer, vaults: ReadonlySet<string>): boolean {
  return vaults.has(from) || vaults.has(splitAddress(to).account);
}
