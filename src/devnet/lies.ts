/**
 * Lies about one ledger, each a ledger that a careless reader would take.
 *
 * Two kinds. Altered ledgers keep their header's hash, so something in them does not fit it. Forged
 * ones fit in every hash, but hold other content or hang on another chain, and are signed by
 * validators that nobody configured, because a liar has no one else's keys.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { sha256 } from "../lib/hash.ts";
import { signValue, type Validator } from "./consensus.ts";
import {
  type Applied,
  assembleLedger,
  type Closed,
  type DevnetLedger,
  joinApplied,
  ledgerFrom,
  readMeta,
  type Tip,
} from "./devnet-ledger.ts";
import { signedValue } from "./header.ts";
import { applyOrder, buildTransactionSet } from "./tx-set.ts";

export type Alteration =
  | "altered-header"
  | "altered-tx"
  | "altered-result"
  | "dropped-tx"
  | "hidden";

export interface Forgery {
  readonly networkId: Uint8Array;
  readonly signer: Validator;
  /** The ledger that the forged one follows. */
  readonly previous: Tip;
  /** True to leave out its last transaction, or else to move its close time. */
  readonly changesContent: boolean;
}

/** A lie about transactions needs some. */
export function isAlterable({ transactions }: DevnetLedger, how: Alteration): boolean {
  return how === "altered-header" || transactions.length > 0;
}

/** The ledger itself where there is nothing to alter. */
export function altered(
  ledger: DevnetLedger,
  how: Alteration,
  networkId: Uint8Array,
): DevnetLedger {
  if (!isAlterable(ledger, how)) return ledger;
  const meta = readMeta(ledger.meta);
  const changed = alter(meta, how, joinApplied(meta.txSet, meta.txProcessing, networkId));
  const bytes = Uint8Array.from(xdr.LedgerCloseMeta.v2(changed.meta).toXdr());
  return ledgerFrom(changed.meta.ledgerHeader, bytes, changed.applied);
}

/** A ledger whose hashes all hold. */
export function forged(ledger: DevnetLedger, forgery: Forgery): Closed {
  const { networkId, signer, previous, changesContent } = forgery;
  const meta = readMeta(ledger.meta);
  const { header } = meta.ledgerHeader;
  const known = joinApplied(meta.txSet, meta.txProcessing, networkId);
  const kept = changesContent ? known.slice(0, -1) : known;
  const isMoved = changesContent && known.length === 0;
  const set = buildTransactionSet(
    previous.hash,
    kept.map(({ submission }) => submission),
    baseFeeOf(meta.txSet) ?? BigInt(previous.header.baseFee),
    false,
  );
  const applied = inOrder(kept, set.hash);
  const closeTime = header.scpValue.closeTime + (isMoved ? 1n : 0n);
  const signature = signValue(networkId, signer, { setHash: set.hash, closeTime });
  const upgrades = header.scpValue.upgrades.map((each) =>
    xdr.LedgerUpgrade.fromXdr(each.toBytes()),
  );
  return assembleLedger({
    header: new xdr.LedgerHeader({
      ...header,
      previousLedgerHash: previous.hash,
      scpValue: signedValue({ closeTime, setHash: set.hash, signature, upgrades }),
      txSetResultHash: resultHash(applied),
      feePool: previous.header.feePool + feesOf(applied),
    }),
    set: set.value,
    applied,
    upgrades,
  });
}

interface Altered {
  readonly meta: xdr.LedgerCloseMetaV2;
  readonly applied: readonly Applied[];
}

function alter(meta: xdr.LedgerCloseMetaV2, how: Alteration, applied: readonly Applied[]): Altered {
  switch (how) {
    case "altered-header": {
      const { hash, header, ext } = meta.ledgerHeader;
      const feePool = header.feePool + 1n;
      const other = new xdr.LedgerHeader({ ...header, feePool });
      const ledgerHeader = new xdr.LedgerHeaderHistoryEntry({ hash, header: other, ext });
      return { meta: new xdr.LedgerCloseMetaV2({ ...meta, ledgerHeader }), applied };
    }
    case "altered-result": {
      const [first, ...rest] = applied;
      return first === undefined
        ? { meta, applied }
        : withApplied(meta, [overcharged(first), ...rest], meta.txSet);
    }
    case "altered-tx":
      return withApplied(meta, applied, withEnvelopes(meta.txSet, withOtherMemo));
    case "dropped-tx":
      return withApplied(meta, applied.slice(1), withEnvelopes(meta.txSet, without(applied[0])));
    case "hidden":
      return withApplied(
        meta,
        [],
        withEnvelopes(meta.txSet, () => []),
      );
  }
}

