/**
 * Sponsorship: who pays the reserve of an entry or a signer, and the counters that say so.
 *
 * Every entry but a pool takes its reserve when it is made: from the account it belongs to, or, for
 * an account that another one is sponsoring right now, from that one. The entry remembers its
 * sponsor, so that removing it gives the reserve back to the right account.
 *
 * Flow    `createEntry` and `removeEntry` write the entry and all accounts involved. A refusal may
 *         come after a write, so it must end the operation: its scope takes the writes back.
 * Source  stellar-core, SponsorshipUtils.cpp; CAP-33.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { invariant } from "../lib/invariant.ts";
import { changeAccount, extendAccount, extensionOf, writeAccount } from "./account.ts";
import { type EntryKey, readAccount } from "./entries.ts";
import type { LedgerRules } from "./operation.ts";
import { availableBalance, minimumBalance } from "./reserve.ts";
import type { Sponsorships } from "./sponsorships.ts";
import type { LedgerState } from "./state.ts";

export type ReserveRefusal = "lowReserve" | "tooManySubentries" | "tooManySponsoring";

/** What is needed of an operation's context. */
export interface Reserving {
  readonly state: LedgerState;
  readonly ledger: Pick<LedgerRules, "baseReserve">;
  readonly sponsorships: Sponsorships;
}

const SUBENTRIES_MAX = 1_000;
const COUNT_MAX = 2 ** 32 - 1;
const ACCOUNT_WEIGHT = 2;
const POOL_SHARE_WEIGHT = 2;

/** How many base reserves an entry holds. */
export function reserveWeight(data: xdr.LedgerEntryData): number {
  switch (data.type) {
    case "account":
      return ACCOUNT_WEIGHT;
    case "trustline":
      return data.trustLine.asset.type === "assetTypePoolShare" ? POOL_SHARE_WEIGHT : 1;
    case "offer":
    case "data":
      return 1;
    case "claimableBalance":
      return data.claimableBalance.claimants.length;
    default:
      throw new Error(`Broken invariant: an entry of kind ${data.type} holds no reserve`);
  }
}

/**
 * Writes a new entry and takes its reserve. `owner` is whom it belongs to, for an account itself and
 * for a claimable balance whoever pays unless sponsored.
 */
export function createEntry(
  at: Reserving,
  owner: xdr.PublicKey,
  data: xdr.LedgerEntryData,
): ReserveRefusal | undefined {
  const weight = reserveWeight(data);
  const isOwned = data.type !== "claimableBalance";
  const sponsor = at.sponsorships.sponsorOf(owner) ?? (isOwned ? undefined : owner);
  if (data.type === "account") return createAccount(at, data.account, sponsor);

  const isSubentryRefused = isOwned && hasTooManySubentries(at.state, owner, weight);
  if (isSubentryRefused) return "tooManySubentries";
  const payer = mustRead(at.state, sponsor ?? owner);
  const refusal = refuseReserve(payer, weight, at.ledger.baseReserve, sponsor !== undefined);
  if (refusal !== undefined) return refusal;

  if (isOwned) countSubentries(at.state, owner, weight);
  if (sponsor !== undefined) countSponsoring(at.state, sponsor, weight);
  if (sponsor !== undefined && isOwned) countSponsored(at.state, owner, weight);
  at.state.write(data, sponsor === undefined ? undefined : sponsoredBy(sponsor));
  return undefined;
}

/** Removes an entry and gives its reserve back to whoever pays it. */
export function removeEntry(state: LedgerState, owner: xdr.PublicKey, key: EntryKey): void {
  const entry = state.get(key);
  invariant(entry !== undefined, "only an entry that is there is removed");
  const { data } = entry;
  const weight = reserveWeight(data);
  const isSubentry = data.type !== "claimableBalance" && data.type !== "account";
  const sponsor = sponsorOfEntry(entry);
  if (isSubentry) countSubentries(state, owner, -weight);
  if (sponsor !== undefined) {
    countSponsoring(state, sponsor, -weight);
    if (isSubentry) countSponsored(state, owner, -weight);
  }
  state.remove(key);
}

