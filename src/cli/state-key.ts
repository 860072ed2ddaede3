/**
 * The key of an entry of the state, from words: a contract's number, the name that its source gives to
 * the value or map, and the parts of a map's key.
 *
 * Errors  `USAGE`.
 */
import { AceError } from "../lib/errors.ts";
import { isAddress } from "../lib/strkey.ts";
import { fromByteText, toByteText } from "../runtime/byte-text.ts";
import { addressBytes } from "../runtime/realm/address.ts";
import { accountPart, contractPrefix, integerPart } from "../runtime/realm/keys.ts";

export interface EntryWords {
  readonly contract: string;
  readonly name: string;
  readonly parts: readonly string[];
}

const NUMBER = /^\d{1,20}$/;
const NUMBER_END = 2n ** 64n;
const INTEGER = /^-?\d{1,80}$/;
const HASH = /^[0-9a-f]{64}$/;
const HEX = /^(?:[0-9a-f]{2})+$/;
const KEY_BYTES_MAX = 128;

export function stateKey({ contract, name, parts }: EntryWords): Uint8Array {
  const number = NUMBER.test(contract) ? BigInt(contract) : NUMBER_END;
  if (number >= NUMBER_END) throw new AceError("USAGE", `"${contract}" is not a contract number`);
  if (name.includes("\0")) throw new AceError("USAGE", "a name holds no zero byte");
  const named = contractPrefix(number) + toByteText(Buffer.from(name));
  const key = fromByteText(`${named}\0${parts.map(partOf).join("")}`);
  if (key.length <= KEY_BYTES_MAX) return key;
  throw new AceError("USAGE", `a key has at most ${KEY_BYTES_MAX} bytes, this one ${key.length}`);
}

/** By its form, or as the word before a colon says. */
function partOf(word: string): string {
  if (word.startsWith("text:")) return textPart(word.slice("text:".length));
  if (word.startsWith("hex:")) return hexPart(word.slice("hex:".length));
  if (isAddress(word)) return accountPart(addressBytes(word) ?? "");
  if (INTEGER.test(word)) return integerPart(BigInt(word));
  return HASH.test(word) ? hexPart(word) : textPart(word);
}

function textPart(text: string): string {
  if (text.includes("\0")) throw new AceError("USAGE", "a text in a key holds no zero byte");
  return `${toByteText(Buffer.from(text))}\0`;
}

function hexPart(text: string): string {
  if (HEX.test(text)) return toByteText(Buffer.from(text, "hex"));
  throw new AceError("USAGE", `"${text}" is not lower-case hexadecimal`);
}
