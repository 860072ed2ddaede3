/**
 * Signers of an account: each is a subentry, and they stand in the order of their keys.
 *
 * Source  stellar-core, SetOptionsOpFrame.cpp and TransactionUtils.cpp (findSignerByKey).
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { compareBytes } from "../lib/bytes.ts";
import { invariant } from "../lib/invariant.ts";
import { extensionOf, withSigners, writeAccount } from "./account.ts";
import { readAccount } from "./entries.ts";
import {
  type ReserveRefusal,
  type Reserving,
  releaseSigner,
  reserveSigner,
} from "./sponsorship.ts";
import type { LedgerState } from "./state.ts";

const SIGNERS_MAX = 20;

export type SignerRefusal = "tooManySigners" | ReserveRefusal;

/** Adds or changes a signer; weight 0 removes it, and removing one that is not there is fine. */
export function setSigner(
  at: Reserving,
  owner: xdr.PublicKey,
  signer: xdr.Signer,
): SignerRefusal | undefined {
  if (signer.weight === 0) {
    removeSigner(at.state, owner, signer.key);
    return undefined;
  }
  const account = mustRead(at.state, owner);
  const index = indexOf(account, signer.key);
  if (index >= 0) {
    const signers = account.signers.with(index, signer);
    writeAccount(at.state, withSigners(account, signers, extensionOf(account).signerSponsors));
    return undefined;
  }
  if (account.signers.length >= SIGNERS_MAX) return "tooManySigners";
  const reserved = reserveSigner(at, owner);
  if (!reserved.ok) return reserved.reason;
  insertSigner(at.state, owner, signer, reserved.sponsor ?? null);
  return undefined;
}

export function removeSigner(state: LedgerState, owner: xdr.PublicKey, key: xdr.SignerKey): void {
  const account = readAccount(state, owner);
  if (account === undefined) return;
  const index = indexOf(account, key);
  if (index < 0) return;
  const { signerSponsors } = extensionOf(account);
  const signers = account.signers.toSpliced(index, 1);
  // The counters come first: they are written to the account as the state has it.
  releaseSigner(state, owner, signerSponsors[index] ?? null);
  const released = mustRead(state, owner);
  writeAccount(state, withSigners(released, signers, signerSponsors.toSpliced(index, 1)));
}

function insertSigner(
  state: LedgerState,
  owner: xdr.PublicKey,
  signer: xdr.Signer,
  sponsor: xdr.PublicKey | null,
): void {
  const account = mustRead(state, owner);
  const { signerSponsors } = extensionOf(account);
  const keyBytes = signer.key.toXdr();
  const after = account.signers.findIndex(({ key }) => compareBytes(key.toXdr(), keyBytes) > 0);
  const index = after < 0 ? account.signers.length : after;
  const signers = account.signers.toSpliced(index, 0, signer);
  writeAccount(state, withSigners(account, signers, signerSponsors.toSpliced(index, 0, sponsor)));
}

function indexOf(account: xdr.AccountEntry, sought: xdr.SignerKey): number {
  return account.signers.findIndex(({ key }) => key.type === sought.type && key.equals(sought));
}

function mustRead(state: LedgerState, owner: xdr.PublicKey): xdr.AccountEntry {
  const account = readAccount(state, owner);
  invariant(account !== undefined, "whoever changes its signers is there");
  return account;
}
