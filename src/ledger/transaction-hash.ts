/**
 * Transaction hashes: what a signature covers and a result is filed under.
 *
 * Source  Stellar-transaction.x, TransactionSignaturePayload: the network's id, the envelope type, the
 *         transaction. A version 0 transaction hashes as the version 1 transaction it stands for.
 */
import { concatBytes, uint32Bytes } from "../lib/bytes.ts";
import { sha256, sha256Hex } from "../lib/hash.ts";
import { skipFeeBumpTransaction, skipTransaction, skipTransactionV0 } from "./skip-reader.gen.ts";
import { viewOf } from "./spans.ts";

export const ENVELOPE_TYPE_V0 = 0;
export const ENVELOPE_TYPE_FEE_BUMP = 5;
const WORD_BYTES = 4;
/** A version 0 transaction lacks the type of its envelope, 2, and that of its key, 0. */
const V0_PREFIX = concatBytes(uint32Bytes(2), uint32Bytes(0));

/** A node follows one network, and asks for its id with every ledger. */
let known = { passphrase: "", id: sha256(new Uint8Array()) };

/** Stellar's network id: SHA-256 of the passphrase. The bytes are shared: never write to them. */
export function stellarNetworkId(passphrase: string): Uint8Array {
  if (known.passphrase !== passphrase) {
    known = { passphrase, id: sha256(new TextEncoder().encode(passphrase)) };
  }
  return known.id;
}

/** @param envelope XDR of one TransactionEnvelope, walked over before. */
export function transactionHash(envelope: Uint8Array, networkId: Uint8Array): string {
  const view = viewOf(envelope);
  const type = view.getInt32(0);
  if (type === ENVELOPE_TYPE_V0) {
    const end = skipTransactionV0(view, WORD_BYTES);
    return sha256Hex(concatBytes(networkId, V0_PREFIX, envelope.subarray(WORD_BYTES, end)));
  }
  const skip = type === ENVELOPE_TYPE_FEE_BUMP ? skipFeeBumpTransaction : skipTransaction;
  // The type that the envelope begins with is the type that the hash begins with.
  return sha256Hex(concatBytes(networkId, envelope.subarray(0, skip(view, WORD_BYTES))));
}
