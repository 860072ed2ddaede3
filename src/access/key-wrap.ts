/**
 * Wrapped keys: a content key on its way to one device, readable by nobody else.
 *
 * The device makes an X25519 key for one request and signs its public half with the request. The node
 * makes another, and encrypts with AES-256-GCM under HKDF-SHA-256 of what the two share; the salt is
 * both public keys, and content, epoch and token are named in the info. Each key wraps one thing, so
 * the nonce is zero.
 *
 * Range   A content key is 16 or 32 bytes; `content` 64 hexadecimal characters; `jti` the token's id.
 * Errors  `PROOF_INVALID` for a public key that is none; `KEY_UNAVAILABLE` for what does not open.
 * Source  RFC 7748 (and 6.1 for keys of small order), RFC 5869, NIST SP 800-38D; docs/spec/encryption.md.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { concatBytes, fromHex, uint32Bytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { encodeAscii } from "./text-bytes.ts";

export interface WrapTerms {
  readonly content: string;
  readonly epoch: number;
  readonly jti: string;
}

export interface WrappedKey {
  /** X25519 key that the node made for this answer. */
  readonly epk: Uint8Array;
  /** Ciphertext and tag. */
  readonly ct: Uint8Array;
}

/** The device's half: good for one answer. */
export interface KeyOpener {
  /** To be signed within the proof of the request. */
  readonly publicKey: Uint8Array;
  open(wrapped: WrappedKey, terms: WrapTerms): Uint8Array;
}

export const X25519_KEY_BYTES = 32;
const CONTENT_KEY_BYTES_MAX = 32;

const TAG_BYTES = 16;
const NONCE = new Uint8Array(12);
const PREFIX = encodeAscii("ace-key-v1");
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b656e032100");

export function wrapKey(key: Uint8Array, to: Uint8Array, terms: WrapTerms): WrappedKey {
  return wrapKeyWith(generateKeyPairSync("x25519").privateKey, { key, to, terms });
}

/** The same with a given key of the node: what test vectors hold. */
export function wrapKeyWith(
  own: KeyObject,
  {
    key,
    to,
    terms,
  }: { readonly key: Uint8Array; readonly to: Uint8Array; readonly terms: WrapTerms },
): WrappedKey {
  const epk = rawX25519(own);
  const cipher = createCipheriv(
    "aes-256-gcm",
    secretOf(own, { epk, device: to, other: to, terms }),
    NONCE,
  );
  const ct = concatBytes(cipher.update(key), cipher.final(), cipher.getAuthTag());
  return { epk, ct };
}

export function makeKeyOpener(): KeyOpener {
  return keyOpenerOf(generateKeyPairSync("x25519").privateKey);
}

export function keyOpenerOf(own: KeyObject): KeyOpener {
  const publicKey = rawX25519(own);
  return {
    publicKey,
    open: ({ epk, ct }, terms) => {
      const secret = secretOf(own, { epk, device: publicKey, other: epk, terms });
      return decrypt(secret, ct);
    },
  };
}

function decrypt(secret: Uint8Array, ct: Uint8Array): Uint8Array {
  if (ct.length <= TAG_BYTES || ct.length > CONTENT_KEY_BYTES_MAX + TAG_BYTES) {
    throw new AceError("KEY_UNAVAILABLE", `a wrapped key of ${ct.length} bytes`);
  }
  const decipher = createDecipheriv("aes-256-gcm", secret, NONCE);
  decipher.setAuthTag(ct.subarray(-TAG_BYTES));
  try {
    return concatBytes(decipher.update(ct.subarray(0, -TAG_BYTES)), decipher.final());
  } catch (cause) {
    throw new AceError("KEY_UNAVAILABLE", "the wrapped key is for another request", { cause });
  }
}

function secretOf(
  own: KeyObject,
  parts: {
    readonly epk: Uint8Array;
    readonly device: Uint8Array;
    readonly other: Uint8Array;
    readonly terms: WrapTerms;
  },
): Uint8Array {
  const { content, epoch, jti } = parts.terms;
  const contentBytes = fromHex(content) ?? new Uint8Array();
  const info = concatBytes(PREFIX, contentBytes, uint32Bytes(epoch), encodeAscii(jti));
  const salt = concatBytes(parts.epk, parts.device);
  return new Uint8Array(hkdfSync("sha256", shared(own, parts.other), salt, info, 32));
}

/** Keys of small order share nothing but zeros: the library refuses them, and so do we. */
function shared(own: KeyObject, other: Uint8Array): Uint8Array {
  if (other.length !== X25519_KEY_BYTES) {
    throw new AceError("PROOF_INVALID", "an X25519 key is 32 bytes");
  }
  try {
    const key = Buffer.from(concatBytes(SPKI_PREFIX, other));
    const publicKey = createPublicKey({ key, format: "der", type: "spki" });
    return diffieHellman({ privateKey: own, publicKey });
  } catch (cause) {
    throw new AceError("PROOF_INVALID", "the X25519 key is not one to share with", { cause });
  }
}

function rawX25519(key: KeyObject): Uint8Array {
  const wrapped = createPublicKey(key).export({ format: "der", type: "spki" });
  return Uint8Array.from(wrapped.subarray(SPKI_PREFIX.length));
}
