/** Writes through a computed key: no gaps in arrays, no keys that are objects, no new length. */
import { limits } from "../limits.ts";
import { charge, failWith, typeError } from "./meter.ts";
import { isIndex, keyOf } from "./operators.ts";
import { apply, getProperty, hasOwn, isArray, setProperty, toObject } from "./primordials.ts";

type Operator = (left: unknown, right: unknown) => unknown;

/** A place and what it held when its expression was evaluated. */
interface Place {
  readonly target: object;
  readonly key: string | number;
  readonly old: unknown;
}

const SET_GAS = 6;
/** Of a property that an object gets: the engine makes a shape of each set of names. */
const NEW_GAS = 120;

/** `target[key] = value` */
export function set(target: unknown, key: unknown, value: unknown): unknown {
  const place = keyOf(key);
  if (typeof target !== "object" || target === null) return typeError();
  charge(SET_GAS);
  if (isArray(target)) demandIndex(target, place);
  else if (!hasOwn(target, place)) charge(NEW_GAS);
  return write(target, place, value);
}

/** The place `target[key]`, before the right side of `+=` and the like is evaluated. */
export function reference(target: unknown, key: unknown): Place {
  const place = keyOf(key);
  if (typeof target !== "object" || target === null) return typeError();
  return { target, key: place, old: getProperty(target, place) };
}

/** `target[key] op= value` */
export function update(operator: Operator, place: Place, value: unknown): unknown {
  return set(place.target, place.key, operator(place.old, value));
}

/** `target[key]++` and its kin: the new value when `isPrefix`, else the old one. */
export function step(change: (old: unknown) => unknown, place: Place, isPrefix: boolean): unknown {
  const next = change(place.old);
  set(place.target, place.key, next);
  return isPrefix ? next : place.old;
}

/** `target[key](…args)` */
export function invoke(target: unknown, key: unknown, args: readonly unknown[]): unknown {
  const place = keyOf(key);
  if (target === undefined || target === null) return typeError();
  const method: unknown = getProperty(toObject(target), place);
  return typeof method === "function" ? apply(method, target, args) : typeError();
}

function demandIndex(target: readonly unknown[], key: string | number): void {
  if (!isIndex(key) || key > target.length) failWith("ARRAY_GAP");
  if (key >= limits.arrayItemsMax) failWith("ARRAY_TOO_LONG");
}

function write(target: object, key: string | number, value: unknown): unknown {
  if (!setProperty(target, key, value)) typeError();
  return value;
}
