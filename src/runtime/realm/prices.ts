/** Prices of what depends on a value: a text, an integer, a key, the names of an object. */
import { charge } from "./meter.ts";
import { charCodeAt } from "./primordials.ts";

const INT64_END = 1n << 63n;
/** Characters that one gas compares. */
const TEXT_PER_GAS = 16;
/** Of a number or an integer as text. */
export const NUMBER_TEXT_GAS = 10;
const WIDE_TEXT_GAS = 40;
/** Properties up to which the engine keeps an object as a shape. */
const SMALL_OBJECT = 32;
const TEXT_KEY_GAS = 8;
/** Of looking for a name that may be new to the engine. */
export const NAME_GAS = 20;

/**
 * Charges for finding a key among `size` others. The engine hashes numbers and integers in a known
 * way, and of an integer only the lowest 64 bits: a contract can put all its keys into one bucket.
 */
export function chargeKey(key: unknown, size: number): void {
  if (typeof key === "string") charge(isDigit(key) ? size >> 3 : TEXT_KEY_GAS + (key.length >> 4));
  else if (typeof key === "object" || typeof key === "function") charge(TEXT_KEY_GAS);
  else if (typeof key === "number") charge(size >> 5);
  else if (typeof key === "bigint") charge(key < INT64_END && -key < INT64_END ? size >> 3 : size);
}

/** Charges for an integer as text. */
export function chargeInteger(value: bigint): void {
  charge(isWide(value) ? WIDE_TEXT_GAS : NUMBER_TEXT_GAS);
}

/** Charges for names that are copied or listed: an object of many is kept in another, slower way. */
export function keysGas(keys: number): number {
  return 4 + keys * (keys > SMALL_OBJECT ? 48 : 10);
}

export function isWide(value: bigint): boolean {
  return value >= INT64_END || value < -INT64_END;
}

/** Text of digits is hashed as the number that it spells, so keys can be chosen to meet. */
function isDigit(key: string): boolean {
  const first = key.length === 0 ? 0 : charCodeAt(key, 0);
  return first >= 48 && first <= 57;
}

export function chargeText(left: string, right: string): void {
  const shared = left.length < right.length ? left.length : right.length;
  if (shared >= TEXT_PER_GAS) charge(shared >> 4);
}
