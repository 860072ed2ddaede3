// Goal: operations come out on the devnet as they did on the public network, trades above all.
// Method: real transactions that succeeded, with the meta that tells every entry before and after.
// The entries before are put into an empty state, the operation is applied by the devnet's rules, and
// its result and all entries after are compared byte for byte. Meta has no entry that was only read:
// for accounts a stand-in takes its place, and a new offer that came to nothing is not judged.
import { gunzipSync } from "node:zlib";
import { xdr } from "@stellar/stellar-sdk/base";
import { expect, it } from "vitest";
import { z } from "zod";
import { newAccount, writeAccount } from "../../src/devnet/account.ts";
import {
  accountOf,
  type EntryKey,
  entryKey,
  keyOfData,
  readAccount,
} from "../../src/devnet/entries.ts";
import { type Submission, submissionOf } from "../../src/devnet/envelope.ts";
import { type OperationContext, succeeded } from "../../src/devnet/operation.ts";
import { ruleOf } from "../../src/devnet/operations.ts";
import { createSponsorships } from "../../src/devnet/sponsorships.ts";
import { LedgerState } from "../../src/devnet/state.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { ledgersOf, PUBNET, PUBNET_OBJECT, readFixture } from "../fixtures/stellar-data.ts";

interface Applied {
  readonly submission: Submission;
  readonly result: xdr.TransactionResult;
  /** Of fees, sequence number and signers. */
  readonly before: readonly xdr.LedgerEntryChange[];
  /** One list an operation. */
  readonly operations: readonly (readonly xdr.LedgerEntryChange[])[];
  readonly ledger: {
    readonly sequence: number;
    readonly closeTime: bigint;
    readonly protocol: number;
  };
}

/** By operation: how many were judged, and how many offers and pools they took. */
type Counts = Record<string, { readonly exact: number; readonly claims: number }>;

const networkId = sha256(Buffer.from(PUBNET));
const RICH = 10n ** 15n;

it("every operation of a public ledger of protocol 21 has its result and its entries", () => {
  expect(judge(ofObject())).toEqual({
    payment: { exact: 9, claims: 0 },
    manageSellOffer: { exact: 39, claims: 0 },
    manageBuyOffer: { exact: 49, claims: 2 },
    pathPaymentStrictReceive: { exact: 4, claims: 19 },
    pathPaymentStrictSend: { exact: 4, claims: 8 },
    changeTrust: { exact: 4, claims: 0 },
    createClaimableBalance: { exact: 54, claims: 0 },
    claimClaimableBalance: { exact: 3, claims: 0 },
  });
});

it("and so has every one of 50 transactions of protocol 27", () => {
  expect(judge(ofRpc())).toEqual({
    payment: { exact: 123, claims: 0 },
    manageSellOffer: { exact: 56, claims: 0 },
    manageBuyOffer: { exact: 52, claims: 1 },
    pathPaymentStrictSend: { exact: 3, claims: 8 },
    pathPaymentStrictReceive: { exact: 3, claims: 8 },
    changeTrust: { exact: 1, claims: 0 },
  });
});

function judge(transactions: readonly Applied[]): Counts {
  const counts: Counts = {};
  for (const applied of transactions) {
    const results = resultsOf(applied.result);
    const state = stateBefore(applied);
    const sponsorships = createSponsorships();
    for (const [index, operation] of applied.submission.tx.operations.entries()) {
      const [expected, changes = []] = [results[index], applied.operations[index]];
      if (expected === undefined) continue;
      const at = contextOf(applied, state, operation, index, sponsorships);
      const got = applyTo(at, operation);
      if (cameToNothing(operation.body, expected)) continue;
      const { type } = operation.body;
      expect(got?.toXdr("hex"), type).toBe(expected.toXdr("hex"));
      expect(entriesNow(state, changes)).toEqual(entriesTold(changes));
      const { exact, claims } = counts[type] ?? { exact: 0, claims: 0 };
      counts[type] = { exact: exact + 1, claims: claims + claimsOf(expected) };
    }
  }
  return counts;
}

