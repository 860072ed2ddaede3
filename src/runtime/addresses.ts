/** Addresses in the keeper, which cannot afford the Stellar SDK: see `realm/address.ts`. */
import { invariant } from "../lib/invariant.ts";
import { addressBytes, addressText } from "./realm/address.ts";
import { big } from "./realm/cbor.ts";
import { contractPrefix } from "./realm/keys.ts";

const KEY_BYTES = 32;

/** The 32 bytes of the account's key as byte text, and the id of an M… address. */
export function splitAddressBytes(address: string): {
  readonly account: string;
  readonly id: bigint | undefined;
} {
  const bytes = addressBytes(address);
  invariant(bytes !== undefined, "addresses were checked before");
  const id = bytes.length === KEY_BYTES ? undefined : big(bytes.slice(KEY_BYTES));
  return { account: bytes.slice(0, KEY_BYTES), id };
}

/** The M… address of the account with these 32 bytes. */
export function muxedText(key: string, id: bigint): string {
  const text = addressText(key + contractPrefix(id));
  invariant(text !== undefined, "a key has 32 bytes and an id 8");
  return text;
}