function withApplied(
  meta: xdr.LedgerCloseMetaV2,
  applied: readonly Applied[],
  txSet: xdr.GeneralizedTransactionSet,
): Altered {
  const txProcessing = applied.map(({ processing }) => processing);
  return { meta: new xdr.LedgerCloseMetaV2({ ...meta, txSet, txProcessing }), applied };
}

function overcharged({ submission, processing }: Applied): Applied {
  const { transactionHash, result: was } = processing.result;
  const feeCharged = was.feeCharged + 1n;
  const result = new xdr.TransactionResult({ ...was, feeCharged });
  const pair = new xdr.TransactionResultPair({ transactionHash, result });
  return {
    submission,
    processing: new xdr.TransactionResultMetaV1({ ...processing, result: pair }),
  };
}

type EnvelopeChange = (envelope: xdr.TransactionEnvelope) => readonly xdr.TransactionEnvelope[];

function withEnvelopes(
  set: xdr.GeneralizedTransactionSet,
  change: EnvelopeChange,
): xdr.GeneralizedTransactionSet {
  const { previousLedgerHash, phases } = set.v1TxSet;
  return xdr.GeneralizedTransactionSet.v1TxSet(
    new xdr.TransactionSetV1({
      previousLedgerHash,
      phases: phases.map((phase) => {
        if (phase.type !== "v0Components") return phase;
        const components = phase.v0Components.flatMap((each) => withTransactions(each, change));
        return xdr.TransactionPhase.v0Components(components);
      }),
    }),
  );
}

/** A component without transactions is no component. */
function withTransactions(
  { txsMaybeDiscountedFee }: xdr.TxSetComponent,
  change: EnvelopeChange,
): readonly xdr.TxSetComponent[] {
  const { baseFee, txs: were } = txsMaybeDiscountedFee;
  const txs = were.flatMap(change);
  if (txs.length === 0) return [];
  const component = new xdr.TxSetComponentTxsMaybeDiscountedFee({ baseFee, txs });
  return [xdr.TxSetComponent.txsetCompTxsMaybeDiscountedFee(component)];
}

function withOtherMemo(envelope: xdr.TransactionEnvelope): readonly xdr.TransactionEnvelope[] {
  if (envelope.type !== "envelopeTypeTx") return [];
  const { tx, signatures } = envelope.v1;
  const other = new xdr.Transaction({ ...tx, memo: xdr.Memo.memoId(13n) });
  const v1 = new xdr.TransactionV1Envelope({ tx: other, signatures });
  return [xdr.TransactionEnvelope.envelopeTypeTx(v1)];
}

function without(dropped: Applied | undefined): EnvelopeChange {
  const text = dropped?.submission.envelope.toXdr("base64");
  return (envelope) => (envelope.toXdr("base64") === text ? [] : [envelope]);
}

function baseFeeOf(set: xdr.GeneralizedTransactionSet): bigint | undefined {
  const [first] = set.v1TxSet.phases.flatMap((phase) =>
    phase.type === "v0Components" ? phase.v0Components : [],
  );
  return first?.txsMaybeDiscountedFee.baseFee ?? undefined;
}

function inOrder(applied: readonly Applied[], setHash: Uint8Array): readonly Applied[] {
  const bySubmission = new Map(applied.map((each) => [each.submission, each]));
  const submissions = applied.map(({ submission }) => submission);
  return applyOrder(submissions, setHash).flatMap((each) => bySubmission.get(each) ?? []);
}

function resultHash(applied: readonly Applied[]): Uint8Array {
  const results = applied.map(({ processing }) => processing.result);
  return sha256(new xdr.TransactionResultSet({ results }).toXdr());
}

function feesOf(applied: readonly Applied[]): bigint {
  return applied.reduce((sum, { processing }) => sum + processing.result.result.feeCharged, 0n);
}