function ofObject(): readonly Applied[] {
  return ledgersOf(PUBNET_OBJECT).flatMap((bytes) => {
    const meta = xdr.LedgerCloseMeta.fromXdr(bytes);
    if (meta.type !== "v1") throw new Error("not the object that this test knows");
    const { header } = meta.v1.ledgerHeader;
    const { ledgerSeq: sequence, ledgerVersion: protocol, scpValue } = header;
    const ledger = { sequence, protocol, closeTime: scpValue.closeTime };
    const submissions = new Map(
      envelopesOf(meta.v1.txSet)
        .map((envelope) => submissionOf(envelope, networkId))
        .map((submission) => [submission.hashHex, submission]),
    );
    return meta.v1.txProcessing.flatMap(({ result: pair, feeProcessing, txApplyProcessing }) => {
      const submission = submissions.get(toHex(pair.transactionHash.toBytes()));
      if (submission === undefined) throw new Error("a result without its transaction");
      return appliedOf(submission, pair.result, txApplyProcessing, feeProcessing, ledger);
    });
  });
}

const Corpus = z.object({
  records: z.array(
    z.object({ envelopeXdr: z.string(), resultXdr: z.string(), resultMetaXdr: z.string() }),
  ),
});

function ofRpc(): readonly Applied[] {
  const file = gunzipSync(readFixture("rpc/transactions.json.gz")).toString();
  const ledger = { sequence: 63_800_108, closeTime: 0n, protocol: 27 };
  return Corpus.parse(JSON.parse(file)).records.flatMap((record) => {
    const envelope = xdr.TransactionEnvelope.fromXdr(record.envelopeXdr, "base64");
    const result = xdr.TransactionResult.fromXdr(record.resultXdr, "base64");
    const meta = xdr.TransactionMeta.fromXdr(record.resultMetaXdr, "base64");
    return appliedOf(submissionOf(envelope, networkId), result, meta, [], ledger);
  });
}

function envelopesOf(set: xdr.GeneralizedTransactionSet): readonly xdr.TransactionEnvelope[] {
  return set.v1TxSet.phases.flatMap((phase) =>
    phase.type === "v0Components"
      ? phase.v0Components.flatMap(({ txsMaybeDiscountedFee }) => txsMaybeDiscountedFee.txs)
      : phase.parallelTxsComponent.executionStages.flat(2),
  );
}

/** None when it failed or ran a contract: then there is nothing to judge. */
function appliedOf(
  submission: Submission,
  result: xdr.TransactionResult,
  meta: xdr.TransactionMeta,
  fees: readonly xdr.LedgerEntryChange[],
  ledger: Applied["ledger"],
): readonly Applied[] {
  const isModelled = submission.tx.operations.every(({ body }) => ruleOf(body) !== undefined);
  if (!isModelled || resultsOf(result).length === 0) return [];
  const { txChangesBefore, operations } = detailsOf(meta);
  const changes = operations.map((each) => each.changes);
  return [
    { submission, result, ledger, before: [...fees, ...txChangesBefore], operations: changes },
  ];
}

function detailsOf(meta: xdr.TransactionMeta): xdr.TransactionMetaV3 | xdr.TransactionMetaV4 {
  if (meta.type === "v3") return meta.v3;
  if (meta.type === "v4") return meta.v4;
  throw new Error(`meta ${meta.type} is of an earlier protocol`);
}

function resultsOf({ result }: xdr.TransactionResult): readonly xdr.OperationResult[] {
  if (result.type === "txSuccess") return result.results;
  if (result.type !== "txFeeBumpInnerSuccess") return [];
  const inner = result.innerResultPair.result.result;
  return inner.type === "txSuccess" ? inner.results : [];
}

/** What was there before the first operation, as far as any of them changed it. */
function stateBefore({ before, operations, ledger }: Applied): LedgerState {
  const known = before.flatMap((change) => entryOf(change) ?? []);
  const entries = new Map(known.map((entry) => [keyOfData(entry.data), entry]));
  const met = new Set(entries.keys());
  for (const change of operations.flat()) {
    const key = keyOf(change);
    if (change.type === "ledgerEntryState" && !met.has(key)) entries.set(key, change.state);
    met.add(key);
  }
  const newOffers = operations.flat().flatMap((change) => newOfferId(change) ?? []);
  const lastId = (newOffers[0] ?? 1n) - 1n;
  const state = new LedgerState();
  state.restore({ sequence: ledger.sequence, lastId, entries });
  return state;
}

