/**
 * An issuer's word: who the issuers are after one ledger, as one of them saw it, signed.
 *
 * Nobody goes by the word of one: see issuer-roll.ts. Its ledger hash makes it answerable: whoever has
 * the state of that ledger can show that the issuers were others.
 *
 * Form    `body` is canonical CBOR `[1, net, issuer, kid, ledger, ledgerHash, atS, entries]`, an entry
 *         `[account, key, fromLedger, toLedger]`, by ascending key, with 0 for an open end; the signature
 *         is Ed25519 over `TAG` and the body.
 * Units   `atS` is the close time of the ledger, Unix seconds.
 * Range   At most `ENTRIES_MAX` entries, a ledger hash of 64 hexadecimal characters.
 * Errors  `readWord` answers undefined for anything else. Whose signature it is nobody has checked then.
 */
import type { KeyObject } from "node:crypto";
import { concatBytes, fromHex, toHex } from "../lib/bytes.ts";
import { type CborValue, encodeCbor } from "../lib/cbor.ts";
import { readCbor, wholeOf } from "../lib/cbor-fields.ts";
import { isSignedBy } from "../lib/ed25519.ts";
import { isSoundPoint } from "../lib/ed25519-points.ts";
import { isAccount } from "../lib/strkey.ts";
import { signEd25519 } from "./ed25519.ts";
import type { IssuerEntry } from "./issuer-set.ts";

export interface SignedWord {
  /** Hexadecimal, both. */
  readonly body: string;
  readonly signature: string;
}

export interface IssuerWord {
  readonly net: string;
  /** Account of who says it, and the thumbprint of the key that signed it. */
  readonly issuer: string;
  readonly kid: string;
  readonly ledger: number;
  readonly ledgerHash: string;
  readonly atS: number;
  readonly entries: readonly IssuerEntry[];
}

const ENTRIES_MAX = 320;
const BODY_BYTES_MAX = 64 * 1024;
const HASH_BYTES = 32;
const KEY_BYTES = 32;
const VERSION = 1n;
const TAG = new TextEncoder().encode("ace-issuers-v1");

export function signWord(word: IssuerWord, key: KeyObject): SignedWord {
  const { net, issuer, kid, ledger, ledgerHash, atS, entries } = word;
  const hash = fromHex(ledgerHash) ?? new Uint8Array();
  const rows = inOrder(entries).map(rowOf);
  const body = encodeCbor([VERSION, net, issuer, kid, BigInt(ledger), hash, BigInt(atS), rows]);
  return { body: toHex(body), signature: toHex(signEd25519(key, concatBytes(TAG, body))) };
}

export function readWord({ body }: SignedWord): IssuerWord | undefined {
  const bytes = body.length <= 2 * BODY_BYTES_MAX ? fromHex(body) : undefined;
  const value = bytes && readCbor(bytes);
  if (!Array.isArray(value) || value.length !== 8) return undefined;
  const [version, net, issuer, kid, number, hash, at, rows] = value;
  const [ledger, atS, entries] = [wholeOf(number), wholeOf(at), readEntries(rows)];
  if (typeof net !== "string" || typeof issuer !== "string" || typeof kid !== "string") {
    return undefined;
  }
  if (!(hash instanceof Uint8Array) || hash.length !== HASH_BYTES || version !== VERSION) {
    return undefined;
  }
  if (ledger === undefined || atS === undefined || entries === undefined) return undefined;
  return { net, issuer, kid, ledger, ledgerHash: toHex(hash), atS, entries };
}

/** @param key 32 bytes. */
export function isWordOf(key: Uint8Array, { body, signature }: SignedWord): boolean {
  const [bytes, proof] = [fromHex(body), fromHex(signature)];
  if (bytes === undefined || proof === undefined) return false;
  return isSignedBy(key, concatBytes(TAG, bytes), proof);
}

/** The same text for the same issuers, however they are listed. */
export function textOf(entries: readonly IssuerEntry[]): string {
  return toHex(encodeCbor(inOrder(entries).map(rowOf)));
}

function inOrder(entries: readonly IssuerEntry[]): readonly IssuerEntry[] {
  return entries.toSorted((one, other) => (one.key < other.key ? -1 : 1));
}

function rowOf({ account, key, fromLedger = 0, toLedger = 0 }: IssuerEntry): CborValue[] {
  return [account, fromHex(key) ?? new Uint8Array(), BigInt(fromLedger), BigInt(toLedger)];
}

/** Each key once, in order: so the same issuers are always the same bytes. */
function readEntries(rows: CborValue | undefined): readonly IssuerEntry[] | undefined {
  if (!Array.isArray(rows) || rows.length > ENTRIES_MAX) return undefined;
  const entries = rows.map(readEntry).filter((entry) => entry !== undefined);
  const isOrdered = entries.every(({ key }, place) => key > (entries[place - 1]?.key ?? ""));
  return entries.length === rows.length && isOrdered ? entries : undefined;
}

function readEntry(row: CborValue): IssuerEntry | undefined {
  if (!Array.isArray(row) || row.length !== 4) return undefined;
  const [account, bytes, from, to] = row;
  const [fromLedger, toLedger] = [wholeOf(from), wholeOf(to)];
  if (typeof account !== "string" || !isAccount(account)) return undefined;
  if (!(bytes instanceof Uint8Array) || bytes.length !== KEY_BYTES) return undefined;
  const key = toHex(bytes);
  if (fromLedger === undefined || toLedger === undefined || !isSoundPoint(key)) return undefined;
  return { account, key, fromLedger, ...(toLedger === 0 ? {} : { toLedger }) };
}
