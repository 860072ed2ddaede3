/**
 * Transaction hashes: what a signature covers and a result is filed under.
 *
 * Source  Stellar-transaction.x, TransactionSignaturePayload: the network's id, the envelope type, the
 *         transaction. A version 0 transaction hashes as the version 1 transaction it stands for.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { concatBytes, uint32Bytes } from "../lib/bytes.ts";
import { sha256, sha256Hex } from "../lib/hash.ts";
import type { EnvelopeWire } from "./close-meta.ts";

const ENVELOPE_TYPE_TX = 2;
const ENVELOPE_TYPE_FEE_BUMP = 5;
const KEY_TYPE_ED25519 = 0;

/** Stellar's network id: SHA-256 of the passphrase. */
export function stellarNetworkId(passphrase: string): Uint8Array {
  return sha256(new TextEncoder().encode(passphrase));
}

export function transactionHash(envelope: EnvelopeWire, networkId: Uint8Array): string {
  return sha256Hex(concatBytes(networkId, ...payload(envelope)));
}

function payload(envelope: EnvelopeWire): readonly Uint8Array[] {
  switch (envelope.type) {
    case 0:
      return [
        uint32Bytes(ENVELOPE_TYPE_TX),
        uint32Bytes(KEY_TYPE_ED25519),
        xdr.TransactionV0.schema.encode(envelope.v0.tx),
      ];
    case 2:
      return [uint32Bytes(ENVELOPE_TYPE_TX), xdr.Transaction.schema.encode(envelope.v1.tx)];
    case 5:
      return [
        uint32Bytes(ENVELOPE_TYPE_FEE_BUMP),
        xdr.FeeBumpTransaction.schema.encode(envelope.feeBump.tx),
      ];
  }
}
