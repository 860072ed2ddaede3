/** An access token in words: what each claim means, and what each check says of it. */
import { parseToken, type TokenClaims } from "../access/token-form.ts";
import type { Verified } from "../access/verify.ts";

export interface ClaimWords {
  readonly claim: string;
  readonly value: string;
  readonly means: string;
}

/** Every claim that the text has, in the order of docs/spec/tokens.md; none when it is no token. */
export function claimWords(token: string, nowS: number): readonly ClaimWords[] {
  const parsed = parseToken(token);
  if (!parsed.ok) return [];
  const { claims, kid, deviceKey } = parsed;
  return [
    { claim: "kid", value: kid, means: "thumbprint of the key that should have signed it" },
    { claim: "iss", value: claims.iss, means: "the issuer's account" },
    { claim: "sub", value: claims.sub, means: "the account that may watch" },
    { claim: "aud", value: claims.aud, means: "the one swarm it opens" },
    { claim: "jti", value: claims.jti, means: "its own name: what was sent is counted under it" },
    { claim: "iat", value: timeText(claims.iat), means: `issued ${agoText(nowS - claims.iat)}` },
    { claim: "nbf", value: timeText(claims.nbf), means: "not before: five seconds earlier" },
    { claim: "exp", value: timeText(claims.exp), means: endText(claims.exp - nowS) },
    { claim: "cnf", value: deviceKey, means: "the device key that must be proven with it" },
    { claim: "net", value: claims.net, means: "beginning of the service network's id" },
    { claim: "lic", value: claims.lic, means: "the licence contract that granted it" },
    { claim: "led", value: claims.led.toString(), means: "the ledger at which the right was read" },
    {
      claim: "root",
      value: claims.root,
      means: "the state root there: what its issuer answers for",
    },
    ...optionalWords(claims),
  ];
}

/** What a verdict says, check by check. The order is that of the verifier; it stops at the first no. */
export function checkWords(
  verdict: Verified | { readonly ok: false; readonly code: string; readonly reason: string },
  left: readonly string[],
): readonly string[] {
  const end = verdict.ok
    ? ["good: form, network, times, issuer and signature hold"]
    : [`refused: ${verdict.code}, ${verdict.reason}`];
  return [...end, ...left.map((what) => `not checked: ${what}`)];
}

function optionalWords({ rol, kbs, lse }: TokenClaims): readonly ClaimWords[] {
  const words: ClaimWords[] = [];
  if (rol !== undefined) words.push({ claim: "rol", value: rol, means: roleText(rol) });
  if (kbs !== undefined) {
    words.push({ claim: "kbs", value: kbs.toString(), means: "the most it may be sent, kbit/s" });
  }
  if (lse !== undefined) {
    words.push({ claim: "lse", value: lse, means: "the lease under which this device plays" });
  }
  return words;
}

function roleText(role: string): string {
  if (role === "owner") return "the content is its own";
  if (role === "carrier") return "may carry ciphertext and gets no key";
  return role === "preview" ? "let in by the owner" : "a viewer as any other";
}

function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}

function agoText(seconds: number): string {
  return seconds < 0 ? `${-seconds} s in the future` : `${seconds} s ago`;
}

function endText(leftS: number): string {
  return leftS > 0 ? `ends in ${leftS} s` : `ended ${-leftS} s ago`;
}
