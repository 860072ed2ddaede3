/**
 * Who is sponsoring whose future reserves, within one transaction.
 *
 * Only operations that succeed write here, and one that fails takes the whole transaction back; so
 * this needs no journal.
 *
 * Source  CAP-33; stellar-core, InternalLedgerEntry.h (SponsorshipEntry, SponsorshipCounterEntry).
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { accountKey, type EntryKey, sameAccount } from "./entries.ts";

export interface Sponsorships {
  sponsorOf(account: xdr.PublicKey): xdr.PublicKey | undefined;
  isSponsor(account: xdr.PublicKey): boolean;
  begin(sponsor: xdr.PublicKey, sponsored: xdr.PublicKey): void;
  end(sponsored: xdr.PublicKey): void;
  /** How many were begun and not ended: a transaction must not end with any. */
  readonly size: number;
}

export function createSponsorships(): Sponsorships {
  const sponsors = new Map<EntryKey, xdr.PublicKey>();
  return {
    sponsorOf: (account) => (sponsors.size === 0 ? undefined : sponsors.get(accountKey(account))),
    isSponsor: (account) => sponsors.values().some((sponsor) => sameAccount(sponsor, account)),
    begin: (sponsor, sponsored) => sponsors.set(accountKey(sponsored), sponsor),
    end: (sponsored) => sponsors.delete(accountKey(sponsored)),
    get size() {
      return sponsors.size;
    },
  };
}
