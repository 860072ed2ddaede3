/** Byte strings of the realm: text of one character a byte, with UTF-8 and hexadecimal. */
import { charCodeAt, fromCharCode, substring } from "./primordials.ts";

const HEX = "0123456789abcdef";
const CONTINUATION = 0x80;

/** UTF-8 of `text`, or undefined when a surrogate stands alone. */
export function utf8(text: string): string | undefined {
  let bytes = "";
  let done = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (charCodeAt(text, index) < 0x80) continue;
    const code = pointAt(text, index);
    if (code < 0) return undefined;
    bytes += substring(text, done, index) + encodePoint(code);
    if (code >= 0x10000) index += 1;
    done = index + 1;
  }
  return done === 0 ? text : bytes + substring(text, done, text.length);
}

/** Text of valid UTF-8. */
export function fromUtf8(bytes: string): string {
  let text = "";
  let done = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const first = charCodeAt(bytes, index);
    if (first < 0x80) continue;
    text += substring(bytes, done, index);
    const extra = continuationsOf(first);
    let code = first & (0x3f >> extra);
    for (let more = 0; more < extra; more += 1) {
      index += 1;
      code = (code << 6) | (charCodeAt(bytes, index) & 0x3f);
    }
    text += code < 0x10000 ? fromCharCode(code) : surrogates(code - 0x10000);
    done = index + 1;
  }
  return done === 0 ? bytes : text + substring(bytes, done, bytes.length);
}

/** The code point at `index`, negative for half a surrogate pair. */
function pointAt(text: string, index: number): number {
  const high = charCodeAt(text, index);
  if (high < 0xd800 || high > 0xdfff) return high;
  const low = index + 1 < text.length ? charCodeAt(text, index + 1) : 0;
  if (high > 0xdbff || low < 0xdc00 || low > 0xdfff) return -1;
  return 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
}

function continuationsOf(first: number): number {
  if (first < 0xe0) return 1;
  return first < 0xf0 ? 2 : 3;
}

/** Bytes of lower-case hexadecimal text, or undefined. */
export function unhex(text: string): string | undefined {
  if (text.length % 2 !== 0) return undefined;
  let bytes = "";
  for (let index = 0; index < text.length; index += 2) {
    const high = nibble(charCodeAt(text, index));
    const low = nibble(charCodeAt(text, index + 1));
    if (high < 0 || low < 0) return undefined;
    bytes += fromCharCode((high << 4) | low);
  }
  return bytes;
}

export function hex(bytes: string): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = charCodeAt(bytes, index);
    text += (HEX[byte >> 4] ?? "") + (HEX[byte & 15] ?? "");
  }
  return text;
}

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}

function encodePoint(code: number): string {
  const last = CONTINUATION | (code & 0x3f);
  if (code < 0x800) return fromCharCode(0xc0 | (code >> 6), last);
  const middle = CONTINUATION | ((code >> 6) & 0x3f);
  if (code < 0x10000) return fromCharCode(0xe0 | (code >> 12), middle, last);
  return fromCharCode(0xf0 | (code >> 18), CONTINUATION | ((code >> 12) & 0x3f), middle, last);
}

function surrogates(code: number): string {
  return fromCharCode(0xd800 | (code >> 10), 0xdc00 | (code & 0x3ff));
}
