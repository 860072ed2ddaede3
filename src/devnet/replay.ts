/**
 * Replay: a real network's ledgers through the devnet's own rules, to see where they differ.
 *
 * Of a ledger only what its validators decided is taken as given: the set, the close time and the
 * upgrades. Order, signatures, fees, results and the fee pool are ours. Contracts are the exception:
 * their fee and result are the archive's, and every entry they may have touched is foreign until its
 * true content is put back.
 *
 * Flow    `replayLedger` once a ledger, from genesis on, without a gap.
 * Errors  `REPLAY_ARCHIVE` when the archive's results are not those of our transaction hashes,
 *         `LEDGER_MALFORMED` for a gap or entries that do not decode.
 */
import { Keypair, xdr } from "@stellar/stellar-sdk/base";
import type { ArchivedLedger } from "../ledger/ledger-source.ts";
import { compareBytes, toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import { newAccount, writeAccount } from "./account.ts";
import { applyTransaction, spendSequence, takeFee, withLastSequences } from "./apply.ts";
import { rulesAfter } from "./close.ts";
import { accountKey, accountOf, type EntryKey, entryKey, readAccount } from "./entries.ts";
import type { Submission } from "./envelope.ts";
import { TOTAL_COINS } from "./header.ts";
import type { LedgerRules } from "./operation.ts";
import { genesisHeader, nextHeader } from "./replay-header.ts";
import { type ReplayedBid, readBids } from "./replay-set.ts";
import { type Charge, resultOf } from "./result.ts";
import { verifyAhead } from "./signatures.ts";
import { LedgerState } from "./state.ts";

export interface ReplayedTransaction {
  /** Of the result only: classic ones are computed, those of contracts copied. */
  readonly kind: "classic" | "contract";
  readonly hash: string;
  /** Place in the order of applying, from 0. */
  readonly index: number;
  readonly expected: Uint8Array;
  /** XDR of a TransactionResult, as `expected`. */
  readonly got: Uint8Array;
  readonly isExact: boolean;
}

export interface ReplayedLedger {
  readonly sequence: number;
  readonly transactions: readonly ReplayedTransaction[];
  readonly hasOurResultHash: boolean;
  readonly hasOurFeePool: boolean;
}

const NO_CHARGE: Charge = { fee: 0n, innerFee: 0n };
const HASH_BYTES = 32;
const UNSEQUENCED: readonly string[] = [
  "txTooEarly",
  "txTooLate",
  "txMissingOperation",
  "txBadSeq",
  "txNoAccount",
  "txInsufficientFee",
  "txMalformed",
  "txSorobanInvalid",
];

export class Replay {
  readonly state = new LedgerState();
  /** Entries that contracts may have touched since they were last put right. */
  readonly foreign = new Set<EntryKey>();
  readonly #networkId: Uint8Array;
  readonly #prepared = new WeakMap<ArchivedLedger, readonly ReplayedBid[]>();
  #header: xdr.LedgerHeader;

  constructor(passphrase: string) {
    this.#networkId = sha256(Buffer.from(passphrase));
    this.#header = genesisHeader();
    const root = Keypair.fromRawEd25519Seed(this.#networkId).xdrPublicKey();
    writeAccount(this.state, newAccount(root, TOTAL_COINS, 0n));
  }

  /** Reads a later ledger and has its signatures verified, on other threads, until it is replayed. */
  async prepare(ledger: ArchivedLedger): Promise<void> {
    const { header } = decode(() => xdr.LedgerHeaderHistoryEntry.fromXdr(ledger.header));
    const bids = this.#readBids(ledger, header.scpValue.txSetHash.toBytes());
    this.#prepared.set(ledger, bids);
    await Promise.all(bids.map(({ submission }) => verifyAll(submission)));
  }

  replayLedger(ledger: ArchivedLedger): ReplayedLedger {
    const { header } = decode(() => xdr.LedgerHeaderHistoryEntry.fromXdr(ledger.header));
    const { ledgerSeq: sequence, scpValue } = header;
    const isFirst = sequence === 1 && this.#header.ledgerSeq === 1;
    if (!isFirst && sequence !== this.#header.ledgerSeq + 1) {
      const expected = this.#header.ledgerSeq + 1;
      throw new AceError("LEDGER_MALFORMED", `ledger ${sequence} comes where ${expected} should`);
    }
    this.state.sequence = sequence;
    const setHash = scpValue.txSetHash.toBytes();
    const bids = this.#prepared.get(ledger) ?? this.#readBids(ledger, setHash);
    const recorded = recordedOf(ledger);
    const { fees, transactions } = this.#apply(
      bids,
      recorded,
      rulesAfter(this.#header, scpValue.closeTime),
    );
    this.#header = nextHeader(this.#header, header, fees);
    return {
      sequence,
      transactions,
      hasOurResultHash:
        isFirst || resultHash(transactions, bids) === toHex(header.txSetResultHash.toBytes()),
      hasOurFeePool: this.#header.feePool === header.feePool,
    };
  }

  #readBids({ set }: ArchivedLedger, setHash: Uint8Array): readonly ReplayedBid[] {
    if (set === undefined) return [];
    const entry = decode(() => xdr.TransactionHistoryEntry.fromXdr(set));
    return readBids(entry, setHash, this.#networkId);
  }

  #apply(
    bids: readonly ReplayedBid[],
    recorded: ReadonlyMap<string, xdr.TransactionResult>,
    ledger: LedgerRules,
  ): { readonly fees: bigint; readonly transactions: readonly ReplayedTransaction[] } {
    const { state } = this;
    const expected = bids.map(({ submission }) => expectedOf(submission, recorded));
    const charges = bids.map((bid, index) => charge(state, bid, expected[index], ledger.protocol));
    const rules = withLastSequences(
      ledger,
      bids.map(({ submission }) => submission),
    );
    const transactions = bids.map((bid, index) => {
      const { submission, isContract } = bid;
      const result = expected[index]?.toXdr() ?? new Uint8Array();
      const got = isContract ? result : this.#applyClassic(rules, submission, charges[index]);
      if (isContract) this.#applyContract(rules, submission, expected[index]);
      return {
        kind: isContract ? ("contract" as const) : ("classic" as const),
        hash: submission.hashHex,
        index,
        expected: result,
        got,
        isExact: compareBytes(result, got) === 0,
      };
    });
    return { fees: charges.reduce((sum, { fee }) => sum + fee, 0n), transactions };
  }

  #applyClassic(
    rules: LedgerRules,
    submission: Submission,
    charged: Charge | undefined,
  ): Uint8Array {
    const { verdict } = applyTransaction(this.state, rules, submission);
    return resultOf(submission, verdict, charged ?? NO_CHARGE).toXdr();
  }

  #applyContract(
    rules: LedgerRules,
    submission: Submission,
    recorded: xdr.TransactionResult | undefined,
  ): void {
    const isThere = readAccount(this.state, submission.source) !== undefined;
    if (isThere && recorded !== undefined && isSequenced(recorded)) {
      spendSequence(this.state, rules, submission);
    }
    for (const key of touchedBy(submission)) this.foreign.add(key);
  }
}

