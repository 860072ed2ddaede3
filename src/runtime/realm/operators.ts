/**
 * Operators as instrumented code calls them: both sides of one kind, no implicit conversion, every
 * result within the limits, every cost that grows with its operands charged.
 */
import { limits } from "../limits.ts";
import { charge, failWith, typeError } from "./meter.ts";
import { chargeInteger, chargeText, isWide, keysGas, NAME_GAS, NUMBER_TEXT_GAS } from "./prices.ts";
import {
  charCodeAt,
  integerText,
  isArray,
  isInteger,
  numberText,
  ownKeys,
  RawBigInt,
} from "./primordials.ts";

const INT_END = 1n << RawBigInt(limits.intBits - 1);
const SMALL = 4_294_967_296;
const REMAINDER_GAS = 50;
const SHIFT_MAX = 256n;
const BIG_GAS = 4;
/** Of each step of a power, and of an integer of more than 64 bits as operand. */
const POWER_GAS = 8;
const WIDE_GAS = 8;
/** Shorter text is copied by the engine itself. */
const PIECES_FROM = 13;
const JOIN_GAS = 4;

/** The integer, if it fits into 256 bits with its sign. */
export function bounded(value: bigint): bigint {
  return value >= INT_END || value < -INT_END ? failWith("INT_OVERFLOW") : value;
}

/**
 * The text, if it is not too long; charges for making it. It is joined at once: the engine would keep
 * the pieces, and a text of many pieces costs whoever reads it far more than its length.
 */
export function made(text: string): string {
  if (text.length > limits.textCharactersMax) failWith("TEXT_TOO_LONG");
  if (text.length < PIECES_FROM) return text;
  charge(JOIN_GAS + (text.length >> 4));
  charCodeAt(text, 0);
  return text;
}

export function add(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") return left + right;
  if (typeof left === "bigint" && typeof right === "bigint") return bounded(left + right);
  if (typeof left !== "string" && typeof right !== "string") return typeError();
  return made(asText(left) + asText(right));
}

/** What a template joins, piece by piece, so that each step is charged and limited. */
export function template(pieces: readonly unknown[]): string {
  let text = asText(pieces[0]);
  for (let index = 1; index < pieces.length; index += 1) text = made(text + asText(pieces[index]));
  return text;
}

export function subtract(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left !== "bigint" || typeof right !== "bigint") return typeError();
  return bounded(left - right);
}

export function multiply(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") return left * right;
  if (typeof left !== "bigint" || typeof right !== "bigint") return typeError();
  charge(BIG_GAS);
  return bounded(left * right);
}

export function divide(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") return left / right;
  if (typeof left !== "bigint" || typeof right !== "bigint") return typeError();
  charge(isWide(left) ? BIG_GAS + WIDE_GAS : BIG_GAS);
  return right === 0n ? failWith("DIVISION_BY_ZERO") : bounded(left / right);
}

export function remainder(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") {
    // The engine takes a step for each bit by which the two differ.
    if (left > SMALL || left < -SMALL || (right < 1 && right > -1)) charge(REMAINDER_GAS);
    return left % right;
  }
  if (typeof left !== "bigint" || typeof right !== "bigint") return typeError();
  charge(isWide(left) ? BIG_GAS + WIDE_GAS : BIG_GAS);
  return right === 0n ? failWith("DIVISION_BY_ZERO") : left % right;
}

/** Only of integers: a power of fractions differs between engines. */
export function power(base: unknown, exponent: unknown): unknown {
  if (typeof base !== "bigint" || typeof exponent !== "bigint") return typeError();
  if (exponent < 0n) return failWith("RANGE_ERROR");
  let result = 1n;
  for (let step = 0n; step < exponent; step += 1n) {
    charge(POWER_GAS);
    result = bounded(result * base);
  }
  return result;
}

export function shiftLeft(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") return left << right;
  if (typeof left !== "bigint" || typeof right !== "bigint") return typeError();
  return bounded(left << withinShift(right));
}

export function shiftRight(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") return left >> right;
  if (typeof left !== "bigint" || typeof right !== "bigint") return typeError();
  return bounded(left >> withinShift(right));
}

