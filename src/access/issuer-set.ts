/**
 * The issuer set: who may sign access tokens on this service network, read from its network.json.
 *
 * Errors  `NETWORK_FILE_INVALID` for a key that stands twice or that anybody can sign for.
 * Source  RFC 7638 (thumbprints), RFC 7517 (JWK sets), RFC 8037 (Ed25519 in them).
 */
import type { KeyObject } from "node:crypto";
import { fromHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import { publicKeyOf } from "./ed25519.ts";
import { isSmallOrder } from "./small-order.ts";
import { encodeBase64url } from "./text-bytes.ts";
import type { Issuer } from "./verify.ts";

export interface IssuerSet {
  readonly issuers: readonly Issuer[];
  /** The key to verify with, when this account signs with this key. */
  keyOf(account: string, kid: string): KeyObject | undefined;
}

export interface IssuerEntry {
  /** G… account. */
  readonly account: string;
  /** 64 hexadecimal characters. */
  readonly key: string;
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

export function makeIssuerSet(entries: readonly IssuerEntry[]): IssuerSet {
  const byKid = new Map<string, { readonly account: string; readonly key: KeyObject }>();
  const issuers = entries.map(({ account, key }) => {
    const kid = thumbprint(key);
    const keyObject = isSmallOrder(key) ? undefined : publicKeyOf(key);
    if (keyObject === undefined || byKid.has(kid)) {
      throw new AceError("NETWORK_FILE_INVALID", `issuer key ${key} is unsound or stands twice`);
    }
    byKid.set(kid, { account, key: keyObject });
    return { account, key, kid };
  });
  return {
    issuers,
    keyOf: (account, kid) => {
      const found = byKid.get(kid);
      return found?.account === account ? found.key : undefined;
    },
  };
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
