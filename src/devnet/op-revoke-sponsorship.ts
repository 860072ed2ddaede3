/**
 * revokeSponsorship: the reserve of an entry or a signer goes to another account, or back to the one
 * it belongs to.
 *
 * Who pays from now on is whoever sponsors the source at this moment. When that is nobody, or the
 * owner himself, the owner pays. Only who pays so far may hand it on.
 *
 * Source  stellar-core, RevokeSponsorshipOpFrame.cpp; CAP-33.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { invariant } from "../lib/invariant.ts";
import { extendAccount, extensionOf, writeAccount } from "./account.ts";
import { isAssetValid, isIssuer } from "./asset.ts";
import { entryKey, readAccount, sameAccount } from "./entries.ts";
import { type OperationContext, type OperationRule, reserveFaults } from "./operation.ts";
import {
  countSponsored,
  countSponsoring,
  type ReserveRefusal,
  refuseReserve,
  reserveWeight,
  sponsoredBy,
  sponsorOfEntry,
} from "./sponsorship.ts";
import { isLedgerText } from "./text.ts";

const { RevokeSponsorshipResult: Result } = xdr;

const result = (value: xdr.RevokeSponsorshipResult): xdr.OperationResult =>
  xdr.OperationResult.opInner(xdr.OperationResultTr.revokeSponsorship(value));

const faults = reserveFaults(result(Result.revokeSponsorshipLowReserve()));

/** One reserve changing hands; undefined stands for the owner paying himself. */
interface Handover {
  readonly owner: xdr.PublicKey;
  /** Claimable balances are nobody's: no account is counted as sponsored for them. */
  readonly isOwned: boolean;
  readonly weight: number;
  readonly from: xdr.PublicKey | undefined;
  readonly to: xdr.PublicKey | undefined;
}

export function revokeSponsorshipRule(op: xdr.RevokeSponsorshipOp): OperationRule {
  return {
    threshold: "medium",
    untried: result(Result.revokeSponsorshipSuccess()),
    check: () => {
      const malformed = op.type === "revokeSponsorshipLedgerEntry" && !canBeSponsored(op.ledgerKey);
      return malformed ? result(Result.revokeSponsorshipMalformed()) : undefined;
    },
    apply: (at) =>
      op.type === "revokeSponsorshipLedgerEntry"
        ? revokeEntry(op.ledgerKey, at)
        : revokeSigner(op.signer, at),
  };
}

function canBeSponsored(key: xdr.LedgerKey): boolean {
  switch (key.type) {
    case "account":
    case "claimableBalance":
      return true;
    case "trustline": {
      const { accountId, asset } = key.trustLine;
      if (asset.type === "assetTypePoolShare") return true;
      return asset.type !== "assetTypeNative" && isAssetValid(asset) && !isIssuer(asset, accountId);
    }
    case "offer":
      return key.offer.offerId > 0n;
    case "data":
      return key.data.dataName.length > 0 && isLedgerText(key.data.dataName);
    default:
      return false;
  }
}

function revokeEntry(ledgerKey: xdr.LedgerKey, at: OperationContext): xdr.OperationResult {
  const key = entryKey(ledgerKey);
  const entry = at.state.get(key);
  if (entry === undefined) return result(Result.revokeSponsorshipDoesNotExist());
  const from = sponsorOfEntry(entry);
  const owner = ownerOf(entry.data) ?? from;
  invariant(owner !== undefined, "a claimable balance is always sponsored");
  if (!sameAccount(from ?? owner, at.source)) return result(Result.revokeSponsorshipNotSponsor());

  const isOwned = entry.data.type !== "claimableBalance";
  const to = nextSponsor(at, owner);
  if (to === undefined && !isOwned) return result(Result.revokeSponsorshipOnlyTransferable());
  const refusal = handOver(at, { owner, isOwned, weight: reserveWeight(entry.data), from, to });
  if (refusal !== undefined) return faults[refusal];
  if (from === undefined && to === undefined) return result(Result.revokeSponsorshipSuccess());
  // An account carries its own counters, which were written just now.
  const { data } = at.state.get(key) ?? entry;
  at.state.write(data, sponsoredBy(to ?? null));
  return result(Result.revokeSponsorshipSuccess());
}

function revokeSigner(
  { accountId, signerKey }: xdr.RevokeSponsorshipOpSigner,
  at: OperationContext,
): xdr.OperationResult {
  const account = readAccount(at.state, accountId);
  const index = account?.signers.findIndex(({ key }) => key.equals(signerKey)) ?? -1;
  if (account === undefined || index < 0) return result(Result.revokeSponsorshipDoesNotExist());
  const from = extensionOf(account).signerSponsors[index] ?? undefined;
  if (!sameAccount(from ?? accountId, at.source)) {
    return result(Result.revokeSponsorshipNotSponsor());
  }

  const to = nextSponsor(at, accountId);
  const refusal = handOver(at, { owner: accountId, isOwned: true, weight: 1, from, to });
  if (refusal !== undefined) return faults[refusal];
  const counted = readAccount(at.state, accountId) ?? account;
  if (from !== undefined || to !== undefined) {
    const signerSponsors = extensionOf(counted).signerSponsors.with(index, to ?? null);
    writeAccount(at.state, extendAccount(counted, { signerSponsors }));
  }
  return result(Result.revokeSponsorshipSuccess());
}

function handOver(
  at: OperationContext,
  { owner, isOwned, weight, from, to }: Handover,
): ReserveRefusal | undefined {
  const { state, ledger } = at;
  if (from === undefined && to === undefined) return undefined;
  const payer = readAccount(state, to ?? owner);
  invariant(payer !== undefined, "the owner and the sponsor of a reserve are there");
  const refusal = refuseReserve(payer, weight, ledger.baseReserve, to !== undefined);
  if (refusal !== undefined) return refusal;

  if (from !== undefined) countSponsoring(state, from, -weight);
  if (to !== undefined) countSponsoring(state, to, weight);
  if (isOwned && from === undefined) countSponsored(state, owner, weight);
  if (isOwned && to === undefined) countSponsored(state, owner, -weight);
  return undefined;
}

function nextSponsor(at: OperationContext, owner: xdr.PublicKey): xdr.PublicKey | undefined {
  const sponsor = at.sponsorships.sponsorOf(at.source);
  return sponsor === undefined || sameAccount(sponsor, owner) ? undefined : sponsor;
}

function ownerOf(data: xdr.LedgerEntryData): xdr.PublicKey | undefined {
  switch (data.type) {
    case "account":
      return data.account.accountId;
    case "trustline":
      return data.trustLine.accountId;
    case "offer":
      return data.offer.sellerId;
    case "data":
      return data.data.accountId;
    default:
      return undefined;
  }
}
