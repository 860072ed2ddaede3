/**
 * The issuer set that one process goes by, and how fresh it is.
 *
 * A node that follows the network reads the set from state with each ledger. One that does not gets
 * signed snapshots of it, and admits nobody once the last is too old.
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
  #ended: readonly string[] = [];
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

  /** Thumbprints of keys that were ended at once, and all tokens with them. */
  get ended(): readonly string[] {
    return this.#ended;
  }

  end(kids: readonly string[]): void {
    this.#ended = kids;
  }

  /** News of the set, also when it says the same as before. True when it says something else. */
  hear(entries: readonly IssuerEntry[], atS = this.#nowS()): boolean {
    this.#heardAtS = Math.max(this.#heardAtS, atS);
    const text = JSON.stringify(entries);
    if (text === this.#known) return false;
    this.#set = makeIssuerSet(entries);
    this.#known = text;
    this.#stale = undefined;
    return true;
  }
}
