/** A transaction whose result is not the real one: which, and what the difference is. */
import { xdr } from "@stellar/stellar-sdk/base";
import type { ReplayedTransaction } from "../src/devnet/replay.ts";

export interface Miss {
  readonly ledger: number;
  readonly transaction: string;
  /** Place in the ledger's order of applying, from 0. */
  readonly index: number;
  /** What is different, in few words, alike for alike misses. */
  readonly kind: string;
  /** A TransactionResult as SEP-51 writes it in JSON. */
  readonly expected: unknown;
  readonly got: unknown;
}

export function missOf(ledger: number, transaction: ReplayedTransaction): Miss {
  const expected = xdr.TransactionResult.fromXdr(transaction.expected);
  const got = xdr.TransactionResult.fromXdr(transaction.got);
  return {
    ledger,
    transaction: transaction.hash,
    index: transaction.index,
    kind: kindOf(expected, got),
    expected: expected.toJson(),
    got: got.toJson(),
  };
}

function kindOf(expected: xdr.TransactionResult, got: xdr.TransactionResult): string {
  const [theirs, ours] = [codesOf(expected), codesOf(got)];
  const place = theirs.findIndex((code, index) => code !== ours[index]);
  if (place >= 0) return `${theirs[place]}, got ${ours[place] ?? "nothing"}`;
  if (ours.length > theirs.length) return `nothing more, got ${ours[theirs.length]}`;
  return expected.feeCharged === got.feeCharged ? `${theirs.at(-1)} with other details` : "the fee";
}

/** Operations first: their codes say more than that of the transaction. */
function codesOf({ result }: xdr.TransactionResult): readonly string[] {
  const isBump = result.type === "txFeeBumpInnerSuccess" || result.type === "txFeeBumpInnerFailed";
  const inner = isBump ? result.innerResultPair.result.result : result;
  const operations =
    inner.type === "txSuccess" || inner.type === "txFailed" ? inner.results.map(codeOf) : [];
  return [...operations, inner.type, result.type];
}

function codeOf(operation: xdr.OperationResult): string {
  return operation.type === "opInner" ? operation.tr.value.type : operation.type;
}
