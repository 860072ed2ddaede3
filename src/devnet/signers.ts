/**
 * Signers of an account: each is a subentry, and they stand in the order of their keys.
 *
 * Source  stellar-core, SetOptionsOpFrame.cpp and TransactionUtils.cpp (findSignerByKey).
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { compareBytes } from "../lib/bytes.ts";
import { extensionOf, withSigners } from "./account.ts";
import { addSubentry, type ReserveRefusal, removeSubentry } from "./reserve.ts";

const SIGNERS_MAX = 20;

export type SignerRefusal = "tooManySigners";
export type SignerAnswer =
  | { readonly ok: true; readonly account: xdr.AccountEntry }
  | { readonly ok: false; readonly reason: SignerRefusal | ReserveRefusal };

/** Adds or changes a signer; weight 0 removes it, and removing one that is not there is fine. */
export function setSigner(
  account: xdr.AccountEntry,
  signer: xdr.Signer,
  baseReserve: bigint,
): SignerAnswer {
  if (signer.weight === 0) return { ok: true, account: removeSigner(account, signer.key) };
  const index = account.signers.findIndex(({ key }) => key.equals(signer.key));
  if (index >= 0) {
    const { signerSponsors } = extensionOf(account);
    const signers = account.signers.with(index, signer);
    return { ok: true, account: withSigners(account, signers, signerSponsors) };
  }
  if (account.signers.length >= SIGNERS_MAX) return { ok: false, reason: "tooManySigners" };
  const reserved = addSubentry(account, baseReserve);
  if (!reserved.ok) return reserved;
  return { ok: true, account: insertSigner(reserved.account, signer) };
}

export function removeSigner(account: xdr.AccountEntry, key: xdr.SignerKey): xdr.AccountEntry {
  const index = account.signers.findIndex((signer) => signer.key.equals(key));
  if (index < 0) return account;
  const { signerSponsors } = extensionOf(account);
  const signers = account.signers.toSpliced(index, 1);
  return withSigners(removeSubentry(account), signers, signerSponsors.toSpliced(index, 1));
}

function insertSigner(account: xdr.AccountEntry, signer: xdr.Signer): xdr.AccountEntry {
  const { signerSponsors } = extensionOf(account);
  const keyBytes = signer.key.toXdr();
  const after = account.signers.findIndex(({ key }) => compareBytes(key.toXdr(), keyBytes) > 0);
  const index = after < 0 ? account.signers.length : after;
  const signers = account.signers.toSpliced(index, 0, signer);
  return withSigners(account, signers, signerSponsors.toSpliced(index, 0, null));
}
