/**
 * The rules a well-formed access token must meet for one verifier at one moment.
 *
 * Units   Unix seconds. `net` is the first 16 hexadecimal characters of the service network's id.
 */
import { BACKDATE_S, type TokenClaims } from "./token-form.ts";

/** A verifier's clock may be this much behind the issuer's. Nothing is granted after `exp`. */
const NOT_YET_GRACE_S = 60;
export const TOKEN_LIFE_S_MAX = 900;

export type RefusalCode =
  | "TOKEN_INVALID"
  | "TOKEN_EXPIRED"
  | "TOKEN_AUDIENCE"
  | "TOKEN_NETWORK"
  | "ISSUER_UNKNOWN"
  | "TOKEN_NOT_YOURS"
  | "TOKEN_REVOKED"
  | "LEASE_LOST"
  | "ISSUERS_STALE";

export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  /** For a log. A peer is told the code alone. */
  readonly reason: string;
}

export interface Circumstances {
  readonly aud: string;
  readonly net: string;
  readonly nowS: number;
  /**
   * Number of the content's licence contract, from its content record. Without it any contract on
   * the network could grant this content: give it wherever the record is known.
   */
  readonly lic?: string | undefined;
}

/** Undefined when the claims hold here and now. */
export function refusalOf(claims: TokenClaims, here: Circumstances): Refusal | undefined {
  if (claims.aud !== here.aud) return refuse("TOKEN_AUDIENCE", "it is for another content");
  if (here.lic !== undefined && claims.lic !== here.lic) {
    return refuse("TOKEN_AUDIENCE", "another contract granted it than the content's licence");
  }
  if (claims.net !== here.net) return refuse("TOKEN_NETWORK", "it is for another network");
  return refusalByTime(claims, here.nowS);
}

function refusalByTime({ iat, nbf, exp }: TokenClaims, nowS: number): Refusal | undefined {
  if (!Number.isFinite(nowS)) return refuse("TOKEN_INVALID", "the verifier has no clock");
  if (nbf !== iat - BACKDATE_S) return refuse("TOKEN_INVALID", "its start does not fit its issue");
  if (exp <= iat || exp - iat > TOKEN_LIFE_S_MAX) {
    return refuse("TOKEN_INVALID", "its life is out of bounds");
  }
  if (nowS >= exp) return refuse("TOKEN_EXPIRED", "it has ended");
  if (nowS < nbf - NOT_YET_GRACE_S) return refuse("TOKEN_INVALID", "it is not valid yet");
  return undefined;
}

export function refuse(code: RefusalCode, reason: string): Refusal {
  return { ok: false, code, reason };
}
