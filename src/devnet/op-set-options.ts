/** setOptions. Source: stellar-core, SetOptionsOpFrame.cpp. */
import { xdr } from "@stellar/stellar-sdk/base";
import { changeAccount, writeAccount } from "./account.ts";
import { readAccount, sameAccount } from "./entries.ts";
import { ACCOUNT_FLAGS, AUTH_CLAWBACK_ENABLED, AUTH_IMMUTABLE, AUTH_REVOCABLE } from "./flags.ts";
import { type OperationContext, type OperationRule, reserveFaults } from "./operation.ts";
import { type SignerRefusal, setSigner } from "./signers.ts";
import { isLedgerText } from "./text.ts";

const { SetOptionsResult } = xdr;
const WEIGHT_MAX = 255;

const result = (value: xdr.SetOptionsResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.setOptions(value));

const signerFaults: Readonly<Record<SignerRefusal, xdr.OperationResult>> = {
  ...reserveFaults(result(SetOptionsResult.setOptionsLowReserve())),
  tooManySigners: result(SetOptionsResult.setOptionsTooManySigners()),
};

export function setOptionsRule(op: xdr.SetOptionsOp): OperationRule {
  const weights = [op.masterWeight, op.lowThreshold, op.medThreshold, op.highThreshold];
  const touchesAuthority = op.signer !== null || weights.some((weight) => weight !== null);
  return {
    threshold: touchesAuthority ? "high" : "medium",
    untried: result(SetOptionsResult.setOptionsSuccess()),
    check: (source) => {
      const fault = checkFlags(op) ?? checkWeights(weights) ?? checkRest(op, source);
      return fault === undefined ? undefined : result(fault);
    },
    apply: (at) => apply(op, at),
  };
}

function checkFlags({ setFlags, clearFlags }: xdr.SetOptionsOp): xdr.SetOptionsResult | undefined {
  const set = setFlags ?? 0;
  const clear = clearFlags ?? 0;
  // Flags are 32 bits unsigned: `>>> 0` undoes the sign that bit operations give them here.
  if (((set | clear) & ~ACCOUNT_FLAGS) >>> 0 !== 0) return SetOptionsResult.setOptionsUnknownFlag();
  return (set & clear) === 0 ? undefined : SetOptionsResult.setOptionsBadFlags();
}

function checkWeights(weights: readonly (number | null)[]): xdr.SetOptionsResult | undefined {
  const isOutOfRange = weights.some((weight) => weight !== null && weight > WEIGHT_MAX);
  return isOutOfRange ? SetOptionsResult.setOptionsThresholdOutOfRange() : undefined;
}

function checkRest(
  { signer, homeDomain }: xdr.SetOptionsOp,
  source: xdr.PublicKey,
): xdr.SetOptionsResult | undefined {
  if (signer !== null && !isSignerValid(signer, source)) {
    return SetOptionsResult.setOptionsBadSigner();
  }
  if (homeDomain !== null && !isLedgerText(homeDomain)) {
    return SetOptionsResult.setOptionsInvalidHomeDomain();
  }
  return undefined;
}

function isSignerValid({ key, weight }: xdr.Signer, source: xdr.PublicKey): boolean {
  if (weight > WEIGHT_MAX) return false;
  if (key.type === "signerKeyTypeEd25519SignedPayload") {
    return key.ed25519SignedPayload.payload.length > 0;
  }
  if (key.type !== "signerKeyTypeEd25519") return true;
  return !sameAccount(xdr.PublicKey.publicKeyTypeEd25519(key.ed25519), source);
}

function apply(op: xdr.SetOptionsOp, at: OperationContext): xdr.OperationResult {
  const { state, source } = at;
  const account = readAccount(state, source);
  if (account === undefined) return xdr.OperationResult.opNoAccount();

  const isHeir = op.inflationDest !== null && !sameAccount(op.inflationDest, source);
  if (isHeir && op.inflationDest !== null && readAccount(state, op.inflationDest) === undefined) {
    return result(SetOptionsResult.setOptionsInvalidInflation());
  }
  const flags = changeFlags(account.flags, op);
  if (typeof flags !== "number") return result(flags);

  const changed = changeAccount(account, {
    flags,
    inflationDest: op.inflationDest ?? account.inflationDest,
    homeDomain: op.homeDomain ?? account.homeDomain,
    thresholds: changeThresholds(account.thresholds.toBytes(), op),
  });
  writeAccount(state, changed);
  const refusal = op.signer === null ? undefined : setSigner(at, source, op.signer);
  if (refusal !== undefined) return signerFaults[refusal];
  return result(SetOptionsResult.setOptionsSuccess());
}

function changeFlags(
  flags: number,
  { setFlags, clearFlags }: xdr.SetOptionsOp,
): number | xdr.SetOptionsResult {
  const set = setFlags ?? 0;
  const clear = clearFlags ?? 0;
  // Clearing comes first, and an account that this very operation makes immutable may still set.
  if ((set | clear) !== 0 && (flags & AUTH_IMMUTABLE) !== 0) {
    return SetOptionsResult.setOptionsCantChange();
  }
  const changed = (flags & ~clear) | set;
  const isTouched = setFlags !== null || clearFlags !== null;
  const lacksRevocable =
    (changed & AUTH_CLAWBACK_ENABLED) !== 0 && (changed & AUTH_REVOCABLE) === 0;
  return isTouched && lacksRevocable ? SetOptionsResult.setOptionsAuthRevocableRequired() : changed;
}

function changeThresholds(thresholds: Uint8Array, op: xdr.SetOptionsOp): Uint8Array {
  const [master = 0, low = 0, medium = 0, high = 0] = thresholds;
  return Uint8Array.of(
    op.masterWeight ?? master,
    op.lowThreshold ?? low,
    op.medThreshold ?? medium,
    op.highThreshold ?? high,
  );
}
