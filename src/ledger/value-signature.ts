/**
 * Value signatures: the validator that nominated a ledger's value signed it.
 *
 * It covers neither results nor the ledger before, and validators sign values that are not chosen too:
 * cheap and header only, it is never enough alone.
 *
 * Source  stellar-core HerderImpl.cpp, signStellarValue: Ed25519 over the network's id, the envelope
 *         type ENVELOPE_TYPE_SCPVALUE, the transaction set's hash, the close time.
 */
import { concatBytes, uint32Bytes, uint64Bytes } from "../lib/bytes.ts";
import { isSignedBy } from "./ed25519.ts";
import type { LedgerValue } from "./ledger-header.ts";
import { stellarNetworkId } from "./transaction-hash.ts";

const ENVELOPE_TYPE_SCP_VALUE = 4;

/** False for a value that nobody signed, too. */
export function checkValueSignature(
  { setHash, closeTime, signature }: Pick<LedgerValue, "setHash" | "closeTime" | "signature">,
  passphrase: string,
): boolean {
  if (signature === undefined) return false;
  const message = concatBytes(
    stellarNetworkId(passphrase),
    uint32Bytes(ENVELOPE_TYPE_SCP_VALUE),
    setHash,
    uint64Bytes(closeTime),
  );
  return isSignedBy({ key: signature.signer, message, signature: signature.signature });
}
