/**
 * Hardening: every intrinsic keeps only the listed members, then all that is reachable is frozen.
 *
 * A list of what stays, never of what goes: a method that a later engine adds is not let in.
 */
import { arrayMethods } from "./arrays.ts";
import { mapMethods, setMethods } from "./collections.ts";
import { bigintMethods, globals, numberMethods } from "./globals.ts";
import { iteratorPrototypes, Steps } from "./iteration.ts";
import { errorPrototype, Failure, rangeErrorPrototype, typeErrorPrototype } from "./meter.ts";
import {
  defineProperty,
  deleteProperty,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isFrozen,
  objectKeys,
  ownKeys,
  preventExtensions,
  RawError,
  RawSet,
  values,
} from "./primordials.ts";
import { textMethods } from "./texts.ts";

const FUNCTION_PROTOTYPES: readonly object[] = [
  Function.prototype,
  getPrototypeOf(async () => {}) ?? {},
  getPrototypeOf(function* () {}) ?? {},
  getPrototypeOf(async function* () {}) ?? {},
];

/** Members that the engine keeps beside our own methods. */
const KEPT: readonly (readonly [object, readonly PropertyKey[]])[] = [
  [Object.prototype, []],
  [Function.prototype, ["length", "name", Symbol.hasInstance]],
  [Array.prototype, ["length", "keys", "values", "entries", Symbol.iterator]],
  [String.prototype, ["length", "toString", Symbol.iterator]],
  [Number.prototype, []],
  [BigInt.prototype, []],
  [Boolean.prototype, ["toString"]],
  [Symbol.prototype, []],
  [Map.prototype, ["size"]],
  [Set.prototype, ["size"]],
  ...iteratorPrototypes.map((prototype) => [prototype, ["next"]] as const),
  [getPrototypeOf(iteratorPrototypes[0] ?? {}) ?? {}, [Symbol.iterator]],
];

const METHODS: readonly (readonly [object, object])[] = [
  [Array.prototype, arrayMethods],
  [String.prototype, textMethods],
  [Number.prototype, numberMethods],
  [BigInt.prototype, bigintMethods],
  [Map.prototype, mapMethods],
  [Set.prototype, setMethods],
];

/** Kept: the name `globalThis` is itself a property that goes. */
const globalObject = globalThis;
const CONSTANTS: readonly PropertyKey[] = ["undefined", "NaN", "Infinity"];

/**
 * Runs once, after all trusted modules took what they need; `roots` are ours, frozen with the rest.
 * It cannot use methods of arrays: it is about to take them away.
 */
export function hardenRealm(roots: readonly object[]): void {
  // Where an error came from is for nobody here, and dear to find out.
  RawError.stackTraceLimit = 0;
  for (const value of values(globals)) bare(value);
  for (const prototype of FUNCTION_PROTOTYPES) strip(prototype, ["length", "name"]);
  for (const [prototype, kept] of KEPT) strip(prototype, kept);
  for (const [prototype, methods] of METHODS) install(prototype, methods);
  for (const [prototype, name] of ERRORS) {
    defineProperty(prototype, "constructor", { value: globals[name] });
  }
  strip(globalObject, CONSTANTS);
  install(globalObject, globals);
  const prototypes = [...FUNCTION_PROTOTYPES, ...iteratorPrototypes, Failure, Steps];
  for (const [prototype] of KEPT) prototypes[prototypes.length] = prototype;
  freezeAll([globalObject, ...prototypes, ...roots]);
}

/** Every object that code can reach from `roots`, by a path to it: what the realm test compares. */
export function reachable(roots: Readonly<Record<string, unknown>>): readonly string[] {
  const seen = new RawSet<unknown>();
  const paths: string[] = [];
  const queue: [string, unknown][] = [];
  const visit = (path: string, value: unknown): void => {
    queue[queue.length] = [path, value];
  };
  for (const name of objectKeys(roots)) visit(name, roots[name]);
  for (let next = 0; next < queue.length; next += 1) {
    const [path, value] = queue[next] ?? ["", undefined];
    if (!isObject(value) || seen.has(value)) continue;
    seen.add(value);
    paths[paths.length] = `${path}${isFrozen(value) ? "" : " (not frozen)"}`;
    visitMembers(path, value, visit);
    visit(`${path}.[[Prototype]]`, getPrototypeOf(value));
  }
  return paths;
}

function visitMembers(
  path: string,
  target: object,
  visit: (path: string, value: unknown) => void,
): void {
  for (const key of ownKeys(target)) {
    const found = getOwnPropertyDescriptor(target, key);
    const name = typeof key === "symbol" ? symbolName(key) : key;
    visit(`${path}.${name}`, found?.value);
    visit(`${path}.get ${name}`, found?.get);
    visit(`${path}.set ${name}`, found?.set);
  }
}

/** Kept, because the name of a symbol is itself a member that goes. */
const { iterator, hasInstance } = Symbol;

function symbolName(symbol: symbol): string {
  if (symbol === iterator) return "[iterator]";
  return symbol === hasInstance ? "[hasInstance]" : "[symbol]";
}

const ERRORS = [
  [errorPrototype, "Error"],
  [typeErrorPrototype, "TypeError"],
  [rangeErrorPrototype, "RangeError"],
] as const;

/** Our own constructors lead nowhere but to the prototype that `instanceof` asks for. */
function bare(value: unknown): void {
  if (typeof value === "function" && isObject(value.prototype)) {
    deleteProperty(value.prototype, "constructor");
  }
}

function strip(target: object, kept: readonly PropertyKey[]): void {
  for (const key of ownKeys(target)) {
    let stays = false;
    for (const name of kept) stays ||= name === key;
    if (!stays) deleteProperty(target, key);
  }
}

function install(target: object, members: object): void {
  for (const key of ownKeys(members)) {
    const value = getOwnPropertyDescriptor(members, key)?.value;
    defineProperty(target, key, { value, writable: false, enumerable: false, configurable: false });
  }
}

function freezeAll(roots: readonly object[]): void {
  const seen = new RawSet<object>();
  const queue: unknown[] = [...roots];
  for (let index = 0; index < queue.length; index += 1) {
    const next = queue[index];
    if (!isObject(next) || seen.has(next)) continue;
    seen.add(next);
    for (const key of ownKeys(next)) {
      const found = getOwnPropertyDescriptor(next, key);
      for (const value of [found?.value, found?.get, found?.set]) queue[queue.length] = value;
    }
    queue[queue.length] = getPrototypeOf(next);
    close(next);
  }
}

/**
 * What `Object.freeze` does, member by member. That also marks an object as one of frozen items, and
 * behind such a prototype the engine adds items to arrays a hundred times as slowly.
 */
function close(target: object): void {
  for (const key of ownKeys(target)) {
    const isData = hasOwn(getOwnPropertyDescriptor(target, key) ?? {}, "value");
    const fixed = isData ? { writable: false, configurable: false } : { configurable: false };
    defineProperty(target, key, fixed);
  }
  preventExtensions(target);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
