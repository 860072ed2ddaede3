/**
 * Signatures: whether those of one envelope reach a weight, and which of them were of use.
 *
 * A signer counts once a check. Signers are tried by kind: pre-authorized hashes, hash preimages,
 * Ed25519 keys, signed payloads. Checking stops at the needed weight, so a signature too many stays
 * unused, and an unused signature fails the transaction.
 *
 * Source  stellar-core, SignatureChecker.cpp and SignatureUtils.cpp; CAP-40 (signed payloads). Its
 *         budget for Ed25519 verifications is not modelled.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { xdr } from "@stellar/stellar-sdk/base";
import { compareBytes, concatBytes, toHex } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";

export interface WeightedKey {
  readonly key: xdr.SignerKey;
  readonly weight: number;
}

export interface SignatureCheck {
  /** True when the signatures of `signers` weigh at least `needed`; 0 still needs one of them. */
  reaches(signers: readonly WeightedKey[], needed: number): boolean;
  readonly areAllUsed: boolean;
}

const WEIGHT_MAX = 255;
const HINT_BYTES = 4;
/** DER of an Ed25519 SubjectPublicKeyInfo, up to the key itself (RFC 8410). */
const ED25519_SPKI = Uint8Array.fromHex("302a300506032b6570032100");
const KINDS = [
  "signerKeyTypeHashX",
  "signerKeyTypeEd25519",
  "signerKeyTypeEd25519SignedPayload",
] as const;

/**
 * Answers by signature, then by key and message: a transaction is judged when it is sent, when its
 * ledger is made up and when it is applied, and verifying is most of that work.
 */
const verified = new WeakMap<xdr.DecoratedSignature, Map<string, boolean>>();

/** Keys that signed lately: reading one costs a fifth of a verification. */
const keyObjects = new Map<string, KeyObject>();
const KEY_OBJECTS_MAX = 10_000;

/** `contents` is the transaction's hash: what its signers signed. */
export function checkSignatures(
  contents: Uint8Array,
  signatures: readonly xdr.DecoratedSignature[],
): SignatureCheck {
  const used = new Set<xdr.DecoratedSignature>();

  const reaches = (signers: readonly WeightedKey[], needed: number): boolean => {
    let weight = 0;
    for (const match of matches(contents, signatures, signers)) {
      if (match.signature !== undefined) used.add(match.signature);
      weight += Math.min(match.weight, WEIGHT_MAX);
      if (weight >= needed) return true;
    }
    return false;
  };

  return {
    reaches,
    get areAllUsed() {
      return used.size === signatures.length;
    },
  };
}

/**
 * Verifies on other threads what a check is going to ask, so that it finds the answer. Who signs
 * beside the accounts' own keys is not known ahead; those are verified when they are asked for.
 */
export async function verifyAhead(
  contents: Uint8Array,
  signatures: readonly xdr.DecoratedSignature[],
  accounts: Iterable<xdr.PublicKey>,
): Promise<void> {
  const ids = [...accounts];
  await Promise.all(
    signatures.flatMap((decorated) =>
      ids
        .filter((id) => isTail(decorated.hint.toBytes(), id.ed25519.toBytes()))
        .map((id) => answerAhead(decorated, id, contents)),
    ),
  );
}

function answerAhead(
  decorated: xdr.DecoratedSignature,
  account: xdr.PublicKey,
  contents: Uint8Array,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const publicKey = keyObject(account.ed25519.toBytes());
  verify(null, contents, publicKey, decorated.signature.toBytes(), (error, isValid) => {
    const question = questionOf(contents, masterKey(account));
    if (error === null) answersOf(decorated).set(question, isValid);
    resolve();
  });
  return promise;
}

interface Match {
  readonly weight: number;
  /** Undefined for a pre-authorized hash, which needs none. */
  readonly signature: xdr.DecoratedSignature | undefined;
}

/** Lazy, because what comes after the needed weight must not be looked at. */
function* matches(
  contents: Uint8Array,
  signatures: readonly xdr.DecoratedSignature[],
  signers: readonly WeightedKey[],
): Generator<Match> {
  for (const { key, weight } of signers) {
    if (isPreauthorized(key, contents)) yield { weight, signature: undefined };
  }
  for (const kind of KINDS) {
    const left = signers.filter(({ key }) => key.type === kind);
    for (const signature of signatures) {
      const index = left.findIndex(({ key }) => isSignedBy(signature, key, contents));
      const [signer] = index < 0 ? [] : left.splice(index, 1);
      if (signer !== undefined) yield { weight: signer.weight, signature };
    }
  }
}

