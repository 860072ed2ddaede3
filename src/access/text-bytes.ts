/**
 * Bytes and text without a runtime: base64url, hexadecimal and ASCII, for `ace-node/verify`.
 *
 * Range   base64url is read only in its one canonical form: no padding, no stray bits.
 * Source  RFC 4648 section 5 and section 3.5 (canonical encoding).
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ASCII_END = 128;
/** Every browser and worker has one; a bare engine may not. */
const decoder = typeof TextDecoder === "undefined" ? undefined : new TextDecoder();

const valueOfCode = new Int8Array(ASCII_END).fill(-1);
for (let value = 0; value < ALPHABET.length; value += 1) {
  valueOfCode[ALPHABET.charCodeAt(value)] = value;
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The bytes, or undefined when `text` is not what an encoder would have written. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = new Uint8Array((text.length * 3) >> 2);
  const whole = text.length - (text.length % 4);
  let length = 0;
  for (let index = 0; index < whole; index += 4) {
    const group =
      (valueAt(text, index) << 18) |
      (valueAt(text, index + 1) << 12) |
      (valueAt(text, index + 2) << 6) |
      valueAt(text, index + 3);
    // One that is no digit is -1, and makes all of it negative.
    if (group < 0) return undefined;
    bytes[length] = group >> 16;
    bytes[length + 1] = group >> 8;
    bytes[length + 2] = group;
    length += 3;
  }
  return text.length === whole ? bytes : decodeRest(text, { whole, length }, bytes);
}

/** Two or three digits more, whose last bits must be zero. */
function decodeRest(
  text: string,
  { whole, length }: { readonly whole: number; readonly length: number },
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | undefined {
  const [first, second] = [valueAt(text, whole), valueAt(text, whole + 1)];
  const hasThird = text.length - whole === 3;
  const third = hasThird ? valueAt(text, whole + 2) : 0;
  const group = (first << 12) | (second << 6) | third;
  const strayBits = hasThird ? third & 0b11 : second & 0b1111;
  if (group < 0 || strayBits !== 0) return undefined;
  bytes[length] = group >> 10;
  if (hasThird) bytes[length + 1] = group >> 2;
  return bytes;
}

function valueAt(text: string, index: number): number {
  return valueOfCode[text.charCodeAt(index)] ?? -1;
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
  let all = 0;
  for (let index = 0; index < bytes.length; index += 1) all |= bytes[index] ?? 0;
  if (all >= ASCII_END) return undefined;
  if (decoder !== undefined) return decoder.decode(bytes);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
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
