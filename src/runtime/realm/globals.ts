/** The names that contracts may use without declaring them, and nothing else. */
import { limits } from "../limits.ts";
import { arrayTools } from "./arrays.ts";
import { MapOf, SetOf } from "./collections.ts";
import {
  charge,
  errorConstructor,
  errorPrototype,
  failWith,
  rangeErrorPrototype,
  typeError,
  typeErrorPrototype,
} from "./meter.ts";
import { asText, bounded, equal, isIndex, keyOf, spreadObject } from "./operators.ts";
import { chargeInteger, keysGas, NAME_GAS, NUMBER_TEXT_GAS } from "./prices.ts";
import {
  apply,
  asIntN,
  assign,
  asUintN,
  freeze,
  fromCharCode,
  getProperty,
  hasOwn,
  integerText,
  isArray,
  isInteger,
  isSame,
  numberText,
  objectKeys,
  RawBigInt,
  RawNumber,
} from "./primordials.ts";

const MAX_SAFE = Number.MAX_SAFE_INTEGER;
const DECIMAL = 10;
const HEXADECIMAL = 16;
/** A large number has hundreds of digits. */
const HEXADECIMAL_GAS = 160;
const FREEZE_GAS = 8;
const CONVERT_GAS = 4;

const { abs, ceil, floor, max, min, round, sign, sqrt, trunc, imul, clz32 } = Math;

/** Own property names, charged. Text and numbers have none that a contract needs. */
function keys(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return typeError();
  const names = objectKeys(value);
  charge(keysGas(names.length));
  return names;
}

function pick<T>(value: unknown, read: (name: string, item: unknown) => T): T[] {
  const names = keys(value);
  const result: T[] = [];
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? "";
    result[index] = read(name, property(value, name));
  }
  return result;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? getProperty(value, name) : undefined;
}

const objectTools = {
  keys,
  values: (value: unknown): unknown[] => pick(value, (_, item) => item),
  entries: (value: unknown): unknown[] => pick(value, (name, item) => [name, item]),
  assign: (target: unknown, ...sources: unknown[]): unknown => {
    if (typeof target !== "object" || target === null || isArray(target)) return typeError();
    for (let index = 0; index < sources.length; index += 1) {
      apply(assign, undefined, [target, spreadObject(sources[index])]);
    }
    return target;
  },
  freeze: (value: unknown): unknown => {
    if (isArray(value)) charge(FREEZE_GAS + FREEZE_GAS * value.length);
    else if (typeof value === "object" && value !== null) charge(keysGas(objectKeys(value).length));
    return freeze(value);
  },
  hasOwn: (value: unknown, name: unknown): boolean => {
    if (typeof value !== "object" || value === null) return typeError();
    charge(NAME_GAS);
    return hasOwn(value, keyOf(name));
  },
  is: (left: unknown, right: unknown): boolean => {
    // For what comparing costs; but zero and zero below zero are equal, and are not the same.
    equal(left, right);
    return isSame(left, right);
  },
};

function shortText(value: string): string {
  if (value.length > limits.numberTextCharactersMax) return failWith("INT_OVERFLOW");
  charge(CONVERT_GAS + value.length);
  return value;
}

function NumberOf(value: unknown = 0): number {
  if (typeof value === "object" || typeof value === "function") return typeError();
  charge(CONVERT_GAS);
  return RawNumber(typeof value === "string" ? shortText(value) : value);
}

function BigIntOf(value: unknown): bigint {
  charge(CONVERT_GAS);
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && isInteger(value)) return bounded(RawBigInt(value));
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value !== "string" || !isIntegerText(shortText(value))) return failWith("TYPE_ERROR");
  return bounded(RawBigInt(value));
}

/** Plain decimal digits after an optional sign: other spellings are for people. */
function isIntegerText(value: string): boolean {
  const start = value[0] === "-" ? 1 : 0;
  for (let index = start; index < value.length; index += 1) {
    const digit = value[index] ?? "";
    if (!(digit >= "0" && digit <= "9")) return false;
  }
  return value.length > start;
}

function StringOf(value: unknown = ""): string {
  return asText(value);
}

function BooleanOf(value?: unknown): boolean {
  return !!value;
}

function wrapped(method: (bits: number, value: bigint) => bigint) {
  return (bits: unknown, value: unknown): bigint => {
    if (!isIndex(bits) || typeof value !== "bigint") return typeError();
    charge(CONVERT_GAS);
    return bits > limits.intBits ? failWith("INT_OVERFLOW") : bounded(method(bits, value));
  };
}

assign(NumberOf, {
  isInteger: (value: unknown): boolean => isInteger(value),
  isSafeInteger: (value: unknown): boolean =>
    typeof value === "number" && isInteger(value) && abs(value) <= MAX_SAFE,
  MAX_SAFE_INTEGER: MAX_SAFE,
});
assign(BigIntOf, { asIntN: wrapped(asIntN), asUintN: wrapped(asUintN) });
assign(StringOf, {
  fromCharCode: (...codes: unknown[]): string => {
    for (let index = 0; index < codes.length; index += 1) {
      if (!isIndex(codes[index])) typeError();
    }
    charge(2 + 2 * codes.length);
    return apply(fromCharCode, undefined, codes);
  },
});

function numeric(method: (...values: number[]) => number): (...values: unknown[]) => number {
  return (...values) => {
    for (let index = 0; index < values.length; index += 1) {
      if (typeof values[index] !== "number") typeError();
    }
    charge(2 * values.length);
    return apply(method, undefined, values);
  };
}

/** `toString` of numbers and integers: radix 10, or 16 of whole numbers. */
export const numberMethods = {
  toString(this: unknown, radix: unknown = DECIMAL): string {
    if (typeof this !== "number") return typeError();
    if (radix !== DECIMAL && !(radix === HEXADECIMAL && isInteger(this))) return typeError();
    charge(radix === HEXADECIMAL ? HEXADECIMAL_GAS : NUMBER_TEXT_GAS);
    return numberText(this, radix);
  },
};

export const bigintMethods = {
  toString(this: unknown, radix: unknown = DECIMAL): string {
    if (typeof this !== "bigint") return typeError();
    if (radix !== DECIMAL && radix !== HEXADECIMAL) return typeError();
    chargeInteger(this);
    return integerText(this, radix);
  },
};

/** By name: what a contract finds on the global object. */
export const globals: Readonly<Record<string, unknown>> = {
  Object: objectTools,
  Array: arrayTools,
  Number: NumberOf,
  BigInt: BigIntOf,
  String: StringOf,
  Boolean: BooleanOf,
  Map: MapOf,
  Set: SetOf,
  Math: {
    abs: numeric(abs),
    ceil: numeric(ceil),
    floor: numeric(floor),
    max: numeric(max),
    min: numeric(min),
    round: numeric(round),
    sign: numeric(sign),
    sqrt: numeric(sqrt),
    trunc: numeric(trunc),
    imul: numeric(imul),
    clz32: numeric(clz32),
  },
  Error: errorConstructor("Error", errorPrototype),
  TypeError: errorConstructor("TypeError", typeErrorPrototype),
  RangeError: errorConstructor("RangeError", rangeErrorPrototype),
};
