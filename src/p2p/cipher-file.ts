/**
 * One file under one key: AES-256 in counter mode, so that any range can be read on its own.
 *
 * The counter block is the file's nonce and the number of the block of 16 bytes, both 8 bytes and
 * big-endian. Ciphertext is as long as the file, and byte n of one is byte n of the other.
 *
 * Range   A key is `FILE_KEY_BYTES`, a nonce `NONCE_BYTES`; an offset is a safe integer. A key and a
 *         nonce are of one file and never used for another.
 * Errors  None for changed bytes: what a piece is was checked before it comes here.
 * Source  docs/spec/encryption.md; NIST SP 800-38A, 6.5.
 */
import { createCipheriv } from "node:crypto";
import { concatBytes, uint64Bytes } from "../lib/bytes.ts";
import { invariant } from "../lib/invariant.ts";

export const FILE_KEY_BYTES = 32;
export const NONCE_BYTES = 8;

const BLOCK_BYTES = 16;

export interface FileSecret {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

/** Bytes from `offset` on, as a swarm or a file gives them; `lent` as swarm-port.ts says. */
export type ReadBytes = (
  offset: number,
  length: number,
  signal: AbortSignal,
  use?: "lent",
) => AsyncIterable<Uint8Array>;

/** Turns plain bytes into ciphertext and back, in order, beginning at `offset` of the file. */
export function fileCipher(
  { key, nonce }: FileSecret,
  offset: number,
): (bytes: Uint8Array) => Uint8Array {
  invariant(key.length === FILE_KEY_BYTES, "a file is encrypted with a key of 32 bytes");
  invariant(nonce.length === NONCE_BYTES, "a file's nonce is 8 bytes");
  invariant(Number.isSafeInteger(offset) && offset >= 0, "a file is read from an offset in it");
  const block = Math.floor(offset / BLOCK_BYTES);
  const counter = concatBytes(nonce, uint64Bytes(BigInt(block)));
  const cipher = createCipheriv("aes-256-ctr", key, counter);
  cipher.update(new Uint8Array(offset % BLOCK_BYTES));
  return (bytes) => cipher.update(bytes);
}

/** The reader of the plain file over a reader of its ciphertext. */
export function plainReader(read: ReadBytes, secret: FileSecret): ReadBytes {
  return async function* (offset, length, signal, use) {
    const decrypt = fileCipher(secret, offset);
    for await (const bytes of read(offset, length, signal, "lent")) {
      const plain = decrypt(bytes);
      yield plain;
      if (use === "lent") free(plain);
    }
  };
}

/** At once: left to the collector, the next piece would need memory that is new. */
function free({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
