/**
 * The issuers that somebody goes by who follows no ledger: what more than half of those he knows say.
 *
 * It begins with those of network.json. Another set takes their place when more than half of the accounts
 * known by then have signed it; so all of them can be replaced in time, each by those before. What was
 * signed for each change, of issuers or of who votes, is kept and passed on: who begins with network.json is
 * led along it.
 *
 * Votes   An account has one vote, whatever keys it has, from the first ledger of its first key on, and no
 *         more once a set is in force that says when its last key ends.
 * Ended   A key is ended as soon as more than half of the other accounts say that a vote ended it at once:
 *         it is stolen, and whoever has it speaks as its account. That account keeps its vote until a set
 *         is in force that says so, or two thieves in a row could take over three.
 * Units   Unix seconds.
 * Range   `LINKS_MAX` words are kept of the past.
 */
import { fromHex } from "../lib/bytes.ts";
import { ENDED_AT_ONCE, type IssuerEntry, thumbprint } from "./issuer-set.ts";
import { type IssuerWord, isWordOf, readWord, type SignedWord, textOf } from "./issuer-word.ts";
import { isInForce } from "./verify.ts";

/** `unknown` is a word of somebody who is no issuer here, or not at that ledger. */
export type Heard = "taken" | "known" | "older" | "unknown" | "forged";

interface Said extends IssuerWord {
  readonly signed: SignedWord;
  readonly text: string;
}

interface RollOptions {
  /** First 16 hexadecimal characters of the service network's id. */
  readonly net: string;
  /** Those of network.json. */
  readonly founding: readonly IssuerEntry[];
}

const LINKS_MAX = 2_048;

export class IssuerRoll {
  readonly #net: string;
  #entries: readonly IssuerEntry[];
  #text: string;
  #ledger = 0;
  #confirmedAtS = 0;
  /** The newest word of each account. */
  readonly #said = new Map<string, Said>();
  /** What carried each change, oldest first. */
  #links: readonly Said[] = [];

  constructor({ net, founding }: RollOptions) {
    this.#net = net;
    this.#entries = founding;
    this.#text = textOf(founding);
  }

  /** All that are or were, and how long each signs. */
  get entries(): readonly IssuerEntry[] {
    return this.#entries;
  }

  /** The ledger that the votes are known to have seen. */
  get ledger(): number {
    return this.#ledger;
  }

  /** When the votes last said that it is still so; 0 when they never did. */
  get confirmedAtS(): number {
    return this.#confirmedAtS;
  }

  /** Thumbprints of keys that were ended at once. */
  get ended(): readonly string[] {
    const isEnded = (entry: IssuerEntry) =>
      entry.toLedger === ENDED_AT_ONCE || this.#isCalledEnded(entry);
    return this.#entries.filter(isEnded).map(({ key }) => thumbprint(key));
  }

