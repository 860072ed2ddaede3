/**
 * `ace-node/verify`: checks access tokens, and proofs of state and receipts, anywhere JavaScript runs,
 * with WebCrypto and nothing else.
 *
 * Units   `nowS` is Unix seconds. Keys are 64 hexadecimal characters, `net` the first 16 of the
 *         service network's id. Of a proof, every text is lower-case hexadecimal.
 * Flow    Cheapest first: text, header, claims, audience, network, times, issuer, signature, and
 *         whose device it is. The key comes from the issuer set alone, never from the token.
 * Errors  None: a bad token is a `Refusal` with a code, a bad proof is false.
 * Source  docs/spec/tokens.md, docs/spec/receipts.md.
 */
import { isSoundPoint } from "../lib/ed25519-points.ts";
import { hasFields, type LedgerFields, rootOfReceipts, rootOfState } from "./proof-checks.ts";
import { bytesOfHex, encodeAscii, encodeBase64url, hexOf } from "./text-bytes.ts";
import { type ParsedToken, parseToken, type TokenClaims } from "./token-form.ts";
import { type Circumstances, type Refusal, refusalOf, refuse } from "./token-rules.ts";

export type { LedgerFields } from "./proof-checks.ts";
export type { TokenClaims } from "./token-form.ts";
export type { Refusal, RefusalCode } from "./token-rules.ts";

export interface Issuer {
  /** G… account. */
  readonly account: string;
  readonly key: string;
  /** RFC 7638 thumbprint of the key. */
  readonly kid: string;
  /** It signs for rights that were read from this ledger on, and up to that. */
  readonly fromLedger?: number | undefined;
  readonly toLedger?: number | undefined;
}

export interface Wanted extends Circumstances {
  readonly issuers: readonly Issuer[];
  /** The device key that the bearer has proven. */
  readonly deviceKey?: string | undefined;
}

export interface Verified {
  readonly ok: true;
  readonly account: string;
  readonly deviceKey: string;
  readonly expiresAtS: number;
  readonly claims: TokenClaims;
}

/** A token that is right in all but its signature, which is still to be checked. */
export interface Unsigned {
  readonly ok: true;
  readonly issuer: Issuer;
  readonly token: ParsedToken;
}

interface Proof {
  /** What the verifier trusts: one ledger hash of the service network. */
  readonly ledgerHash: string;
  /** What the ledger hash is made of. */
  readonly ledger: LedgerFields;
  readonly proof: string;
}

export interface StateProof extends Proof {
  readonly key: string;
  /** Undefined to prove that the key is absent. */
  readonly value?: string | undefined;
}

export interface ReceiptProof extends Proof {
  /** The receipt's canonical CBOR. */
  readonly receipt: string;
}

export interface LedgerChain {
  /** What the verifier trusts: the ledger hash of a later ledger, or of the same. */
  readonly trusted: string;
  /** The ledger hash of a claim. */
  readonly ledgerHash: string;
  /** What the ledger hashes between them are made of, the trusted one first; none when they are one. */
  readonly chain: readonly LedgerFields[];
}

const KEY_BYTES = 32;

/** Whether, after the ledger of this hash, the state had this value under the key, or none. */
export async function verifyStateProof(claim: StateProof): Promise<boolean> {
  const { ledgerHash, ledger, key, value } = claim;
  const [keyBytes, proof] = [bytesOfHex(key), bytesOfHex(claim.proof)];
  const valueBytes = value === undefined ? undefined : bytesOfHex(value);
  if (keyBytes === undefined || proof === undefined) return false;
  if (value !== undefined && valueBytes === undefined) return false;
  if (!(await hasFields(ledgerHash, ledger))) return false;
  return (await rootOfState(keyBytes, valueBytes, proof)) === ledger.stateRoot;
}

/** Whether the receipt is one of those of the ledger of this hash. */
export async function verifyReceiptProof(claim: ReceiptProof): Promise<boolean> {
  const { ledgerHash, ledger } = claim;
  const [receipt, proof] = [bytesOfHex(claim.receipt), bytesOfHex(claim.proof)];
  if (receipt === undefined || proof === undefined) return false;
  if (!(await hasFields(ledgerHash, ledger))) return false;
  return (await rootOfReceipts(receipt, proof)) === ledger.receiptsRoot;
}

/** Whether the chain leads from the trusted ledger hash back to the other. */
export async function verifyLedgerChain(claim: LedgerChain): Promise<boolean> {
  let hash = claim.trusted;
  for (const fields of claim.chain) {
    if (!(await hasFields(hash, fields))) return false;
    hash = fields.previous;
  }
  return hash === claim.ledgerHash;
}

/** Checks everything, the signature by WebCrypto. */
export async function verifyToken(token: string, wanted: Wanted): Promise<Verified | Refusal> {
  const unsigned = checkToken(token, wanted);
  if (!unsigned.ok) return unsigned;
  const { claims, deviceKey, signature, signedText } = unsigned.token;
  const isSigned = await isSignedBy(unsigned.issuer.key, encodeAscii(signedText), signature);
  if (!isSigned) return refuse("TOKEN_INVALID", "its signature is wrong");
  if (wanted.deviceKey !== undefined && wanted.deviceKey !== deviceKey) {
    return refuse("TOKEN_NOT_YOURS", "it is bound to another device key");
  }
  return { ok: true, account: claims.sub, deviceKey, expiresAtS: claims.exp, claims };
}

/** Checks everything that needs no cryptography. On its own it proves nothing. */
export function checkToken(token: string, wanted: Wanted): Unsigned | Refusal {
  const parsed = parseToken(token);
  if (!parsed.ok) return parsed;
  const refusal = refusalOf(parsed.claims, wanted);
  if (refusal !== undefined) return refusal;
  const issuer = wanted.issuers.find(
    ({ account, kid }) => kid === parsed.kid && account === parsed.claims.iss,
  );
  if (issuer === undefined) return refuse("ISSUER_UNKNOWN", "no issuer of this network signed it");
  const { led } = parsed.claims;
  if (isInForce(issuer, led)) return { ok: true, issuer, token: parsed };
  return refuse("ISSUER_UNKNOWN", `its key was not in force at ledger ${led}`);
}

/** Whether a key may sign for a right that was read at this ledger. */
export function isInForce(
  { fromLedger, toLedger }: Pick<Issuer, "fromLedger" | "toLedger">,
  ledger: number,
): boolean {
  return ledger >= (fromLedger ?? 0) && ledger <= (toLedger ?? Number.POSITIVE_INFINITY);
}

/** Reads the `issuers` of a network.json. Keys that anybody can sign for are left out. */
export async function issuersOf(
  entries: readonly Omit<Issuer, "kid">[],
): Promise<readonly Issuer[]> {
  const sound = entries.filter(({ key }) => bytesOfHex(key)?.length === KEY_BYTES);
  return await Promise.all(
    sound
      .filter(({ key }) => isSoundPoint(key))
      .map(async (entry) => ({ ...entry, kid: await thumbprintOf(entry.key) })),
  );
}

async function thumbprintOf(key: string): Promise<string> {
  const x = encodeBase64url(bytesOfHex(key) ?? new Uint8Array());
  const text = `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`;
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", encodeAscii(text))));
}

async function isSignedBy(
  key: string,
  message: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const raw = bytesOfHex(key);
  if (raw?.length !== KEY_BYTES || !isSoundPoint(key)) return false;
  // Engines differ in what R they take; the nodes take none of these.
  if (!isSoundPoint(hexOf(signature.subarray(0, KEY_BYTES)))) return false;
  const imported = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  return await crypto.subtle.verify("Ed25519", imported, signature, message);
}
