/**
 * An issuing node's own word on who the issuers are: at once when a vote changes them, and again after a
 * while, so that whoever goes by it knows that it is still so.
 *
 * Units   Unix seconds of close time.
 */
import type { KeyObject } from "node:crypto";
import { AceError } from "../lib/errors.ts";
import { privateKeyOf } from "./ed25519.ts";
import type { IssuerEntry } from "./issuer-set.ts";
import { type SignedWord, signWord, textOf } from "./issuer-word.ts";
import { isInForce } from "./verify.ts";

const AGAIN_S = 60;

export interface SpeakerOptions {
  readonly account: string;
  /** Thumbprint of the token key, and its public half in hexadecimal. */
  readonly kid: string;
  readonly publicKey: string;
  readonly seed: string;
  readonly net: string;
}

/** What the ledger says. */
export interface IssuersAt {
  readonly ledger: number;
  readonly ledgerHash: string;
  readonly closeTimeS: number;
  /** All that were ever named, also those that have ended. */
  readonly entries: readonly IssuerEntry[];
}

export class IssuerSpeaker {
  readonly #options: SpeakerOptions;
  readonly #key: KeyObject;
  #last: { readonly text: string; readonly atS: number } | undefined;
  #word: SignedWord | undefined;

  constructor(options: SpeakerOptions) {
    const key = privateKeyOf(options.seed);
    if (key === undefined) throw new AceError("CONFIG_INVALID", "the token key is damaged");
    this.#options = options;
    this.#key = key;
  }

  /** What it said last. */
  get word(): SignedWord | undefined {
    return this.#word;
  }

  /** The new word, when it is time for one. A key that is not in force says nothing. */
  speak({ ledger, ledgerHash, closeTimeS, entries }: IssuersAt): SignedWord | undefined {
    const { account, kid, publicKey, net } = this.#options;
    const own = entries.find((entry) => entry.account === account && entry.key === publicKey);
    if (own === undefined || !isInForce(own, ledger)) return undefined;
    const text = textOf(entries);
    const isSaid = this.#last?.text === text && closeTimeS < this.#last.atS + AGAIN_S;
    if (isSaid) return undefined;
    this.#last = { text, atS: closeTimeS };
    const word = { net, issuer: account, kid, ledger, ledgerHash, atS: closeTimeS, entries };
    this.#word = signWord(word, this.#key);
    return this.#word;
  }
}
