/**
 * setTrustLineFlags and allowTrust: an issuer says what a holder may do with its asset. A holder who
 * may no longer even maintain liabilities loses his offers of the asset and his pool shares.
 *
 * Source  stellar-core, SetTrustLineFlagsOpFrame.cpp, AllowTrustOpFrame.cpp and
 *         TrustFlagsOpFrameBase.cpp; CAP-18, CAP-29, CAP-35.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { isAssetValid, issuerOf, lineAsset } from "./asset.ts";
import { readAccount, readTrustline, sameAccount } from "./entries.ts";
import { AUTH_REVOCABLE } from "./flags.ts";
import { type OperationContext, type OperationRule, reserveFaults } from "./operation.ts";
import { removeOffersOf } from "./remove-offers.ts";
import {
  AUTHORIZED,
  changeLine,
  isAuthorized,
  LINE_CLAWBACK_ENABLED,
  MAINTAINS_LIABILITIES,
  maintainsLiabilities,
  writeLine,
} from "./trustline.ts";

const { SetTrustLineFlagsResult: Flags, AllowTrustResult: Allow } = xdr;
const AUTH_FLAGS = AUTHORIZED | MAINTAINS_LIABILITIES;
const LINE_FLAGS = AUTH_FLAGS | LINE_CLAWBACK_ENABLED;

const flagged = (value: xdr.SetTrustLineFlagsResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.setTrustLineFlags(value));
const allowed = (value: xdr.AllowTrustResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.allowTrust(value));

const flagFaults = reserveFaults(flagged(Flags.setTrustLineFlagsLowReserve()));
const allowFaults = reserveFaults(allowed(Allow.allowTrustLowReserve()));

export function setTrustLineFlagsRule(op: xdr.SetTrustLineFlagsOp): OperationRule {
  return {
    threshold: "low",
    untried: flagged(Flags.setTrustLineFlagsSuccess()),
    check: (source) =>
      isWellFormed(op, source) ? undefined : flagged(Flags.setTrustLineFlagsMalformed()),
    apply: (at) => setFlags(op, at),
  };
}

export function allowTrustRule(op: xdr.AllowTrustOp): OperationRule {
  return {
    threshold: "low",
    untried: allowed(Allow.allowTrustSuccess()),
    check: (source) => {
      const isKnownFlag = op.authorize <= MAINTAINS_LIABILITIES;
      const isWell = isKnownFlag && isAssetValid(assetOf(op.asset, source));
      const malformed = !isWell || sameAccount(op.trustor, source);
      return malformed ? allowed(Allow.allowTrustMalformed()) : undefined;
    },
    apply: (at) => allow(op, at),
  };
}

function isWellFormed(
  { trustor, asset, setFlags: set, clearFlags: clear }: xdr.SetTrustLineFlagsOp,
  source: xdr.PublicKey,
): boolean {
  const issuer = issuerOf(asset);
  const isIssuers = issuer !== undefined && sameAccount(issuer, source);
  return (
    isIssuers &&
    isAssetValid(asset) &&
    !sameAccount(trustor, source) &&
    (set & clear) === 0 &&
    isFlagSet(set, AUTH_FLAGS) &&
    set !== AUTH_FLAGS &&
    isFlagSet(clear, LINE_FLAGS)
  );
}

/** Flags are 32 bits unsigned: `>>> 0` undoes the sign that bit operations give them here. */
function isFlagSet(flags: number, known: number): boolean {
  return (flags & ~known) >>> 0 === 0;
}

function setFlags(op: xdr.SetTrustLineFlagsOp, at: OperationContext): xdr.OperationResult {
  const clearsAuth = (op.clearFlags & AUTH_FLAGS) !== 0;
  const authorizes = (op.setFlags & AUTHORIZED) !== 0;
  if (clearsAuth && !authorizes && !mayRevoke(at)) {
    return flagged(Flags.setTrustLineFlagsCantRevoke());
  }
  const line = readTrustline(at.state, op.trustor, lineAsset(op.asset));
  if (line === undefined) return flagged(Flags.setTrustLineFlagsNoTrustLine());
  const flags = (line.flags & ~op.clearFlags) | op.setFlags;
  if ((flags & AUTH_FLAGS) === AUTH_FLAGS) return flagged(Flags.setTrustLineFlagsInvalidState());
  return (
    changeFlags(at, { line, flags, asset: op.asset }, flagFaults) ??
    flagged(Flags.setTrustLineFlagsSuccess())
  );
}

function allow(op: xdr.AllowTrustOp, at: OperationContext): xdr.OperationResult {
  const asset = assetOf(op.asset, at.source);
  const isRevocable = mayRevoke(at);
  if (!isRevocable && op.authorize === 0) return allowed(Allow.allowTrustCantRevoke());
  const line = readTrustline(at.state, op.trustor, lineAsset(asset));
  if (line === undefined) return allowed(Allow.allowTrustNoTrustLine());
  const flags = (line.flags & ~AUTH_FLAGS) | op.authorize;
  const isLess = isAuthorized(line) && (flags & MAINTAINS_LIABILITIES) !== 0;
  if (!isRevocable && isLess) return allowed(Allow.allowTrustCantRevoke());
  return changeFlags(at, { line, flags, asset }, allowFaults) ?? allowed(Allow.allowTrustSuccess());
}

interface Change {
  readonly line: xdr.TrustLineEntry;
  readonly flags: number;
  readonly asset: xdr.Asset;
}

function changeFlags(
  at: OperationContext,
  { line, flags, asset }: Change,
  faults: ReturnType<typeof reserveFaults>,
): xdr.OperationResult | undefined {
  const losesOffers = maintainsLiabilities(line.flags) && !maintainsLiabilities(flags);
  const refusal = losesOffers ? removeOffersOf(at, line.accountId, asset) : undefined;
  if (refusal !== undefined) return faults[refusal];
  // Offers that went released what the line was bound to: it is not the one read before.
  const released = readTrustline(at.state, line.accountId, line.asset) ?? line;
  writeLine(at.state, changeLine(released, { flags }));
  return undefined;
}

function mayRevoke({ state, source }: OperationContext): boolean {
  return ((readAccount(state, source)?.flags ?? 0) & AUTH_REVOCABLE) !== 0;
}

function assetOf(code: xdr.AssetCode, issuer: xdr.PublicKey): xdr.Asset {
  return code.type === "assetTypeCreditAlphanum4"
    ? xdr.Asset.assetTypeCreditAlphanum4(new xdr.AlphaNum4({ assetCode: code.assetCode4, issuer }))
    : xdr.Asset.assetTypeCreditAlphanum12(
        new xdr.AlphaNum12({ assetCode: code.assetCode12, issuer }),
      );
}