async function verifyAll(submission: Submission): Promise<void> {
  const { tx, txHash, source, signatures, hash, bumpSignatures = [], feeSource } = submission;
  const accounts = tx.operations.flatMap(({ sourceAccount }) =>
    sourceAccount === null ? [] : [accountOf(sourceAccount)],
  );
  const distinct = new Map([source, ...accounts].map((each) => [accountKey(each), each]));
  await Promise.all([
    verifyAhead(txHash, signatures, distinct.values()),
    verifyAhead(hash, bumpSignatures, [feeSource]),
  ]);
}

/** A contract's fee is the archive's: it depends on what the contract used. */
function charge(
  state: LedgerState,
  { submission, baseFee, isContract }: ReplayedBid,
  recorded: xdr.TransactionResult | undefined,
  protocol: number,
): Charge {
  const paying = isContract ? { ...submission, feeBid: recorded?.feeCharged ?? 0n } : submission;
  const price = isContract ? undefined : baseFee;
  // Only after an outcome that differed: then nobody is there to pay.
  if (readAccount(state, paying.feeSource) === undefined) return NO_CHARGE;
  return takeFee(state, paying, price ?? paying.feeBid, protocol).charge;
}

/** Whether a result is one of those that come after the sequence number was consumed. */
function isSequenced({ result }: xdr.TransactionResult): boolean {
  const type =
    result.type === "txFeeBumpInnerFailed"
      ? result.innerResultPair.result.result.type
      : result.type;
  return !UNSEQUENCED.includes(type);
}

function touchedBy({ tx, sourceKey, feeSourceKey }: Submission): readonly EntryKey[] {
  const footprint =
    tx.ext.type === "sorobanData" ? tx.ext.sorobanData.resources.footprint : undefined;
  const keys = [...(footprint?.readOnly ?? []), ...(footprint?.readWrite ?? [])].map(entryKey);
  const sources = tx.operations.flatMap(({ sourceAccount }) =>
    sourceAccount === null ? [] : [accountKey(accountOf(sourceAccount))],
  );
  return [sourceKey, feeSourceKey, ...sources, ...keys];
}

function expectedOf(
  { hashHex }: Submission,
  recorded: ReadonlyMap<string, xdr.TransactionResult>,
): xdr.TransactionResult {
  const result = recorded.get(hashHex);
  if (result !== undefined) return result;
  throw new AceError(
    "REPLAY_ARCHIVE",
    `the archive has no result for transaction ${hashHex}: another network's, or damaged`,
  );
}

function recordedOf({ results }: ArchivedLedger): ReadonlyMap<string, xdr.TransactionResult> {
  if (results === undefined) return new Map();
  const { txResultSet } = decode(() => xdr.TransactionHistoryResultEntry.fromXdr(results));
  return new Map(
    txResultSet.results.map(({ transactionHash, result }) => [
      toHex(transactionHash.toBytes()),
      result,
    ]),
  );
}

function resultHash(
  transactions: readonly ReplayedTransaction[],
  bids: readonly ReplayedBid[],
): string {
  const results = transactions.map(({ got }, index) => {
    const transactionHash = bids[index]?.submission.hash ?? new Uint8Array(HASH_BYTES);
    const result = xdr.TransactionResult.fromXdr(got);
    return new xdr.TransactionResultPair({ transactionHash, result });
  });
  return toHex(sha256(new xdr.TransactionResultSet({ results }).toXdr()));
}

function decode<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", "an entry of the archive does not decode", { cause });
  }
}
