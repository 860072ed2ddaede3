/**
 * The issuer set: who may sign access tokens on this service network, and rights of which ledgers.
 *
 * A key signs what is read from `fromLedger` on, and up to `toLedger`; both ends may be open. Keys
 * overlap in a rotation, so that no token is refused that was good when it was signed.
 *
 * Errors  `NETWORK_FILE_INVALID` for a key that stands twice or that anybody can sign for.
 * Source  RFC 7638 (thumbprints), RFC 7517 (JWK sets), RFC 8037 (Ed25519 in them).
 */
import { fromHex } from "../lib/bytes.ts";
import { KEY_BYTES } from "../lib/ed25519.ts";
import { isSoundPoint } from "../lib/ed25519-points.ts";
import { AceError } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import { encodeBase64url } from "./text-bytes.ts";
import { type Refusal, refuse } from "./token-rules.ts";
import { type Issuer, isInForce } from "./verify.ts";

export interface IssuerSet {
  readonly issuers: readonly Issuer[];
  /** The 32 bytes to verify with, when this account signs with this key. */
  keyOf(account: string, kid: string): Uint8Array | undefined;
  /** Why this account may not sign with this key for a right that was read at this ledger. */
  refusalOf(signed: SignedBy): Refusal | undefined;
}

interface SignedBy {
  readonly account: string;
  readonly kid: string;
  readonly ledger: number;
}

export interface IssuerEntry {
  /** G… account. */
  readonly account: string;
  /** 64 hexadecimal characters. */
  readonly key: string;
  readonly fromLedger?: number | undefined;
  readonly toLedger?: number | undefined;
}

/** A JWK set for edges outside. Nodes never trust it: they read the network itself. */
export interface JwkSet {
  readonly keys: readonly {
    readonly kty: "OKP";
    readonly crv: "Ed25519";
    readonly x: string;
    readonly kid: string;
    readonly use: "sig";
    readonly alg: "EdDSA";
  }[];
}

/** As its last ledger: all that the key ever signed ended with the vote. No network has a ledger before. */
export const ENDED_AT_ONCE = 1;

export function makeIssuerSet(entries: readonly IssuerEntry[]): IssuerSet {
  const byKid = new Map<string, { readonly entry: IssuerEntry; readonly key: Uint8Array }>();
  const issuers = entries.map((entry): Issuer => {
    const kid = thumbprint(entry.key);
    const key = isSoundPoint(entry.key) ? fromHex(entry.key) : undefined;
    if (key?.length !== KEY_BYTES || byKid.has(kid)) {
      const what = `issuer key ${entry.key} is unsound or stands twice`;
      throw new AceError("NETWORK_FILE_INVALID", what);
    }
    byKid.set(kid, { entry, key });
    return { ...entry, kid };
  });
  const find = (account: string, kid: string) => {
    const found = byKid.get(kid);
    return found?.entry.account === account ? found : undefined;
  };
  return {
    issuers,
    keyOf: (account, kid) => find(account, kid)?.key,
    refusalOf: ({ account, kid, ledger }) => {
      const found = find(account, kid);
      if (found === undefined) {
        return refuse("ISSUER_UNKNOWN", "no issuer of this network signed it");
      }
      return isInForce(found.entry, ledger)
        ? undefined
        : refuse("ISSUER_UNKNOWN", `its key was not in force at ledger ${ledger}`);
    },
  };
}

/** For a verifier that knows of issuers only what is too old: it admits nobody. */
export function staleIssuerSet({ issuers }: IssuerSet): IssuerSet {
  const refusal = refuse("ISSUERS_STALE", "what is known of issuers is too old");
  return { issuers, keyOf: () => undefined, refusalOf: () => refusal };
}

/** The document for `/.well-known/jwks.json`. */
export function jwkSetOf({ issuers }: IssuerSet): JwkSet {
  return {
    keys: issuers.map(({ key, kid }) => ({
      kty: "OKP",
      crv: "Ed25519",
      x: base64urlOfHex(key),
      kid,
      use: "sig",
      alg: "EdDSA",
    })),
  };
}

/** RFC 7638 thumbprint of an Ed25519 key of 64 hexadecimal characters. */
export function thumbprint(key: string): string {
  const canonical = `{"crv":"Ed25519","kty":"OKP","x":"${base64urlOfHex(key)}"}`;
  return encodeBase64url(sha256(new TextEncoder().encode(canonical)));
}

function base64urlOfHex(hex: string): string {
  return encodeBase64url(fromHex(hex) ?? new Uint8Array());
}
