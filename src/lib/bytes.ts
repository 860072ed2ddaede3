/** Bytes: hexadecimal text, joining and the one order that state keys are sorted in. */

const HEX = /^(?:[0-9a-f]{2})*$/;

/** Lower-case hexadecimal text of `bytes`. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** Bytes of lower-case hexadecimal text, or undefined when it is not that. */
export function fromHex(text: string): Uint8Array | undefined {
  return HEX.test(text) ? Uint8Array.fromHex(text) : undefined;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Negative, zero or positive as `left` sorts before, with or after `right`: byte by byte, shorter first. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** `value` as 8 bytes, big-endian. Range 0 to 2^64 - 1. */
export function uint64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** `value` as 4 bytes, big-endian. Range 0 to 2^32 - 1. */
export function uint32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
