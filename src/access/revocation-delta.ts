/**
 * Revocations as they travel: small signed lists, numbered by the issuer that made them.
 *
 * Form    `body` is canonical CBOR `[1, net, issuer, kid, seq, ledger, entries]`, an entry
 *         `[contract, kind, prefix, untilS]`; the signature is Ed25519 over `TAG` and the body.
 * Range   At most `ENTRIES_MAX` entries; `seq` counts the lists of one issuer from 1, without a gap.
 * Scope   Tokens that this very issuer signed, and nothing else: whose a mark is is for the reader to add.
 *         An issuer's key is not ended by a list.
 * Errors  `readDelta` answers undefined for anything else, and for what no issuer of the set has signed
 *         that was in force at the ledger it names.
 */
import type { KeyObject } from "node:crypto";
import { concatBytes, fromHex, toHex } from "../lib/bytes.ts";
import { type CborValue, encodeCbor } from "../lib/cbor.ts";
import { readCbor, wholeOf } from "../lib/cbor-fields.ts";
import { isSignedBy } from "../lib/ed25519.ts";
import { signEd25519 } from "./ed25519.ts";
import type { IssuerSet } from "./issuer-set.ts";
import type { Revocation, RevocationKind } from "./revocation.ts";

export interface SignedDelta {
  /** Hexadecimal, both. */
  readonly body: string;
  readonly signature: string;
}

export interface Delta {
  readonly net: string;
  /** Issuer's account and the thumbprint of its key. */
  readonly issuer: string;
  readonly kid: string;
  readonly seq: number;
  readonly ledger: number;
  readonly revocations: readonly Revocation[];
}

export const ENTRIES_MAX = 1_000;
const BODY_BYTES_MAX = 128 * 1024;
const TAG = new TextEncoder().encode("ace-revocation-v1");
const VERSION = 1n;
const PREFIX_BYTES = 16;
const CONTRACT = /^[1-9][0-9]{0,19}$/;
const KINDS: readonly RevocationKind[] = ["jti", "sub", "cnf", "lse"];

export function signDelta(delta: Delta, key: KeyObject): SignedDelta {
  const entries = delta.revocations.map(({ contract, kind, prefix, untilS }): CborValue[] => [
    contract,
    kind,
    fromHex(prefix) ?? new Uint8Array(),
    BigInt(untilS),
  ]);
  const { net, issuer, kid, seq, ledger } = delta;
  const body = encodeCbor([VERSION, net, issuer, kid, BigInt(seq), BigInt(ledger), entries]);
  return { body: toHex(body), signature: toHex(signEd25519(key, concatBytes(TAG, body))) };
}

export function readDelta(
  { body, signature }: SignedDelta,
  { net, issuers }: { readonly net: string; readonly issuers: IssuerSet },
): Delta | undefined {
  const bytes = body.length <= 2 * BODY_BYTES_MAX ? fromHex(body) : undefined;
  const proof = fromHex(signature);
  const delta = bytes && readBody(bytes);
  if (bytes === undefined || proof === undefined || delta?.net !== net) return undefined;
  const { issuer: account, kid, ledger } = delta;
  const key = issuers.keyOf(account, kid);
  if (key === undefined || issuers.refusalOf({ account, kid, ledger }) !== undefined) {
    return undefined;
  }
  return isSignedBy(key, concatBytes(TAG, bytes), proof) ? delta : undefined;
}

/** What is in a list of our own, whose signature nobody has to check. */
export function revocationsIn(body: string): readonly Revocation[] {
  const bytes = fromHex(body);
  return (bytes && readBody(bytes)?.revocations) ?? [];
}

function readBody(bytes: Uint8Array): Delta | undefined {
  const value = readCbor(bytes);
  if (!Array.isArray(value) || value.length !== 7) return undefined;
  const [version, net, issuer, kid, seq, ledger, entries] = value;
  if (version !== VERSION || !Array.isArray(entries) || entries.length > ENTRIES_MAX) {
    return undefined;
  }
  if (typeof net !== "string" || typeof issuer !== "string" || typeof kid !== "string") {
    return undefined;
  }
  const revocations = entries.map(readEntry);
  const [number, at] = [wholeOf(seq), wholeOf(ledger)];
  if (number === undefined || at === undefined) return undefined;
  if (!revocations.every((entry) => entry !== undefined)) return undefined;
  return { net, issuer, kid, seq: number, ledger: at, revocations };
}

function readEntry(value: CborValue): Revocation | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const [contract, name, prefix, until] = value;
  const kind = KINDS.find((known) => known === name);
  const untilS = wholeOf(until);
  if (typeof contract !== "string" || !CONTRACT.test(contract)) return undefined;
  if (kind === undefined || untilS === undefined) return undefined;
  if (!(prefix instanceof Uint8Array) || prefix.length !== PREFIX_BYTES) return undefined;
  return { contract, kind, prefix: toHex(prefix), untilS };
}
