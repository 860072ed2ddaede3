/**
 * Points that prove nothing as Ed25519 keys or in signatures, told by their bytes alone.
 *
 * Anybody can sign for a point of small order; and a point written in a second way makes two keys or
 * two signatures out of one. Libraries differ in which of them they take, so all are refused here.
 *
 * Units   A point is 64 hexadecimal characters, lower case: y little-endian, the sign of x on top.
 * Source  "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko, 2020), table 1; RFC 8032, 5.1.3.
 */

const SIGN_BIT = 0x80;

/** The y coordinates of orders 4, 1, 8, 8 and 2. The sign makes no difference to the order. */
const SMALL_ORDER_Y = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ec${"ff".repeat(30)}7f`,
];

/** A y of p = 2^255 - 19 or more stands for another, smaller one. */
const UNREDUCED = /^(?:e[d-f]|f.)(?:ff){30}[7f]f$/;

const smallOrderPoints: ReadonlySet<string> = new Set(
  SMALL_ORDER_Y.flatMap((y) => [y, withSignBit(y)]),
);

/** Says nothing about whether it is a point of the curve: who verifies with it learns that. */
export function isSoundPoint(point: string): boolean {
  return !smallOrderPoints.has(point) && !UNREDUCED.test(point);
}

function withSignBit(y: string): string {
  const last = Number.parseInt(y.slice(-2), 16) | SIGN_BIT;
  return y.slice(0, -2) + last.toString(16).padStart(2, "0");
}