  /** A set that was signed by too few to take its place, and by how many. */
  get pending(): { readonly votes: number; readonly needed: number } | undefined {
    const others = [...this.#said.values()].filter(({ text }) => text !== this.#text);
    if (others.length === 0) return undefined;
    const votes = Math.max(...others.map(({ text }) => this.#votersFor(text).length));
    return { votes, needed: this.#needed() };
  }

  /** What led here and what was said last, for who asks: those of after this ledger, oldest first. */
  words(afterLedger = 0): readonly SignedWord[] {
    const links = this.#links.filter(({ ledger }) => ledger > afterLedger);
    const all = [...links, ...this.#said.values()].toSorted((a, b) => a.ledger - b.ledger);
    return [...new Map(all.map(({ signed }) => [signed.body, signed])).values()];
  }

  /** In whatever order they come: who is unknown now may be made known by a later one. */
  hear(words: readonly SignedWord[]): readonly Heard[] {
    const heard: Heard[] = [];
    let left = words.map((signed) => ({ signed, word: readWord(signed) }));
    left = left.toSorted((one, other) => (one.word?.ledger ?? 0) - (other.word?.ledger ?? 0));
    for (let count = left.length + 1; left.length < count; ) {
      count = left.length;
      left = left.filter(({ signed, word }) => {
        const verdict = this.#take(signed, word);
        if (verdict !== "unknown") heard.push(verdict);
        return verdict === "unknown";
      });
    }
    return [...heard, ...left.map((): Heard => "unknown")];
  }

  #take(signed: SignedWord, word: IssuerWord | undefined): Heard {
    if (word?.net !== this.#net) return "forged";
    const entry = this.#entries.find(
      ({ account, key }) => account === word.issuer && thumbprint(key) === word.kid,
    );
    if (entry === undefined || !isInForce(entry, word.ledger)) return "unknown";
    if (!isWordOf(fromHex(entry.key) ?? new Uint8Array(), signed)) return "forged";
    if (this.#isCalledEnded(entry)) return "older";
    const text = textOf(word.entries);
    const before = this.#said.get(word.issuer);
    if (before?.signed.body === signed.body) return "known";
    if (word.ledger < this.#ledger || word.ledger <= (before?.ledger ?? -1)) {
      return this.#isKnown(text) ? "known" : "older";
    }
    this.#said.set(word.issuer, { ...word, signed, text });
    this.#count(text);
    return "taken";
  }

  #isKnown(text: string): boolean {
    return text === this.#text || this.#links.some((link) => link.text === text);
  }

  /** Takes this set, or confirms it, when there are votes enough. */
  #count(text: string): void {
    const voters = this.#votersFor(text);
    const needed = this.#needed();
    if (needed === 0 || voters.length < needed) return;
    const [first] = voters;
    if (first === undefined) return;
    const before = [this.#text, ...this.#electorate()].join();
    this.#entries = first.entries;
    this.#text = text;
    this.#ledger = Math.max(
      this.#ledger,
      agreed(voters, needed, ({ ledger }) => ledger),
    );
    // Who comes late needs the words by which others got their votes, too.
    const isOther = before !== [text, ...this.#electorate()].join();
    if (isOther) this.#links = [...this.#links, ...voters].slice(-LINKS_MAX);
    const atS = agreed(voters, needed, (said) => said.atS);
    this.#confirmedAtS = Math.max(this.#confirmedAtS, atS);
    for (const [account, said] of this.#said) if (!this.#isIssuer(said)) this.#said.delete(account);
  }

  #votersFor(text: string): readonly Said[] {
    const accounts = this.#electorate();
    return [...this.#said.values()].filter(
      (said) => said.text === text && accounts.has(said.issuer),
    );
  }

  #needed(): number {
    const votes = this.#electorate().size;
    return votes === 0 ? 0 : Math.floor(votes / 2) + 1;
  }

  #electorate(): ReadonlySet<string> {
    const voting = this.#entries.filter(
      ({ fromLedger = 0, toLedger }) => toLedger === undefined && fromLedger <= this.#ledger,
    );
    return new Set(voting.map(({ account }) => account));
  }

  #isIssuer({ issuer, kid, ledger }: Said): boolean {
    return this.#entries.some(
      (entry) =>
        entry.account === issuer && thumbprint(entry.key) === kid && isInForce(entry, ledger),
    );
  }

  #isCalledEnded({ account, key }: IssuerEntry): boolean {
    const others = [...this.#electorate()].filter((other) => other !== account);
    const voices = others.filter((other) =>
      this.#said
        .get(other)
        ?.entries.some((entry) => entry.key === key && entry.toLedger === ENDED_AT_ONCE),
    );
    return voices.length * 2 > others.length;
  }
}

/** The most that so many of them have reached. */
function agreed(voters: readonly Said[], needed: number, of: (said: Said) => number): number {
  return voters.map(of).toSorted((one, other) => other - one)[needed - 1] ?? 0;
}
