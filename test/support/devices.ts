/** Calls that link a device key: the key vouches for itself, so a test needs one it can sign with. */
import { linkProof, loadDeviceKey } from "../../src/access/device-key.ts";
import { sha256Hex } from "../../src/lib/hash.ts";
import { muxedAddress } from "../../src/lib/strkey.ts";

const DEVICES = 2n;

/** @param name Another key for each name. */
export function linkDevice(
  name: string,
  { vault, account }: { readonly vault: string; readonly account: string },
) {
  const key = loadDeviceKey(sha256Hex(Buffer.from(name)));
  const proof = linkProof(key, { contract: muxedAddress(vault, DEVICES), account });
  return { contract: DEVICES, method: "add", args: [key.publicKey, Uint8Array.fromHex(proof)] };
}
