/**
 * The engine's own functions, captured before the realm is stripped and frozen.
 *
 * Trusted code of the realm uses these and never a method of a prototype: those are metered for
 * contracts, and a charge in the middle of our own work would leave it half done.
 */
export const apply = Reflect.apply;
export const construct = Reflect.construct;
export const getProperty = Reflect.get;
export const setProperty = Reflect.set;
export const ownKeys = Reflect.ownKeys;
export const defineProperty = Reflect.defineProperty;
export const deleteProperty = Reflect.deleteProperty;
export const getOwnPropertyDescriptor = Reflect.getOwnPropertyDescriptor;
export const setPrototypeOf = Reflect.setPrototypeOf;
export const getPrototypeOf = Reflect.getPrototypeOf;
export const preventExtensions = Reflect.preventExtensions;
export const freeze = Object.freeze;
export const create = Object.create;
export const isFrozen = Object.isFrozen;
export const values = Object.values;
export const objectKeys = Object.keys;
export const isSame = Object.is;
export const assign = Object.assign;
export const hasOwn = Object.hasOwn;
export const isArray = Array.isArray;
export const isInteger = Number.isInteger;
export const parseJson = JSON.parse;
export const RawNumber = Number;
export const RawString = String;
/** The object itself, or one around a value that is none. */
export const toObject: (value: unknown) => object = Object;
export const RawBigInt = BigInt;
export const RawMap = Map;
export const RawSet = Set;
export const RawError = Error;
export const RawTypeError = TypeError;
export const RawRangeError = RangeError;
export const objectPrototype = Object.prototype;
export const fromCharCode = String.fromCharCode;
export const asIntN = BigInt.asIntN;
export const asUintN = BigInt.asUintN;

type Method = (...values: never[]) => unknown;

const stringCharCodeAt: Method = String.prototype.charCodeAt;
const stringSubstring: Method = String.prototype.substring;
const bigintToString: Method = BigInt.prototype.toString;
const numberToString: Method = Number.prototype.toString;
const mapSize = getOwnPropertyDescriptor(Map.prototype, "size")?.get;
const setSize = getOwnPropertyDescriptor(Set.prototype, "size")?.get;

export const charCodeAt = (text: string, index: number): number =>
  apply(stringCharCodeAt, text, [index]);
export const substring = (text: string, from: number, to: number): string =>
  apply(stringSubstring, text, [from, to]);
export const integerText = (value: bigint, radix: number): string =>
  apply(bigintToString, value, [radix]);
export const numberText = (value: number, radix: number): string =>
  apply(numberToString, value, [radix]);
export const sizeOf = (collection: object): number =>
  apply((collection instanceof RawMap ? mapSize : setSize) ?? unsized, collection, []);

/** True for an object literal, or one made like it. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && getPrototypeOf(value) === objectPrototype;
}

/** Sets a property as a literal would, whatever its name. */
export function setOwn(target: object, name: string, value: unknown): void {
  defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}

function unsized(): number {
  return 0;
}
