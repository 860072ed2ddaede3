/**
 * Ed25519 keys that anybody can sign for: the points of small order, in every encoding.
 *
 * Source  "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko, 2020), table 1; the sign bit is
 *         the highest bit of the last byte and makes no difference to the order.
 */

const SIGN_BIT = 0x80;

/** The y coordinates, little-endian: orders 4, 1, 8, 8, 2, then p and p + 1, which stand for 0 and 1. */
const SMALL_ORDER_Y = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
];

const smallOrderKeys: ReadonlySet<string> = new Set(
  SMALL_ORDER_Y.flatMap((y) => [y, withSignBit(y)]),
);

/** @param key 64 hexadecimal characters, lower case. */
export function isSmallOrder(key: string): boolean {
  return smallOrderKeys.has(key);
}

function withSignBit(y: string): string {
  const last = Number.parseInt(y.slice(-2), 16) | SIGN_BIT;
  return y.slice(0, -2) + last.toString(16).padStart(2, "0");
}
