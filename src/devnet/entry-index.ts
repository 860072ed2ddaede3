/**
 * What the rules must find without knowing its key: the best offer of a pair, the offers of an
 * account, and its pool shares. It follows every change of the state, also those taken back.
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import type { EntryKey } from "./entries.ts";
import { OrderBook } from "./order-book.ts";

export class EntryIndex {
  readonly book = new OrderBook();
  readonly #offers = new OwnedKeys();
  readonly #poolShares = new OwnedKeys();

  /** The keys of the account's offers, in the order of the ledger. */
  offersOf(account: xdr.PublicKey): readonly EntryKey[] {
    return this.#offers.of(account);
  }

  /** The keys of the account's pool-share lines, in the order of the ledger. */
  poolSharesOf(account: xdr.PublicKey): readonly EntryKey[] {
    return this.#poolShares.of(account);
  }

  replace(
    key: EntryKey,
    before: xdr.LedgerEntry | undefined,
    after: xdr.LedgerEntry | undefined,
  ): void {
    const [was, is] = [before?.data, after?.data];
    if (was?.type === "offer" || is?.type === "offer") {
      this.#replaceOffer(key, was, is);
    } else if (isPoolShare(is)) {
      this.#poolShares.add(is.trustLine.accountId, key);
    } else if (isPoolShare(was)) {
      this.#poolShares.remove(was.trustLine.accountId, key);
    }
  }

  #replaceOffer(
    key: EntryKey,
    was: xdr.LedgerEntryData | undefined,
    is: xdr.LedgerEntryData | undefined,
  ): void {
    const old = listedOffer(was);
    const young = listedOffer(is);
    if (old !== undefined && young !== undefined && isListedAlike(old, young)) return;
    if (old !== undefined) {
      this.book.remove(key, old);
      this.#offers.remove(old.sellerId, key);
    }
    if (young !== undefined) {
      this.book.add(key, young);
      this.#offers.add(young.sellerId, key);
    }
  }
}

class OwnedKeys {
  readonly #keys = new Map<string, Set<EntryKey>>();

  of(owner: xdr.PublicKey): readonly EntryKey[] {
    return [...(this.#keys.get(nameOf(owner)) ?? [])].sort();
  }

  add(owner: xdr.PublicKey, key: EntryKey): void {
    const name = nameOf(owner);
    const keys = this.#keys.get(name);
    if (keys === undefined) this.#keys.set(name, new Set([key]));
    else keys.add(key);
  }

  remove(owner: xdr.PublicKey, key: EntryKey): void {
    const name = nameOf(owner);
    const keys = this.#keys.get(name);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(name);
  }
}

function isPoolShare(
  data: xdr.LedgerEntryData | undefined,
): data is Extract<xdr.LedgerEntryData, { readonly type: "trustline" }> {
  return data?.type === "trustline" && data.trustLine.asset.type === "assetTypePoolShare";
}

/** An offer of nothing is one that is just being made or changed: it is not in the book yet. */
function listedOffer(data: xdr.LedgerEntryData | undefined): xdr.OfferEntry | undefined {
  return data?.type === "offer" && data.offer.amount > 0n ? data.offer : undefined;
}

/** An offer that was only filled in part keeps its place: these values are then the same ones. */
function isListedAlike(left: xdr.OfferEntry, right: xdr.OfferEntry): boolean {
  return (
    left.price === right.price && left.selling === right.selling && left.buying === right.buying
  );
}

function nameOf(account: xdr.PublicKey): string {
  return Buffer.from(account.ed25519.toBytes()).toString("latin1");
}
