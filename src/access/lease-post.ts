/**
 * One issuer's side of the talk about leases: whom it believes, and that each ask counts once.
 *
 * Flow    form → key in force → signature → addressed to us → of now → rate → not heard before.
 * Range   An ask counts for `FRESH_MS` before and after its time, once, and none from before this process
 *         began; `ASKS_PER_S` of one issuer.
 * Errors  `LEASE_CALL_INVALID`, `ISSUER_UNKNOWN`, `PROOF_REPLAYED`, `RATE_LIMITED`.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import { privateKeyOf } from "./ed25519.ts";
import type { IssuerSet } from "./issuer-set.ts";
import {
  type AskBody,
  type LeaseAnswer,
  type LeaseAsk,
  type LeaseMessage,
  readAnswer,
  readAsk,
  type Signing,
  signAnswer,
  signAsk,
} from "./lease-message.ts";
import { encodeBase64url } from "./text-bytes.ts";

export interface LeasePostOptions {
  readonly account: string;
  readonly kid: string;
  /** Seed of the token key. */
  readonly seed: string;
  readonly net: string;
  readonly issuers: () => IssuerSet;
  /** The last ledger applied: keys must be in force there. */
  readonly ledger: () => number;
  readonly clock: Clock;
}

export interface Asked {
  readonly message: LeaseMessage;
  readonly nonce: string;
  /** Empty when nobody in particular is asked. */
  readonly to: string;
}

const FRESH_MS = 30_000;
const ASKS_PER_S = 500;
const SECOND_MS = 1_000;
const NONCE_BYTES = 16;

export class LeasePost {
  readonly #options: LeasePostOptions;
  readonly #signing: Signing;
  readonly #beganAtMs: number;
  readonly #heard = new Map<string, HeardAsks>();

  constructor(options: LeasePostOptions) {
    const key = privateKeyOf(options.seed);
    if (key === undefined) throw new AceError("CONFIG_INVALID", "the token key is damaged");
    this.#options = options;
    this.#signing = { kid: options.kid, key };
    this.#beganAtMs = options.clock.nowMs();
  }

  ask(to: string, ask: LeaseAsk): Asked {
    const nonce = encodeBase64url(randomBytes(NONCE_BYTES));
    return { to, nonce, message: signAsk({ ...this.#envelope(nonce), to, ask }, this.#signing) };
  }

  /** Whoever it came from, it is the answer of that issuer to this very ask. */
  answered(
    asked: Pick<Asked, "nonce" | "to">,
    message: LeaseMessage,
  ): { readonly from: string; readonly answer: LeaseAnswer } {
    const { account, key } = this.#speakerOf(message);
    const body = readAnswer(message, key);
    const { net, account: own } = this.#options;
    const isOurs =
      body?.net === net && body.from === account && body.to === own && body.nonce === asked.nonce;
    if (!isOurs || (asked.to !== "" && asked.to !== account)) {
      throw invalid(`what came back is no answer of ${account} to what was asked`);
    }
    return { from: account, answer: body.answer };
  }

  /** Believes an ask, once. */
  heard(message: LeaseMessage): AskBody {
    const { account, key } = this.#speakerOf(message);
    const body = readAsk(message, key);
    const { net, account: own, clock } = this.#options;
    if (body?.net !== net || body.from !== account) throw invalid(`no ask of ${account}`);
    const isGreeting = body.to === "" && body.ask.kind === "hello";
    if (body.to !== own && !isGreeting) throw invalid(`the ask is for ${body.to}`);
    const nowMs = clock.nowMs();
    if (Math.abs(nowMs - body.atMs) > FRESH_MS || body.atMs < this.#beganAtMs) {
      throw invalid(`the ask is ${Math.round((nowMs - body.atMs) / SECOND_MS)} s old`);
    }
    const asks = this.#heard.get(account) ?? new HeardAsks();
    this.#heard.set(account, asks);
    asks.demand(body.nonce, nowMs);
    return body;
  }

  answer({ from: to, nonce }: AskBody, answer: LeaseAnswer): LeaseMessage {
    return signAnswer({ ...this.#envelope(nonce), to, answer }, this.#signing);
  }

  #envelope(nonce: string) {
    const { net, account: from, clock } = this.#options;
    const v: 1 = 1;
    return { v, net, from, nonce, atMs: Math.floor(clock.nowMs()) };
  }

  #speakerOf({ kid }: LeaseMessage): { readonly account: string; readonly key: Uint8Array } {
    const issuers = this.#options.issuers();
    const account = issuers.issuers.find((issuer) => issuer.kid === kid)?.account ?? "";
    const key = issuers.keyOf(account, kid);
    const ledger = this.#options.ledger();
    const refusal = issuers.refusalOf({ account, kid, ledger });
    if (key !== undefined && refusal === undefined) return { account, key };
    throw new AceError("ISSUER_UNKNOWN", refusal?.reason ?? "no issuer of this network signed it");
  }
}

/** What one issuer has asked of late. Only what it has signed gets here. */
class HeardAsks {
  /** In the order in which they came, and so in which they may be forgotten. */
  readonly #forgetAtMs = new Map<string, number>();
  #second = 0;
  #count = 0;

  demand(nonce: string, nowMs: number): void {
    for (const [old, forgetAtMs] of this.#forgetAtMs) {
      if (forgetAtMs > nowMs) break;
      this.#forgetAtMs.delete(old);
    }
    const second = Math.floor(nowMs / SECOND_MS);
    this.#count = second === this.#second ? this.#count + 1 : 1;
    this.#second = second;
    if (this.#count > ASKS_PER_S) throw new AceError("RATE_LIMITED", "the issuer asks too often");
    if (this.#forgetAtMs.has(nonce)) throw new AceError("PROOF_REPLAYED", "the ask came before");
    this.#forgetAtMs.set(nonce, nowMs + 2 * FRESH_MS + 1);
  }
}

function invalid(what: string): AceError {
  return new AceError("LEASE_CALL_INVALID", what);
}