/** Takes the reserve of a signer that `owner` is about to get; its sponsor when it has one. */
export function reserveSigner(
  at: Reserving,
  owner: xdr.PublicKey,
):
  | { readonly ok: true; readonly sponsor: xdr.PublicKey | undefined }
  | { readonly ok: false; readonly reason: ReserveRefusal } {
  const sponsor = at.sponsorships.sponsorOf(owner);
  if (hasTooManySubentries(at.state, owner, 1)) return { ok: false, reason: "tooManySubentries" };
  const payer = mustRead(at.state, sponsor ?? owner);
  const reason = refuseReserve(payer, 1, at.ledger.baseReserve, sponsor !== undefined);
  if (reason !== undefined) return { ok: false, reason };
  countSubentries(at.state, owner, 1);
  if (sponsor !== undefined) {
    countSponsoring(at.state, sponsor, 1);
    countSponsored(at.state, owner, 1);
  }
  return { ok: true, sponsor };
}

/** Gives back the reserve of a signer that `owner` is about to lose. */
export function releaseSigner(
  state: LedgerState,
  owner: xdr.PublicKey,
  sponsor: xdr.PublicKey | null,
): void {
  countSubentries(state, owner, -1);
  if (sponsor === null) return;
  countSponsoring(state, sponsor, -1);
  countSponsored(state, owner, -1);
}

/** Why `payer` cannot take `weight` more base reserves upon itself. */
export function refuseReserve(
  payer: xdr.AccountEntry,
  weight: number,
  baseReserve: bigint,
  isSponsor: boolean,
): ReserveRefusal | undefined {
  if (availableBalance(payer, baseReserve) < BigInt(weight) * baseReserve) return "lowReserve";
  const { numSponsoring } = extensionOf(payer);
  const isFull = numSponsoring + payer.numSubEntries + weight > COUNT_MAX;
  return isSponsor && isFull ? "tooManySponsoring" : undefined;
}

export function countSponsoring(state: LedgerState, id: xdr.PublicKey, more: number): void {
  const account = mustRead(state, id);
  const numSponsoring = extensionOf(account).numSponsoring + more;
  invariant(numSponsoring >= 0, "what is no longer sponsored was counted before");
  writeAccount(state, extendAccount(account, { numSponsoring }));
}

export function countSponsored(state: LedgerState, id: xdr.PublicKey, more: number): void {
  const account = mustRead(state, id);
  const numSponsored = extensionOf(account).numSponsored + more;
  invariant(numSponsored >= 0, "what is no longer sponsored was counted before");
  writeAccount(state, extendAccount(account, { numSponsored }));
}

export function sponsorOfEntry({ ext }: xdr.LedgerEntry): xdr.PublicKey | undefined {
  return ext.type === "v1" ? (ext.v1.sponsoringId ?? undefined) : undefined;
}

/** The extension of an entry whose reserve `sponsor` pays; null after a sponsor let go of it. */
export function sponsoredBy(sponsoringId: xdr.PublicKey | null): xdr.LedgerEntryExt {
  return xdr.LedgerEntryExt.v1(
    new xdr.LedgerEntryExtensionV1({ sponsoringId, ext: xdr.LedgerEntryExtensionV1Ext.v0() }),
  );
}

function createAccount(
  { state, ledger }: Reserving,
  account: xdr.AccountEntry,
  sponsor: xdr.PublicKey | undefined,
): ReserveRefusal | undefined {
  if (sponsor === undefined) {
    if (account.balance < minimumBalance(account, ledger.baseReserve)) return "lowReserve";
    writeAccount(state, account);
    return undefined;
  }
  const payer = mustRead(state, sponsor);
  const refusal = refuseReserve(payer, ACCOUNT_WEIGHT, ledger.baseReserve, true);
  if (refusal !== undefined) return refusal;
  countSponsoring(state, sponsor, ACCOUNT_WEIGHT);
  const sponsored = extendAccount(account, { numSponsored: ACCOUNT_WEIGHT });
  state.write(xdr.LedgerEntryData.account(sponsored), sponsoredBy(sponsor));
  return undefined;
}

function hasTooManySubentries(state: LedgerState, owner: xdr.PublicKey, weight: number): boolean {
  const account = mustRead(state, owner);
  const { numSponsoring } = extensionOf(account);
  return (
    account.numSubEntries + weight > SUBENTRIES_MAX ||
    numSponsoring + account.numSubEntries + weight > COUNT_MAX
  );
}

function countSubentries(state: LedgerState, owner: xdr.PublicKey, more: number): void {
  const account = mustRead(state, owner);
  const numSubEntries = account.numSubEntries + more;
  invariant(numSubEntries >= 0, "what is removed was counted before");
  writeAccount(state, changeAccount(account, { numSubEntries }));
}

function mustRead(state: LedgerState, id: xdr.PublicKey): xdr.AccountEntry {
  const account = readAccount(state, id);
  invariant(account !== undefined, "who owns or sponsors an entry is there as long as it is");
  return account;
}