export function shiftRightUnsigned(left: unknown, right: unknown): unknown {
  if (typeof left !== "number" || typeof right !== "number") return typeError();
  return left >>> right;
}

export function bitAnd(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") return left & right;
  if (typeof left !== "bigint" || typeof right !== "bigint") return typeError();
  return left & right;
}

export function bitOr(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") return left | right;
  if (typeof left !== "bigint" || typeof right !== "bigint") return typeError();
  return left | right;
}

export function bitXor(left: unknown, right: unknown): unknown {
  if (typeof left === "number" && typeof right === "number") return left ^ right;
  if (typeof left !== "bigint" || typeof right !== "bigint") return typeError();
  return left ^ right;
}

export function negate(value: unknown): unknown {
  if (typeof value === "number") return -value;
  return typeof value === "bigint" ? bounded(-value) : typeError();
}

export function plus(value: unknown): unknown {
  return typeof value === "number" ? value : typeError();
}

export function bitNot(value: unknown): unknown {
  if (typeof value === "number") return ~value;
  return typeof value === "bigint" ? bounded(~value) : typeError();
}

export function increment(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  return typeof value === "bigint" ? bounded(value + 1n) : typeError();
}

export function decrement(value: unknown): unknown {
  if (typeof value === "number") return value - 1;
  return typeof value === "bigint" ? bounded(value - 1n) : typeError();
}

export function less(left: unknown, right: unknown): boolean {
  if (typeof left === "number" && typeof right === "number") return left < right;
  if (typeof left === "string" && typeof right === "string") {
    chargeText(left, right);
    return left < right;
  }
  return isNumeric(left) && isNumeric(right) ? left < right : typeError();
}

export function lessOrEqual(left: unknown, right: unknown): boolean {
  if (typeof left === "number" && typeof right === "number") return left <= right;
  if (typeof left === "string" && typeof right === "string") {
    chargeText(left, right);
    return left <= right;
  }
  return isNumeric(left) && isNumeric(right) ? left <= right : typeError();
}

export function greater(left: unknown, right: unknown): boolean {
  return less(right, left);
}

export function greaterOrEqual(left: unknown, right: unknown): boolean {
  return lessOrEqual(right, left);
}

export function equal(left: unknown, right: unknown): boolean {
  if (typeof left === "string" && typeof right === "string") chargeText(left, right);
  return left === right;
}

export function has(key: unknown, target: unknown): boolean {
  if (typeof target !== "object" || target === null) return typeError();
  charge(NAME_GAS);
  return keyOf(key) in target;
}

/** Only constructors have instances here: of any other function there are none. */
export function isInstance(value: unknown, maker: unknown): boolean {
  return typeof maker === "function" ? value instanceof maker : typeError();
}

/** A property key: a number or text, never an object that would be converted. */
export function keyOf(key: unknown): string | number {
  return typeof key === "number" || typeof key === "string" ? key : typeError();
}

/** The old value; `next` is evaluated after it, as `x++` needs. */
export function before(old: unknown, _next: unknown): unknown {
  return old;
}

/** What a spread in an object literal copies. */
export function spreadObject(source: unknown): unknown {
  if (source === null || source === undefined) return source;
  if (typeof source !== "object" || isArray(source)) return typeError();
  const keys = ownKeys(source).length;
  // Counting them was work already: an object that has too many is no cheaper to try.
  charge(keysGas(keys));
  if (keys > limits.spreadItemsMax) failWith("ARRAY_TOO_LONG");
  return source;
}

export function asText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "bigint":
      chargeInteger(value);
      return integerText(value, 10);
    case "number":
      charge(NUMBER_TEXT_GAS);
      return numberText(value, 10);
    case "boolean":
      return value ? "true" : "false";
    case "undefined":
      return "undefined";
    default:
      return value === null ? "null" : typeError();
  }
}

export function isIndex(value: unknown): value is number {
  return typeof value === "number" && isInteger(value) && value >= 0;
}

function withinShift(bits: bigint): bigint {
  return bits > SHIFT_MAX || bits < -SHIFT_MAX ? failWith("INT_OVERFLOW") : bits;
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