/** The account's own key, when it has weight, and its other signers. */
export function signersOf(account: xdr.AccountEntry): readonly WeightedKey[] {
  const [masterWeight = 0] = account.thresholds.toBytes();
  return masterWeight === 0
    ? account.signers
    : [{ key: masterKey(account.accountId), weight: masterWeight }, ...account.signers];
}

/** Signs for an account that is not on the ledger: its own key does. */
export function masterKey(account: xdr.PublicKey): xdr.SignerKey {
  return xdr.SignerKey.signerKeyTypeEd25519(account.ed25519);
}

function isPreauthorized(key: xdr.SignerKey, contents: Uint8Array): boolean {
  return key.type === "signerKeyTypePreAuthTx" && isSame(key.preAuthTx.toBytes(), contents);
}

function isSignedBy(
  decorated: xdr.DecoratedSignature,
  key: xdr.SignerKey,
  contents: Uint8Array,
): boolean {
  if (!isHinted(decorated.hint.toBytes(), key)) return false;
  const answers = answersOf(decorated);
  const question = questionOf(contents, key);
  const known = answers.get(question) ?? fits(decorated.signature.toBytes(), key, contents);
  answers.set(question, known);
  return known;
}

function answersOf(decorated: xdr.DecoratedSignature): Map<string, boolean> {
  const answers = verified.get(decorated) ?? new Map<string, boolean>();
  verified.set(decorated, answers);
  return answers;
}

function fits(bytes: Uint8Array, key: xdr.SignerKey, contents: Uint8Array): boolean {
  switch (key.type) {
    case "signerKeyTypePreAuthTx":
      return false;
    case "signerKeyTypeHashX":
      return isSame(sha256(bytes), key.hashX.toBytes());
    case "signerKeyTypeEd25519":
      return verifies(contents, key.ed25519.toBytes(), bytes);
    case "signerKeyTypeEd25519SignedPayload": {
      const { ed25519, payload } = key.ed25519SignedPayload;
      return verifies(payload, ed25519.toBytes(), bytes);
    }
  }
}

function questionOf(contents: Uint8Array, key: xdr.SignerKey): string {
  const name =
    key.type === "signerKeyTypeEd25519" ? toHex(key.ed25519.toBytes()) : key.toXdr("hex");
  return toHex(contents) + name;
}

/** The hint is the end of the key, for a signed payload mixed with the payload's own end. */
function isHinted(hint: Uint8Array, key: xdr.SignerKey): boolean {
  switch (key.type) {
    case "signerKeyTypePreAuthTx":
      return isTail(hint, key.preAuthTx.toBytes());
    case "signerKeyTypeHashX":
      return isTail(hint, key.hashX.toBytes());
    case "signerKeyTypeEd25519":
      return isTail(hint, key.ed25519.toBytes());
    case "signerKeyTypeEd25519SignedPayload": {
      const { ed25519, payload } = key.ed25519SignedPayload;
      const end = payload.slice(-HINT_BYTES);
      const mixed = ed25519.toBytes().slice(-HINT_BYTES);
      return isTail(
        hint,
        mixed.map((byte, index) => byte ^ (end[index] ?? 0)),
      );
    }
  }
}

function isTail(hint: Uint8Array, bytes: Uint8Array): boolean {
  const start = bytes.length - HINT_BYTES;
  for (let index = 0; index < HINT_BYTES; index += 1) {
    if (hint[index] !== bytes[start + index]) return false;
  }
  return true;
}

function verifies(message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, message, keyObject(publicKey), signature);
}

function keyObject(publicKey: Uint8Array): KeyObject {
  const name = toHex(publicKey);
  const known = keyObjects.get(name);
  if (known !== undefined) return known;
  const der = Buffer.from(concatBytes(ED25519_SPKI, publicKey));
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  if (keyObjects.size >= KEY_OBJECTS_MAX) keyObjects.clear();
  keyObjects.set(name, key);
  return key;
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return compareBytes(left, right) === 0;
}