function newOfferId(change: xdr.LedgerEntryChange): bigint | undefined {
  const data = change.type === "ledgerEntryCreated" ? change.created.data : undefined;
  return data?.type === "offer" ? data.offer.offerId : undefined;
}

function contextOf(
  { submission, ledger }: Applied,
  state: LedgerState,
  { sourceAccount, body }: xdr.Operation,
  index: number,
  sponsorships: OperationContext["sponsorships"],
): OperationContext {
  const source = sourceAccount === null ? submission.source : accountOf(sourceAccount);
  for (const read of [submission.source, source, ...readBy(body)]) {
    if (readAccount(state, read) === undefined) writeAccount(state, newAccount(read, RICH, 0n));
  }
  return {
    state,
    ledger: { ...ledger, baseFee: 100n, baseReserve: 5_000_000n },
    source,
    transaction: { source: submission.source, sequence: submission.tx.seqNum },
    index,
    sponsorships,
  };
}

/** Accounts that an operation may read without changing them. */
function readBy(body: xdr.OperationBody): readonly xdr.PublicKey[] {
  switch (body.type) {
    case "payment":
      return [accountOf(body.paymentOp.destination)];
    case "pathPaymentStrictSend":
      return [accountOf(body.pathPaymentStrictSendOp.destination)];
    case "pathPaymentStrictReceive":
      return [accountOf(body.pathPaymentStrictReceiveOp.destination)];
    case "changeTrust": {
      const { line } = body.changeTrustOp;
      if (line.type === "assetTypeCreditAlphanum4") return [line.alphaNum4.issuer];
      return line.type === "assetTypeCreditAlphanum12" ? [line.alphaNum12.issuer] : [];
    }
    default:
      return [];
  }
}

function applyTo(at: OperationContext, { body }: xdr.Operation): xdr.OperationResult | undefined {
  const rule = ruleOf(body);
  if (rule === undefined) return undefined;
  return at.state.scope(() => rule.check(at.source) ?? rule.apply(at), succeeded).result;
}

function entryOf(change: xdr.LedgerEntryChange): xdr.LedgerEntry | undefined {
  return change.type === "ledgerEntryRemoved" ? undefined : change.value;
}

/** Each entry that the meta names, as XDR, after the operation; none where it is gone. */
function entriesTold(changes: readonly xdr.LedgerEntryChange[]): Record<string, string> {
  const told: Record<string, string> = {};
  for (const change of changes) {
    if (change.type === "ledgerEntryState") continue;
    const entry = entryOf(change);
    told[keyOf(change)] = entry?.toXdr("hex") ?? "none";
  }
  return told;
}

function entriesNow(
  state: LedgerState,
  changes: readonly xdr.LedgerEntryChange[],
): Record<string, string> {
  return Object.fromEntries(
    changes.map((change) => [keyOf(change), state.get(keyOf(change))?.toXdr("hex") ?? "none"]),
  );
}

function keyOf(change: xdr.LedgerEntryChange): EntryKey {
  return change.type === "ledgerEntryRemoved"
    ? entryKey(change.removed)
    : keyOfData(change.value.data);
}

/** Its trustlines were only read. */
function cameToNothing(body: xdr.OperationBody, result: xdr.OperationResult): boolean {
  const isNew =
    (body.type === "manageBuyOffer" && body.manageBuyOfferOp.offerId === 0n) ||
    (body.type === "manageSellOffer" && body.manageSellOfferOp.offerId === 0n);
  const value = result.type === "opInner" ? result.tr.value : undefined;
  const isOffer =
    value?.type === "manageBuyOfferSuccess" || value?.type === "manageSellOfferSuccess";
  const isGone = isOffer && value.success.offer.type === "manageOfferDeleted";
  return isNew && isGone && claimsOf(result) === 0;
}

function claimsOf(result: xdr.OperationResult): number {
  const value = result.type === "opInner" ? result.tr.value : undefined;
  switch (value?.type) {
    case "manageBuyOfferSuccess":
    case "manageSellOfferSuccess":
      return value.success.offersClaimed.length;
    case "pathPaymentStrictSendSuccess":
    case "pathPaymentStrictReceiveSuccess":
      return value.success.offers.length;
    default:
      return 0;
  }
}
