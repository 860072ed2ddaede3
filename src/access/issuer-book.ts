/**
 * The issuer set that one process goes by, and how fresh it is.
 *
 * A node that follows the network reads the set from state with each ledger. One that does not goes by
 * what issuers have signed, and admits nobody once the last of it is too old.
 *
 * Units   Unix seconds.
 * Range   `ISSUERS_MAX_AGE_S` without news.
 */
import { type IssuerEntry, type IssuerSet, makeIssuerSet, staleIssuerSet } from "./issuer-set.ts";

export const ISSUERS_MAX_AGE_S = 7 * 86_400;

export class IssuerBook {
  #set: IssuerSet;
  #stale: IssuerSet | undefined;
  #known: string;
  #heardAtS: number;
  readonly #nowS: () => number;

  constructor(entries: readonly IssuerEntry[], nowS: () => number) {
    this.#set = makeIssuerSet(entries);
    this.#known = JSON.stringify(entries);
    this.#nowS = nowS;
    this.#heardAtS = nowS();
  }

  /** The same object while nothing changes. */
  current(): IssuerSet {
    if (!this.isStale) return this.#set;
    this.#stale ??= staleIssuerSet(this.#set);
    return this.#stale;
  }

  get isStale(): boolean {
    return this.#nowS() - this.#heardAtS > ISSUERS_MAX_AGE_S;
  }

  /** Goes on with what was heard before a restart, at that time. */
  resume(entries: readonly IssuerEntry[], atS: number): void {
    this.hear(entries, atS);
    this.#heardAtS = Math.min(atS, this.#nowS());
  }

  /** News of the set, also when it says the same as before. True when it says something else. */
  hear(entries: readonly IssuerEntry[], atS = this.#nowS()): boolean {
    this.#heardAtS = Math.max(this.#heardAtS, Math.min(atS, this.#nowS()));
    const text = JSON.stringify(entries);
    if (text === this.#known) return false;
    this.#set = makeIssuerSet(entries);
    this.#known = text;
    this.#stale = undefined;
    return true;
  }
}
