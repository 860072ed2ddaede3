/**
 * Revocations: tokens that end before their time, by what they name.
 *
 * A mark is one thing that a token says of itself: its own id, its account, its device, its lease, each
 * within the contract that granted it and the issuer that signed it; and the issuer's key. Whoever revokes
 * names a mark; a token dies with any of its own. So nobody ends what another issuer signed.
 *
 * Units   Unix seconds. A revocation is kept until the last token it could mean has ended.
 * Range   `REVOCATIONS_MAX` of one issuer; beyond it its own oldest give way, for they end soonest. No issuer
 *         can push out what another took back.
 */
import { hash } from "node:crypto";
import type { TokenClaims } from "./token-form.ts";
import { TOKEN_LIFE_S_MAX } from "./token-rules.ts";

export type RevocationKind = "jti" | "sub" | "cnf" | "lse" | "kid";

export interface Revocation {
  /** Number of the contract; empty for an issuer's key, which signs for all of them. */
  readonly contract: string;
  readonly kind: RevocationKind;
  /** The first 16 bytes of the SHA-256 of what is revoked, hexadecimal. */
  readonly prefix: string;
  readonly untilS: number;
}

const REVOCATIONS_MAX = 100_000;
const PREFIX_CHARACTERS = 32;
/** A token may live so long, and clocks differ. */
const KEPT_S_MAX = TOKEN_LIFE_S_MAX + 60;

export class RevocationSet {
  /** By issuer, then by mark. */
  readonly #untilS = new Map<string, Map<string, number>>();
  readonly #listeners = new Set<() => void>();
  #version = 0;

  /** Another number whenever a token may have ended that stood before. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return [...this.#untilS.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** @param issuer Account whose tokens are meant; it makes no difference to a key's. */
  add(revocations: readonly Revocation[], nowS: number, issuer: string): void {
    const changed = new Set<Map<string, number>>();
    for (const revocation of revocations) {
      const untilS = Math.min(revocation.untilS, nowS + KEPT_S_MAX);
      const mark = markOf(revocation, issuer);
      const own = this.#untilS.get(issuerOf(mark)) ?? new Map<string, number>();
      if (untilS <= nowS || (own.get(mark) ?? 0) >= untilS) continue;
      own.delete(mark);
      own.set(mark, untilS);
      this.#untilS.set(issuerOf(mark), own);
      changed.add(own);
    }
    if (changed.size === 0) return;
    for (const own of changed) forget(own, nowS);
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }

  /** Why a token with these marks has ended before its time. */
  codeOf(marks: readonly string[], nowS: number): "TOKEN_REVOKED" | "LEASE_LOST" | undefined {
    if (this.#untilS.size === 0) return undefined;
    const found = marks.find((mark) => nowS < (this.#untilS.get(issuerOf(mark))?.get(mark) ?? 0));
    if (found === undefined) return undefined;
    return found.includes("/lse/") ? "LEASE_LOST" : "TOKEN_REVOKED";
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function forget(own: Map<string, number>, nowS: number): void {
  if (own.size <= REVOCATIONS_MAX) return;
  for (const [mark, untilS] of own) if (untilS <= nowS) own.delete(mark);
  for (const mark of own.keys()) {
    if (own.size <= REVOCATIONS_MAX) return;
    own.delete(mark);
  }
}

/** What may be revoked of a token. */
export function marksOf(claims: TokenClaims, kid: string): readonly string[] {
  const { iss, lic, jti, sub, cnf, lse } = claims;
  const named: [RevocationKind, string, string][] = [
    ["jti", lic, jti],
    ["sub", lic, sub],
    ["cnf", lic, cnf.jwk.x],
    ["kid", "", kid],
  ];
  if (lse !== undefined) named.push(["lse", lic, lse]);
  return named.map(([kind, contract, value]) =>
    markOf({ contract, kind, prefix: prefixOf(value) }, iss),
  );
}

/** The mark of a lease in tokens of this issuer. */
export function leaseMark(
  issuer: string,
  { id, contract }: { readonly id: string; readonly contract: bigint },
): string {
  const prefix = prefixOf(id);
  return markOf({ contract: contract.toString(), kind: "lse", prefix }, issuer);
}

/** @param value As the token says it: `cnf` is the device key in base64url. */
export function revocationOf(
  kind: RevocationKind,
  value: string,
  { contract, untilS }: { readonly contract: string; readonly untilS: number },
): Revocation {
  return { contract, kind, prefix: prefixOf(value), untilS };
}

function prefixOf(value: string): string {
  return hash("sha256", value, "hex").slice(0, PREFIX_CHARACTERS);
}

function markOf({ contract, kind, prefix }: Omit<Revocation, "untilS">, issuer: string): string {
  return `${kind === "kid" ? "" : issuer}/${contract}/${kind}/${prefix}`;
}

function issuerOf(mark: string): string {
  return mark.slice(0, mark.indexOf("/"));
}
