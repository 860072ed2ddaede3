/**
 * State keys: contract number (8 bytes), name, 0x00, then the key parts so that bytes keep their order.
 *
 * account  32 bytes, then 0x00 for G…, or 0x01 and 8 bytes of id for M…: no account is a prefix of another
 * text     UTF-8 without U+0000, then 0x00; an asset likewise
 * int      sign (0 negative, 1 not), length, magnitude; length and magnitude complemented when negative
 * hash     its bytes, as are `bytes(n)`
 */
import type { AbiType } from "../../contracts/abi.ts";
import { limits } from "../limits.ts";
import { addressText } from "./address.ts";
import { fromUtf8, hex, unhex } from "./bytes.ts";
import { rawBytes } from "./encode.ts";
import { failWith } from "./meter.ts";
import { charCodeAt, fromCharCode, integerText, RawBigInt, substring } from "./primordials.ts";
import { Memo } from "./table.ts";

const ACCOUNT_BYTES = 32;
const ID_BYTES = 8;
const HASH_BYTES = 32;
const END = "\0";
const prefixes = new Memo<string, string>(2_000);

/** The prefix of all keys of the contract with this number, which is decimal text. */
export function prefixOf(number: string): string {
  const known = prefixes.get(number);
  if (known !== undefined) return known;
  const made = contractPrefix(RawBigInt(number));
  prefixes.set(number, made);
  return made;
}

/** The prefix of all keys of one contract. */
export function contractPrefix(contract: bigint): string {
  const digits = integerText(contract, 16);
  const bytes = unhex(digits.length % 2 === 0 ? digits : `0${digits}`) ?? "";
  return substring("\0\0\0\0\0\0\0\0", bytes.length, ID_BYTES) + bytes;
}

/** The bytes of key parts, in order. */
export function keyParts(types: readonly AbiType[], values: readonly unknown[]): string {
  let key = "";
  for (let index = 0; index < types.length; index += 1) {
    key += keyPart(types[index] ?? failWith("KEY_INVALID"), values[index]);
  }
  return key.length > limits.keyBytesMax ? failWith("KEY_TOO_LONG") : key;
}

/** The key parts that the bytes are. */
export function readKeyParts(types: readonly AbiType[], bytes: string): readonly unknown[] {
  const values: unknown[] = [];
  let place = 0;
  for (let index = 0; index < types.length; index += 1) {
    const [value, next] = readPart(types[index] ?? failWith("KEY_INVALID"), bytes, place);
    values[index] = value;
    place = next;
  }
  return values;
}

function keyPart(type: AbiType, value: unknown): string {
  switch (type.kind) {
    case "int":
      return typeof value === "bigint" ? integerPart(value) : failWith("KEY_INVALID");
    case "account":
      return accountPart(rawBytes(type, value));
    case "text":
    case "asset":
      return textPart(rawBytes(type, value));
    case "hash":
    case "bytes":
      return rawBytes(type, value);
    default:
      return failWith("KEY_INVALID");
  }
}

/** Order-preserving and prefix-free form of the 32 or 40 bytes of an address. */
export function accountPart(bytes: string): string {
  if (bytes.length === ACCOUNT_BYTES) return bytes + END;
  return `${substring(bytes, 0, ACCOUNT_BYTES)}\x01${substring(bytes, ACCOUNT_BYTES, bytes.length)}`;
}

function textPart(bytes: string): string {
  for (let index = 0; index < bytes.length; index += 1) {
    if (charCodeAt(bytes, index) === 0) return failWith("KEY_INVALID");
  }
  return bytes + END;
}

export function integerPart(value: bigint): string {
  const isNegative = value < 0n;
  const digits = value === 0n ? "" : integerText(isNegative ? -value : value, 16);
  const bytes = unhex(digits.length % 2 === 0 ? digits : `0${digits}`) ?? "";
  if (!isNegative) return fromCharCode(1, bytes.length) + bytes;
  return fromCharCode(0, 255 - bytes.length) + complement(bytes);
}

function complement(bytes: string): string {
  let turned = "";
  for (let index = 0; index < bytes.length; index += 1) {
    turned += fromCharCode(255 - charCodeAt(bytes, index));
  }
  return turned;
}

function readPart(type: AbiType, bytes: string, from: number): readonly [unknown, number] {
  switch (type.kind) {
    case "int":
      return readInteger(bytes, from);
    case "account":
      return readAccount(bytes, from);
    case "text":
    case "asset": {
      let end = from;
      while (charCodeAt(bytes, end) > 0) end += 1;
      return [fromUtf8(substring(bytes, from, end)), end + 1];
    }
    default: {
      const end = from + (type.kind === "bytes" ? type.length : HASH_BYTES);
      return [hex(substring(bytes, from, end)), end];
    }
  }
}

function readInteger(bytes: string, from: number): readonly [bigint, number] {
  const isNegative = charCodeAt(bytes, from) === 0;
  const stored = charCodeAt(bytes, from + 1);
  const start = from + 2;
  const end = start + (isNegative ? 255 - stored : stored);
  const part = substring(bytes, start, end);
  const digits = hex(isNegative ? complement(part) : part);
  const magnitude = digits === "" ? 0n : RawBigInt(`0x${digits}`);
  return [isNegative ? -magnitude : magnitude, end];
}

function readAccount(bytes: string, from: number): readonly [unknown, number] {
  const keyEnd = from + ACCOUNT_BYTES;
  const end = keyEnd + 1 + (charCodeAt(bytes, keyEnd) === 0 ? 0 : ID_BYTES);
  const raw = substring(bytes, from, keyEnd) + substring(bytes, keyEnd + 1, end);
  return [addressText(raw), end];
}
