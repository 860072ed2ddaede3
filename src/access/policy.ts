/**
 * The access policy: one object that says who may have bytes, by wire, by web seed and by player.
 *
 * A token alone opens nothing: at the gate the peer has proven its device key over the wire, and a
 * request carries a proof for itself. What was granted stands until the token ends or is revoked.
 *
 * Units   Unix seconds; keys are 64 hexadecimal characters.
 * Errors  None: a refusal is a value with a code.
 * Source  RFC 9449 for requests; docs/spec/tokens.md.
 */
import type { Clock } from "../lib/clock.ts";
import type { ErrorCode } from "../lib/errors.ts";
import { checkDpop, type DpopMemory } from "./dpop.ts";
import type { RevocationSet } from "./revocation.ts";
import type { Role } from "./token-form.ts";
import type { TokenVerifier, VerifiedToken } from "./verifier.ts";

/** Whom a token admits, and until when. */
export interface Grant {
  readonly account: string;
  readonly expiresAtS: number;
  readonly jti: string;
  readonly deviceKey: string;
  readonly role: Role;
  /** 0 is without a cap. */
  readonly bytesPerSMax: number;
  readonly marks: readonly string[];
}

export interface HttpAccess {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly dpop: string | undefined;
  readonly aud: string;
}

export type Admission =
  | { readonly ok: true; readonly grant: Grant; readonly epk?: string }
  | { readonly ok: false; readonly code: ErrorCode };

export interface PolicyParts {
  readonly verifier: TokenVerifier;
  readonly revocations: RevocationSet;
  readonly proofs: DpopMemory;
  readonly clock: Clock;
}

const DPOP_TOKEN = /^DPoP ([A-Za-z0-9_.-]+)$/i;

export class AccessPolicy {
  /** Judges tokens at the gate. */
  readonly verifier: TokenVerifier;
  readonly #parts: PolicyParts;

  constructor(parts: PolicyParts) {
    this.#parts = parts;
    this.verifier = parts.verifier;
  }

  /** The token first, for it is remembered; then the proof; and only a good one is used up. */
  admitRequest({ method, url, authorization, dpop, aud }: HttpAccess): Admission {
    const nowS = this.#nowS();
    const token = DPOP_TOKEN.exec(authorization ?? "")?.[1];
    if (token === undefined || dpop === undefined) return { ok: false, code: "GATE_REQUIRED" };
    const verified = this.verifier.verify(token, { aud, nowS });
    if (!verified.ok) return { ok: false, code: verified.code };
    const proof = checkDpop(dpop, { method, url, token, nowS });
    if (!proof.ok) return { ok: false, code: proof.code };
    if (proof.deviceKey !== verified.deviceKey) return { ok: false, code: "TOKEN_NOT_YOURS" };
    if (!this.#parts.proofs.use(proof, nowS)) return { ok: false, code: "PROOF_REPLAYED" };
    const grant = grantOf(verified);
    return proof.epk === undefined ? { ok: true, grant } : { ok: true, grant, epk: proof.epk };
  }

  /** Why the grant does not stand any more; undefined while it does. */
  endedBy(grant: Grant, nowS: number): ErrorCode | undefined {
    if (nowS >= grant.expiresAtS) return "TOKEN_EXPIRED";
    return this.verifier.endedBy(grant, nowS);
  }

  /** Calls back when grants may have ended before their time. */
  onChange(listener: () => void): () => void {
    return this.#parts.revocations.onChange(listener);
  }

  #nowS(): number {
    return Math.floor(this.#parts.clock.nowMs() / 1_000);
  }
}

function grantOf(verified: VerifiedToken): Grant {
  const { account, expiresAtS, jti, deviceKey, role, bytesPerSMax, marks } = verified;
  return { account, expiresAtS, jti, deviceKey, role, bytesPerSMax, marks };
}
