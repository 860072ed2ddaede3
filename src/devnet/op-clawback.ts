/**
 * clawback and clawbackClaimableBalance: an issuer takes back what it issued with that reservation.
 *
 * Source  stellar-core, ClawbackOpFrame.cpp and ClawbackClaimableBalanceOpFrame.cpp; CAP-35.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { isAssetValid, isIssuer, lineAsset } from "./asset.ts";
import { accountOf, claimableBalanceKey, readClaimableBalance, readTrustline } from "./entries.ts";
import type { OperationContext, OperationRule } from "./operation.ts";
import { removeEntry } from "./sponsorship.ts";
import { addToLine, LINE_CLAWBACK_ENABLED, writeLine } from "./trustline.ts";

const { ClawbackResult: Line, ClawbackClaimableBalanceResult: Balance } = xdr;
const BALANCE_CLAWBACK_ENABLED = 1;

const onLine = (value: xdr.ClawbackResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.clawback(value));
const onBalance = (value: xdr.ClawbackClaimableBalanceResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.clawbackClaimableBalance(value));

export function clawbackRule(op: xdr.ClawbackOp): OperationRule {
  return {
    threshold: "medium",
    untried: onLine(Line.clawbackSuccess()),
    check: (source) => {
      const isOwn = isSourceItself(op.from, source);
      const isTakeable = isAssetValid(op.asset) && isIssuer(op.asset, source);
      const malformed = isOwn || op.amount < 1n || !isTakeable;
      return malformed ? onLine(Line.clawbackMalformed()) : undefined;
    },
    apply: (at) => onLine(takeFromLine(op, at)),
  };
}

export function clawbackClaimableBalanceRule(balanceId: xdr.ClaimableBalanceId): OperationRule {
  return {
    threshold: "medium",
    untried: onBalance(Balance.clawbackClaimableBalanceSuccess()),
    check: () => undefined,
    apply: (at) => onBalance(takeBalance(balanceId, at)),
  };
}

/** An address with an id is another address, and then names a line that no issuer has. */
function isSourceItself(from: xdr.MuxedAccount, source: xdr.PublicKey): boolean {
  return from.type === "keyTypeEd25519" && accountOf(from).equals(source);
}

function takeFromLine(op: xdr.ClawbackOp, { state }: OperationContext): xdr.ClawbackResult {
  const line = readTrustline(state, accountOf(op.from), lineAsset(op.asset));
  if (line === undefined) return Line.clawbackNoTrust();
  if ((line.flags & LINE_CLAWBACK_ENABLED) === 0) return Line.clawbackNotClawbackEnabled();
  const left = addToLine(line, -op.amount);
  if (left === undefined) return Line.clawbackUnderfunded();
  writeLine(state, left);
  return Line.clawbackSuccess();
}

function takeBalance(
  balanceId: xdr.ClaimableBalanceId,
  { state, source }: OperationContext,
): xdr.ClawbackClaimableBalanceResult {
  const balance = readClaimableBalance(state, balanceId);
  if (balance === undefined) return Balance.clawbackClaimableBalanceDoesNotExist();
  if (!isIssuer(balance.asset, source)) return Balance.clawbackClaimableBalanceNotIssuer();
  const flags = balance.ext.type === "v1" ? balance.ext.v1.flags : 0;
  if ((flags & BALANCE_CLAWBACK_ENABLED) === 0) {
    return Balance.clawbackClaimableBalanceNotClawbackEnabled();
  }
  removeEntry(state, source, claimableBalanceKey(balanceId));
  return Balance.clawbackClaimableBalanceSuccess();
}
