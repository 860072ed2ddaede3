/**
 * Stellar addresses as text: G… accounts and M… muxed accounts.
 *
 * Range   A muxed id is 0 to 2^64 - 1.
 * Errors  `ADDRESS_INVALID` for text that is not such an address.
 * Source  SEP-23 (strkeys).
 */
import { StrKey } from "@stellar/stellar-sdk/base";
import { concatBytes, uint64Bytes } from "./bytes.ts";
import { AceError } from "./errors.ts";

const KEY_BYTES = 32;

export function isAccount(text: string): boolean {
  return StrKey.isValidEd25519PublicKey(text);
}

/** True for a G… or an M… address. */
export function isAddress(text: string): boolean {
  return isAccount(text) || StrKey.isValidMed25519PublicKey(text);
}

/** The 32 bytes of an account's key. */
export function accountBytes(account: string): Uint8Array {
  if (!isAccount(account)) throw new AceError("ADDRESS_INVALID", `"${account}" is not an account`);
  return Uint8Array.from(StrKey.decodeEd25519PublicKey(account));
}

export function accountFromBytes(key: Uint8Array): string {
  return StrKey.encodeEd25519PublicKey(Buffer.from(key));
}

/** The M… address of `account` with `id`: how the vault names one of its contracts. */
export function muxedAddress(account: string, id: bigint): string {
  const bytes = concatBytes(accountBytes(account), uint64Bytes(id));
  return StrKey.encodeMed25519PublicKey(Buffer.from(bytes));
}

/** The account under a G… or M… address, and the id of an M… address. */
export function splitAddress(address: string): { readonly account: string; readonly id?: bigint } {
  if (isAccount(address)) return { account: address };
  if (!StrKey.isValidMed25519PublicKey(address)) {
    throw new AceError("ADDRESS_INVALID", `"${address}" is not a Stellar address`);
  }
  const bytes = StrKey.decodeMed25519PublicKey(address);
  const id = new DataView(bytes.buffer, bytes.byteOffset + KEY_BYTES).getBigUint64(0);
  return { account: accountFromBytes(bytes.subarray(0, KEY_BYTES)), id };
}
