/**
 * The verifier of a node: access tokens checked at once, offline, each signature only once.
 *
 * A cache remembers only what no circumstance can change: that a text is a token and that its
 * issuer signed it, or that it never will be one. Audience, licence, network, times and issuer set
 * are judged again on every use.
 *
 * Units   Unix seconds; keys are 64 hexadecimal characters.
 * Range   `VERIFIED_MAX` good and `REFUSED_MAX` bad tokens are remembered, by SHA-256, so that a
 *         peer cannot fill memory with long texts.
 * Errors  None: a bad token is a `Refusal` with a code.
 * Source  docs/spec/tokens.md.
 */
import { hash } from "node:crypto";
import { isSignedEd25519 } from "./ed25519.ts";
import type { IssuerSet } from "./issuer-set.ts";
import { Lru } from "./lru.ts";
import { encodeAscii } from "./text-bytes.ts";
import { type ParsedToken, parseToken, TOKEN_MAX_BYTES } from "./token-form.ts";
import { type Refusal, refusalOf, refuse } from "./token-rules.ts";
import type { Verified } from "./verify.ts";

const VERIFIED_MAX = 50_000;
const REFUSED_MAX = 10_000;
const REFUSED_FOR_S = 60;

export interface TokenWanted {
  readonly aud: string;
  readonly nowS: number;
  /** The device key that the bearer has proven, when the caller does not compare it itself. */
  readonly deviceKey?: string | undefined;
}

export interface VerifierOptions {
  /** First 16 hexadecimal characters of the service network's id. */
  readonly net: string;
  /** The issuer set in force now. */
  readonly issuers: () => IssuerSet;
  /**
   * Number of the contract that the content record of this swarm names. Without a record nothing is
   * admitted: a token of any contract on the network would open the swarm.
   */
  readonly licenceOf: (aud: string) => bigint | undefined;
}

export class TokenVerifier {
  readonly #options: VerifierOptions;
  readonly #verified = new Lru<ParsedToken>(VERIFIED_MAX);
  readonly #refused = new Lru<{ readonly refusal: Refusal; readonly untilS: number }>(REFUSED_MAX);

  constructor(options: VerifierOptions) {
    this.#options = options;
  }

  verify(token: string, want: TokenWanted): Verified | Refusal {
    if (typeof token !== "string" || token.length > TOKEN_MAX_BYTES) {
      return refuse("TOKEN_INVALID", "it is not text, or too long");
    }
    const id = hash("sha256", token, "base64");
    const known = this.#verified.get(id);
    if (known !== undefined) {
      if (want.nowS >= known.claims.exp) this.#verified.delete(id);
      return this.#judge(known, want);
    }

    const refused = this.#refused.get(id);
    if (refused !== undefined && want.nowS < refused.untilS) return refused.refusal;
    const fresh = this.#verifyFresh(id, token, want);
    if (!fresh.isFinal || fresh.verdict.ok) return fresh.verdict;
    this.#refused.set(id, { refusal: fresh.verdict, untilS: want.nowS + REFUSED_FOR_S });
    return fresh.verdict;
  }

  /** A verdict is final when no other circumstances could make this text a good token. */
  #verifyFresh(
    id: string,
    token: string,
    want: TokenWanted,
  ): { readonly isFinal: boolean; readonly verdict: Verified | Refusal } {
    const parsed = parseToken(token);
    if (!parsed.ok) return { isFinal: true, verdict: parsed };
    const verdict = this.#judge(parsed, want);
    // Only whose device it is stands behind the signature: a forgery must not learn that much.
    if (!verdict.ok && verdict.code !== "TOKEN_NOT_YOURS") return { isFinal: false, verdict };

    const key = this.#options.issuers().keyOf(parsed.claims.iss, parsed.kid);
    if (
      key === undefined ||
      !isSignedEd25519(key, encodeAscii(parsed.signedText), parsed.signature)
    ) {
      return { isFinal: true, verdict: refuse("TOKEN_INVALID", "its signature is wrong") };
    }
    this.#verified.set(id, parsed);
    return { isFinal: false, verdict };
  }

  /** Everything but the signature. */
  #judge({ claims, deviceKey, kid }: ParsedToken, want: TokenWanted): Verified | Refusal {
    const lic = this.#options.licenceOf(want.aud);
    if (lic === undefined) return refuse("TOKEN_AUDIENCE", "no content record names its licence");
    const here = { aud: want.aud, nowS: want.nowS, net: this.#options.net, lic: lic.toString() };
    const refusal = refusalOf(claims, here);
    if (refusal !== undefined) return refusal;
    if (this.#options.issuers().keyOf(claims.iss, kid) === undefined) {
      return refuse("ISSUER_UNKNOWN", "no issuer of this network signed it");
    }
    if (want.deviceKey !== undefined && want.deviceKey !== deviceKey) {
      return refuse("TOKEN_NOT_YOURS", "it is bound to another device key");
    }
    return { ok: true, account: claims.sub, deviceKey, expiresAtS: claims.exp, claims };
  }
}
