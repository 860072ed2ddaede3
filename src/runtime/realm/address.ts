/**
 * Addresses inside the sandbox: G… and M… text to the bytes of keys and values, and back.
 *
 * Byte strings are text here, one character a byte. An account is 32 bytes, a muxed one 40.
 * Runs in the realm and in the contract process alike, so it needs nothing but the language.
 *
 * Source  SEP-23 (strkeys): base32 of version, payload and CRC-16/XMODEM, lowest byte first.
 */
import { charCodeAt, fromCharCode, substring } from "./primordials.ts";
import { Memo } from "./table.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ACCOUNT = { version: 6 << 3, textLength: 56, payload: 32 } as const;
const MUXED = { version: 12 << 3, textLength: 69, payload: 40 } as const;
const CHECKSUM_BYTES = 2;
const NO_DIGIT = 255;
/** A checksum costs more than all else that a small call does, and the same addresses come again. */
const REMEMBERED_MAX = 40_000;
const bytesOf = new Memo<string, string>(REMEMBERED_MAX);
const textOf = new Memo<string, string>(REMEMBERED_MAX);

const digits: number[] = [];
for (let code = 0; code < 128; code += 1) {
  const digit = ALPHABET.indexOf(String.fromCharCode(code));
  digits[code] = digit < 0 ? NO_DIGIT : digit;
}

/** The bytes of an address, or undefined for any other text. */
export function addressBytes(text: string): string | undefined {
  const known = bytesOf.get(text);
  if (known !== undefined) return known;
  const bytes = readAddress(text);
  if (bytes !== undefined) remember(bytes);
  return bytes;
}

/** The address of 32 or 40 bytes, or undefined. */
export function addressText(bytes: string): string | undefined {
  const known = textOf.get(bytes);
  if (known !== undefined) return known;
  const text = writeAddress(bytes);
  if (text !== undefined) remember(bytes);
  return text;
}

/** Remembers strings of its own making: a piece of a longer one would keep all of that alive. */
function remember(bytes: string): void {
  const text = writeAddress(bytes) ?? "";
  const own = readAddress(text) ?? "";
  bytesOf.set(text, own);
  textOf.set(own, text);
}

function readAddress(text: string): string | undefined {
  const form = text[0] === "G" ? ACCOUNT : MUXED;
  if (text.length !== form.textLength) return undefined;
  const bytes = fromBase32(text);
  if (bytes === undefined || charCodeAt(bytes, 0) !== form.version) return undefined;
  const end = 1 + form.payload;
  const checked = substring(bytes, 0, end);
  if (checksum(checked) !== substring(bytes, end, end + CHECKSUM_BYTES)) return undefined;
  return substring(bytes, 1, end);
}

function writeAddress(bytes: string): string | undefined {
  const form = bytes.length === ACCOUNT.payload ? ACCOUNT : MUXED;
  if (bytes.length !== form.payload) return undefined;
  const checked = fromCharCode(form.version) + bytes;
  return toBase32(checked + checksum(checked));
}

/** Undefined when a character is none of the alphabet, or bits are left over that are not zero. */
function fromBase32(text: string): string | undefined {
  let bytes = "";
  let bits = 0;
  let value = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = digits[charCodeAt(text, index)] ?? NO_DIGIT;
    if (digit === NO_DIGIT) return undefined;
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes += fromCharCode((value >> bits) & 0xff);
  }
  return (value & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}

function toBase32(bytes: string): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    value = ((value << 8) | charCodeAt(bytes, index)) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >> bits) & 31] ?? "";
    }
  }
  return bits === 0 ? text : text + (ALPHABET[(value << (5 - bits)) & 31] ?? "");
}

function checksum(bytes: string): string {
  let crc = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    crc ^= charCodeAt(bytes, index) << 8;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc & 0x8000) === 0 ? (crc << 1) & 0xffff : ((crc << 1) ^ 0x1021) & 0xffff;
    }
  }
  return fromCharCode(crc & 0xff, crc >> 8);
}
