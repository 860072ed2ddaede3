/**
 * Heads and items of canonical CBOR as byte text, for those who know what they write and read.
 *
 * Runs in the realm and in the keeper alike, so it needs nothing but the language, and charges nothing.
 *
 * Source  RFC 8949 section 4.2.1 (core deterministic encoding).
 */
import { hex, unhex, utf8 } from "./bytes.ts";
import { charCodeAt, fromCharCode, integerText, RawBigInt, substring } from "./primordials.ts";

export const MAJOR = {
  unsigned: 0,
  negative: 32,
  bytes: 64,
  text: 96,
  array: 128,
  map: 160,
  tag: 192,
} as const;
export const FALSE = "\xf4";
export const TRUE = "\xf5";
export const NULL = "\xf6";

/** Of an integer of eight bytes. */
const EXACT_HEAD = 27;
const BYTE_END = 256;
/** Major types are apart by 32. */
const HEADS_A_UNIT = BYTE_END / 32;
const shortHeads: string[] = [];
for (let place = 0; place < 8 * BYTE_END; place += 1) shortHeads[place] = "";

const UNSIGNED = 0;
const NEGATIVE = 32;
const MAJOR_BITS = 0xe0;
const SHORT_BITS = 0x1f;
const TAG_POSITIVE = "\xc2";
const TAG_NEGATIVE = "\xc3";

/**
 * One integer of 64 bits and its halves: the engine goes from an integer to numbers, and back, without a
 * call when both are seen through one memory.
 */
const [whole, halves] = sharedMemory();
const LOW = isLowFirst() ? 0 : 1;
const HIGH = 1 - LOW;

function sharedMemory(): readonly [BigUint64Array, Uint32Array] {
  const memory = new ArrayBuffer(8);
  return [new BigUint64Array(memory), new Uint32Array(memory)];
}

function isLowFirst(): boolean {
  whole[0] = 1n;
  return halves[0] === 1;
}

/** The head of an item. */
export function header(major: number, length: number): string {
  if (length < 24) return fromCharCode(major | length);
  if (length < BYTE_END) return shortHeader(major, length);
  if (length < 65_536) return fromCharCode(major | 25, length >> 8, length & 255);
  const [high, low] = [length >>> 16, length & 65_535];
  return fromCharCode(major | 26, high >> 8, high & 255, low >> 8, low & 255);
}

/** Made once: nearly all lengths are of these. */
function shortHeader(major: number, length: number): string {
  const place = major * HEADS_A_UNIT + length;
  const known = shortHeads[place] ?? "";
  if (known !== "") return known;
  const made = fromCharCode(major | 24, length);
  shortHeads[place] = made;
  return made;
}

export function integerItem(value: bigint): string {
  const magnitude = value < 0n ? -1n - value : value;
  const major = value < 0n ? NEGATIVE : UNSIGNED;
  whole[0] = magnitude;
  // Larger ones lost what does not fit.
  if (whole[0] === magnitude) return halvesItem(major, halves[HIGH] ?? 0, halves[LOW] ?? 0);
  const digits = integerText(magnitude, 16);
  const bytes = unhex(digits.length % 2 === 0 ? digits : `0${digits}`) ?? "";
  return (value < 0n ? TAG_NEGATIVE : TAG_POSITIVE) + bytesItem(bytes);
}

/** Of an integer of 64 bits in two halves. */
function halvesItem(major: number, high: number, low: number): string {
  if (high === 0) return header(major, low);
  return fromCharCode(
    major | EXACT_HEAD,
    high >>> 24,
    (high >>> 16) & 255,
    (high >>> 8) & 255,
    high & 255,
    low >>> 24,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
  );
}

