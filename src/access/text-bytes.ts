/**
 * Bytes and text without a runtime: base64url, hexadecimal and ASCII, for `ace-node/verify`.
 *
 * Range   base64url is read only in its one canonical form: no padding, no stray bits.
 * Source  RFC 4648 section 5 and section 3.5 (canonical encoding).
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ASCII_END = 128;

const valueOfCode = new Int8Array(ASCII_END).fill(-1);
for (let value = 0; value < ALPHABET.length; value += 1) {
  valueOfCode[ALPHABET.charCodeAt(value)] = value;
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The bytes, or undefined when `text` is not what an encoder would have written. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let pending = 0;
  let pendingBits = 0;
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    const value = valueOfCode[text.charCodeAt(index)] ?? -1;
    if (value < 0) return undefined;
    pending = ((pending << 6) | value) & 0xfff;
    pendingBits += 6;
    if (pendingBits >= 8) {
      pendingBits -= 8;
      bytes[length] = pending >> pendingBits;
      length += 1;
    }
  }
  const strayBits = pending & ((1 << pendingBits) - 1);
  return strayBits === 0 ? bytes : undefined;
}

export function encodeBase64url(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index;
    const group =
      ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    for (let place = 0; place <= Math.min(left, 3); place += 1) {
      text += ALPHABET.charAt((group >> (18 - 6 * place)) & 63);
    }
  }
  return text;
}

/** The text of ASCII bytes, or undefined when one of them is not ASCII. */
export function decodeAscii(bytes: Uint8Array): string | undefined {
  let text = "";
  for (const byte of bytes) {
    if (byte >= ASCII_END) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** The bytes of text that is known to be ASCII. */
export function encodeAscii(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += hexOfByte[byte];
  return text;
}

/** The bytes of hexadecimal text, or undefined when it is not that. */
export function bytesOfHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}
