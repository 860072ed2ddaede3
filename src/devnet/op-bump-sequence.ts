/** bumpSequence: only ever upwards, and no error downwards. Source: BumpSequenceOpFrame.cpp. */
import { xdr } from "@stellar/stellar-sdk/base";
import { sequenceAccount } from "./account.ts";
import { readAccount } from "./entries.ts";
import type { OperationRule } from "./operation.ts";

const { BumpSequenceResult } = xdr;

const result = (value: xdr.BumpSequenceResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.bumpSequence(value));

export function bumpSequenceRule(bumpTo: bigint): OperationRule {
  return {
    threshold: "low",
    untried: result(BumpSequenceResult.bumpSequenceSuccess()),
    check: () => (bumpTo < 0n ? result(BumpSequenceResult.bumpSequenceBadSeq()) : undefined),
    apply: ({ state, ledger, source }) => {
      const account = readAccount(state, source);
      if (account === undefined) return xdr.OperationResult.opNoAccount();
      const sequence = bumpTo > account.seqNum ? bumpTo : account.seqNum;
      sequenceAccount(state, account, sequence, ledger);
      return result(BumpSequenceResult.bumpSequenceSuccess());
    },
  };
}
