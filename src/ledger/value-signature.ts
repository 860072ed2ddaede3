/**
 * Value signatures: the validator that nominated a ledger's value signed it.
 *
 * It covers neither results nor the ledger before, and validators sign values that are not chosen too:
 * cheap and header only, it is never enough alone.
 *
 * Source  stellar-core HerderImpl.cpp, signStellarValue: Ed25519 over the network's id, the envelope
 *         type ENVELOPE_TYPE_SCPVALUE, the transaction set's hash, the close time.
 */
import { createPublicKey, verify } from "node:crypto";
import { concatBytes, uint32Bytes, uint64Bytes } from "../lib/bytes.ts";
import type { LedgerValue } from "./ledger-header.ts";
import { stellarNetworkId } from "./transaction-hash.ts";

const ENVELOPE_TYPE_SCP_VALUE = 4;
/** DER of an Ed25519 public key, before the 32 bytes of the key: RFC 8410. */
const KEY_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");

/** False for a value that nobody signed, too. */
export function checkValueSignature(
  { setHash, closeTime, signature }: Pick<LedgerValue, "setHash" | "closeTime" | "signature">,
  passphrase: string,
): boolean {
  if (signature === undefined) return false;
  const signed = concatBytes(
    stellarNetworkId(passphrase),
    uint32Bytes(ENVELOPE_TYPE_SCP_VALUE),
    setHash,
    uint64Bytes(closeTime),
  );
  const key = Buffer.from(concatBytes(KEY_PREFIX, signature.signer));
  const publicKey = createPublicKey({ key, format: "der", type: "spki" });
  return verify(null, signed, publicKey, signature.signature);
}
