// Goal: the devnet's rules are those of Stellar, as far as they go.
// Method: replay the public testnet from its first ledger, with the sets, close times and signatures
// that it really had, and compare each transaction's result with the archive's, byte for byte. What
// holds an operation that is not modelled is not compared; of Soroban's the fee is taken as recorded.
// The replay ends before ledger 499, where the first sponsored account comes to be.
import { hash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { Keypair, xdr } from "@stellar/stellar-sdk/base";
import { beforeAll, expect, it } from "vitest";
import { newAccount, writeAccount } from "../../src/devnet/account.ts";
import { applyTransaction, takeFee } from "../../src/devnet/apply.ts";
import { readEnvelope, type Submission } from "../../src/devnet/envelope.ts";
import { TOTAL_COINS } from "../../src/devnet/header.ts";
import type { LedgerRules } from "../../src/devnet/operation.ts";
import { resultOf } from "../../src/devnet/result.ts";
import { LedgerState } from "../../src/devnet/state.ts";
import { applyOrder } from "../../src/devnet/tx-set.ts";
import { unsupportedOf } from "../../src/devnet/validity.ts";
import { readRecords } from "../../src/ledger/record-stream.ts";
import { readFixture, TESTNET } from "../fixtures/stellar-data.ts";

const LAST_LEDGER = 498;
const CHECKPOINTS = ["3f", "7f", "bf", "ff", "13f", "17f", "1bf", "1ff"];
const SOROBAN = /Footprint|invoke/;
/** Above any bid: a fee is then whatever was bid. */
const NO_BASE_FEE = 2n ** 40n;

interface Bid {
  readonly submission: Submission;
  readonly baseFee: bigint;
}

const networkId = hash("sha256", TESTNET, "buffer");
const state = new LedgerState();
let compared = 0;
let signatures = 0;
const differing: unknown[] = [];

beforeAll(() => {
  const headers = new Map(
    records("ledger", (bytes) => xdr.LedgerHeaderHistoryEntry.fromXdr(bytes).header).map(
      (header) => [header.ledgerSeq, header],
    ),
  );
  const results = new Map(
    records("results", (bytes) => xdr.TransactionHistoryResultEntry.fromXdr(bytes)).map(
      ({ ledgerSeq, txResultSet }) => [ledgerSeq, txResultSet.results],
    ),
  );
  const root = Keypair.fromRawEd25519Seed(networkId).xdrPublicKey();
  writeAccount(state, newAccount(root, TOTAL_COINS, 0n));
  const entries = records("transactions", (bytes) => xdr.TransactionHistoryEntry.fromXdr(bytes));
  for (const entry of entries.filter(({ ledgerSeq }) => ledgerSeq <= LAST_LEDGER)) {
    const header = headers.get(entry.ledgerSeq);
    const previous = headers.get(entry.ledgerSeq - 1);
    if (header === undefined || previous === undefined) throw new Error("no header");
    replay(entry, header, previous, results.get(entry.ledgerSeq) ?? []);
  }
});

it("700 transactions of the public testnet come out exactly as they did there", () => {
  expect(differing).toEqual([]);
  expect(compared).toBe(700);
  expect(signatures).toBeGreaterThan(700);
});

function replay(
  entry: xdr.TransactionHistoryEntry,
  { ledgerSeq, scpValue }: xdr.LedgerHeader,
  previous: xdr.LedgerHeader,
  recorded: readonly xdr.TransactionResultPair[],
): void {
  state.sequence = ledgerSeq;
  const rules: LedgerRules = {
    sequence: ledgerSeq,
    closeTime: scpValue.closeTime,
    protocol: previous.ledgerVersion,
    baseFee: BigInt(previous.baseFee),
    baseReserve: BigInt(previous.baseReserve),
  };
  const bids = orderedBids(entry, scpValue.txSetHash.toBytes());
  const fees = bids.map((bid, index) => feeOf(bid, recorded[index], rules));
  for (const [index, { submission }] of bids.entries()) {
    const { verdict } = applyTransaction(state, rules, submission);
    const charge = fees[index];
    if (charge === undefined || unsupportedOf(submission).length > 0) continue;
    const ours = resultOf(submission, verdict, charge).toXdr("base64");
    compared += 1;
    signatures += submission.signatures.length + (submission.bumpSignatures?.length ?? 0);
    if (ours !== recorded[index]?.result.toXdr("base64")) {
      differing.push({ ledgerSeq, hash: submission.hashHex, ours: verdict });
    }
  }
}

function feeOf(
  { submission, baseFee }: Bid,
  recorded: xdr.TransactionResultPair | undefined,
  { protocol }: LedgerRules,
) {
  const isSoroban = unsupportedOf(submission).some((name) => SOROBAN.test(name));
  const feeBid = recorded?.result.feeCharged ?? 0n;
  const paying = isSoroban ? { ...submission, feeBid } : submission;
  return takeFee(state, paying, isSoroban ? NO_BASE_FEE : baseFee, protocol).charge;
}

/** Phase by phase; the price is that of the component a transaction stands in. */
function orderedBids({ ext, txSet }: xdr.TransactionHistoryEntry, setHash: Uint8Array) {
  const phases =
    ext.type === "generalizedTxSet" ? ext.generalizedTxSet.v1TxSet.phases.map(bidsOf) : [];
  const old = txSet.txs.map((envelope) => bidOf(envelope, null));
  return [...phases, old].flatMap((bids) => {
    const byHash = new Map(bids.map((bid) => [bid.submission.hashHex, bid]));
    const order = applyOrder(
      bids.map(({ submission }) => submission),
      setHash,
    );
    return order.flatMap(({ hashHex }) => byHash.get(hashHex) ?? []);
  });
}

function bidsOf(phase: xdr.TransactionPhase): readonly Bid[] {
  if (phase.type !== "v0Components") throw new Error(phase.type);
  return phase.v0Components.flatMap(({ txsMaybeDiscountedFee: { baseFee, txs } }) =>
    txs.map((envelope) => bidOf(envelope, baseFee)),
  );
}

function bidOf(envelope: xdr.TransactionEnvelope, baseFee: bigint | null): Bid {
  const submission = readEnvelope(envelope.toXdr("base64"), networkId);
  return { submission, baseFee: baseFee ?? NO_BASE_FEE };
}

function records<Value>(kind: string, read: (bytes: Uint8Array) => Value): readonly Value[] {
  return CHECKPOINTS.flatMap((checkpoint) => {
    const name = `testnet-genesis/${kind}-${checkpoint.padStart(8, "0")}.xdr.gz`;
    return readRecords(gunzipSync(readFixture(name)))
      .map(read)
      .toArray();
  });
}