/** Four bytes, big-endian. */
export function uint32(value: number): string {
  return fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** The integer of the eight bytes at `place`. */
export function uint64At(bytes: string, place: number): bigint {
  halves[HIGH] = uint32At(bytes, place);
  halves[LOW] = uint32At(bytes, place + 4);
  return whole[0] ?? 0n;
}

function uint32At(bytes: string, place: number): number {
  const high = charCodeAt(bytes, place) * 256 + charCodeAt(bytes, place + 1);
  return high * 65_536 + charCodeAt(bytes, place + 2) * 256 + charCodeAt(bytes, place + 3);
}

/** Text of letters, digits and signs of ASCII: its bytes are itself. */
export function asciiItem(text: string): string {
  return header(MAJOR.text, text.length) + text;
}

export function bytesItem(bytes: string): string {
  return header(MAJOR.bytes, bytes.length) + bytes;
}

/** Text must be well-formed; what is not becomes empty text. */
export function textItem(text: string): string {
  const bytes = utf8(text) ?? "";
  return header(MAJOR.text, bytes.length) + bytes;
}

/** The integer that is this whole item, or undefined. */
export function readInteger(item: string): bigint | undefined {
  const tag = item[0];
  if (tag === TAG_POSITIVE || tag === TAG_NEGATIVE) {
    const bytes = readString(MAJOR.bytes, substring(item, 1, item.length));
    if (bytes === undefined) return undefined;
    return tag === TAG_NEGATIVE ? -1n - big(bytes) : big(bytes);
  }
  const major = charCodeAt(item, 0) & MAJOR_BITS;
  if (major !== MAJOR.unsigned && major !== MAJOR.negative) return undefined;
  const magnitude = item.length > 5 ? uint64At(item, 1) : integerOf(argument(item, 0));
  return major === MAJOR.negative ? -1n - magnitude : magnitude;
}

/** What the byte string or text that is this whole item holds: bytes, for text as UTF-8. */
export function readString(major: number, item: string): string | undefined {
  if ((charCodeAt(item, 0) & MAJOR_BITS) !== major) return undefined;
  return substring(item, afterHead(item, 0), item.length);
}

/** The items of the array that is this whole item, or undefined. */
export function readItems(item: string): readonly string[] | undefined {
  if ((charCodeAt(item, 0) & MAJOR_BITS) !== MAJOR.array) return undefined;
  const count = argument(item, 0);
  const items: string[] = [];
  let place = afterHead(item, 0);
  for (let index = 0; index < count; index += 1) {
    const end = itemEnd(item, place);
    items[index] = substring(item, place, end);
    place = end;
  }
  return items;
}

/** Where the item that begins at `place` ends. */
function itemEnd(bytes: string, place: number): number {
  const major = charCodeAt(bytes, place) & MAJOR_BITS;
  const length = argument(bytes, place);
  let end = afterHead(bytes, place);
  if (major === MAJOR.bytes || major === MAJOR.text) return end + length;
  if (major === MAJOR.tag) return itemEnd(bytes, end);
  if (major !== MAJOR.array && major !== MAJOR.map) return end;
  const count = major === MAJOR.map ? 2 * length : length;
  for (let index = 0; index < count; index += 1) end = itemEnd(bytes, end);
  return end;
}

/** The number in a head: inside the first byte, or in 1, 2, 4 or 8 more. Exact below 2^53. */
export function argument(bytes: string, place: number): number {
  const short = charCodeAt(bytes, place) & SHORT_BITS;
  if (short < 24) return short;
  let value = 0;
  for (let at = place + 1; at < afterHead(bytes, place); at += 1) {
    value = value * 256 + charCodeAt(bytes, at);
  }
  return value;
}

export function afterHead(bytes: string, place: number): number {
  const short = charCodeAt(bytes, place) & SHORT_BITS;
  return place + 1 + (short < 24 || short > 27 ? 0 : 1 << (short - 24));
}

/** Of a whole number below 2^32. */
export function integerOf(number: number): bigint {
  halves[HIGH] = 0;
  halves[LOW] = number;
  return whole[0] ?? 0n;
}

/** The integer of these big-endian bytes. */
export function big(magnitude: string): bigint {
  return magnitude === "" ? 0n : RawBigInt(`0x${hex(magnitude)}`);
}
