/**
 * The verifier of a node: access tokens checked at once, offline, each signature only once.
 *
 * A cache remembers only what no circumstance can change: that a text is a token and that its
 * issuer signed it, or that it never will be one. Audience, licence, network, times, issuer set and
 * revocations are judged again on every use.
 *
 * Units   Unix seconds; keys are 64 hexadecimal characters.
 * Range   `VERIFIED_MAX` good tokens are remembered by their text, which only an issuer can make, and
 *         `REFUSED_MAX` bad ones by SHA-256, so that a peer cannot fill memory with long texts.
 * Errors  None: a bad token is a `Refusal` with a code.
 * Source  docs/spec/tokens.md.
 */
import { hash } from "node:crypto";
import { isSignedBy } from "../lib/ed25519.ts";
import type { IssuerSet } from "./issuer-set.ts";
import { Lru } from "./lru.ts";
import { marksOf, type RevocationSet } from "./revocation.ts";
import { type ParsedToken, parseToken, type Role, TOKEN_MAX_BYTES } from "./token-form.ts";
import { type Refusal, refusalOf, refuse } from "./token-rules.ts";
import type { Verified } from "./verify.ts";

const VERIFIED_MAX = 50_000;
const REFUSED_MAX = 10_000;
const REFUSED_FOR_S = 60;
const BYTES_PER_KBIT = 125;

export interface TokenWanted {
  readonly aud: string;
  readonly nowS: number;
  /** The device key that the bearer has proven, when the caller does not compare it itself. */
  readonly deviceKey?: string | undefined;
}

/** With what whoever admits its bearer has to keep. */
export interface VerifiedToken extends Verified {
  readonly jti: string;
  readonly role: Role;
  /** 0 is without a cap. */
  readonly bytesPerSMax: number;
  /** What a revocation may name of it. */
  readonly marks: readonly string[];
}

export interface VerifierOptions {
  /** First 16 hexadecimal characters of the service network's id. */
  readonly net: string;
  /** The issuer set in force now; the same object while nothing in it changes. */
  readonly issuers: () => IssuerSet;
  /**
   * Number of the contract that the content record of this swarm names. Without a record nothing is
   * admitted: a token of any contract on the network would open the swarm.
   */
  readonly licenceOf: (aud: string) => bigint | undefined;
  /** Without them a token stands until it ends. */
  readonly revocations?: RevocationSet;
}

interface Remembered {
  readonly parsed: ParsedToken;
  readonly verified: VerifiedToken;
  readonly lic: bigint;
  /** The issuer set and the revocations under which it was last found good. */
  issuers: IssuerSet | undefined;
  revocations: number;
}

export class TokenVerifier {
  readonly #options: VerifierOptions;
  readonly #verified = new Lru<Remembered>(VERIFIED_MAX);
  readonly #refused = new Lru<{ readonly refusal: Refusal; readonly untilS: number }>(REFUSED_MAX);

  constructor(options: VerifierOptions) {
    this.#options = options;
  }

  verify(token: string, want: TokenWanted): VerifiedToken | Refusal {
    if (typeof token !== "string" || token.length > TOKEN_MAX_BYTES) {
      return refuse("TOKEN_INVALID", "it is not text, or too long");
    }
    const known = this.#verified.get(token);
    if (known !== undefined) {
      if (want.nowS >= known.parsed.claims.exp) this.#verified.delete(token);
      return this.#judge(known, want);
    }

    const refused = this.#refused.size === 0 ? undefined : this.#refused.get(idOf(token));
    if (refused !== undefined && want.nowS < refused.untilS) return refused.refusal;
    const fresh = this.#verifyFresh(token, want);
    if (!fresh.isFinal || fresh.verdict.ok) return fresh.verdict;
    this.#refused.set(idOf(token), { refusal: fresh.verdict, untilS: want.nowS + REFUSED_FOR_S });
    return fresh.verdict;
  }

  /** Why what this verifier found good does not stand any more; its end is the caller's to watch. */
  endedBy(
    { marks }: { readonly marks: readonly string[] },
    nowS: number,
  ): Refusal["code"] | undefined {
    return this.#options.revocations?.codeOf(marks, nowS);
  }

  /** A verdict is final when no other circumstances could make this text a good token. */
  #verifyFresh(
    token: string,
    want: TokenWanted,
  ): { readonly isFinal: boolean; readonly verdict: VerifiedToken | Refusal } {
    const parsed = parseToken(token);
    if (!parsed.ok) return { isFinal: true, verdict: parsed };
    const remembered = rememberedOf(parsed);
    const verdict = this.#judge(remembered, want);
    // Only whose device it is stands behind the signature: a forgery must not learn that much.
    if (!verdict.ok && verdict.code !== "TOKEN_NOT_YOURS") return { isFinal: false, verdict };

    const key = this.#options.issuers().keyOf(parsed.claims.iss, parsed.kid);
    if (
      key === undefined ||
      !isSignedBy(key, Buffer.from(parsed.signedText, "latin1"), parsed.signature)
    ) {
      return { isFinal: true, verdict: refuse("TOKEN_INVALID", "its signature is wrong") };
    }
    this.#verified.set(token, remembered);
    return { isFinal: false, verdict };
  }

  /** Everything but the signature. */
  #judge(known: Remembered, want: TokenWanted): VerifiedToken | Refusal {
    const { claims, deviceKey } = known.parsed;
    const { net, licenceOf } = this.#options;
    const lic = licenceOf(want.aud);
    if (lic === undefined) return refuse("TOKEN_AUDIENCE", "no content record names its licence");
    const refusal = refusalOf(claims, { aud: want.aud, nowS: want.nowS, net });
    if (refusal !== undefined) return refusal;
    if (known.lic !== lic) {
      return refuse("TOKEN_AUDIENCE", "another contract granted it than the content's licence");
    }
    const ended = this.#endedNow(known, want.nowS);
    if (ended !== undefined) return ended;
    if (want.deviceKey !== undefined && want.deviceKey !== deviceKey) {
      return refuse("TOKEN_NOT_YOURS", "it is bound to another device key");
    }
    return known.verified;
  }

  /** Looks again only when issuers or revocations are others than those it was last found good under. */
  #endedNow(known: Remembered, nowS: number): Refusal | undefined {
    const { issuers: issuersNow, revocations } = this.#options;
    const issuers = issuersNow();
    if (known.issuers !== issuers) {
      const { claims, kid } = known.parsed;
      const refusal = issuers.refusalOf({ account: claims.iss, kid, ledger: claims.led });
      if (refusal !== undefined) return refusal;
      known.issuers = issuers;
    }
    if (revocations === undefined || known.revocations === revocations.version) return undefined;
    const code = revocations.codeOf(known.verified.marks, nowS);
    if (code !== undefined) return refuse(code, "it was revoked");
    known.revocations = revocations.version;
    return undefined;
  }
}

function idOf(token: string): string {
  return hash("sha256", token, "base64");
}

function rememberedOf(parsed: ParsedToken): Remembered {
  const { claims, deviceKey, kid } = parsed;
  const verified: VerifiedToken = {
    ok: true,
    account: claims.sub,
    deviceKey,
    expiresAtS: claims.exp,
    claims,
    jti: claims.jti,
    role: claims.rol ?? "viewer",
    bytesPerSMax: (claims.kbs ?? 0) * BYTES_PER_KBIT,
    marks: marksOf(claims, kid),
  };
  return { parsed, verified, lic: BigInt(claims.lic), issuers: undefined, revocations: -1 };
}
