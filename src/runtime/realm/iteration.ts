/** What contracts may iterate: arrays, text, Map, Set and the engine's iterators over these. */
import { typeError } from "./meter.ts";
import { getPrototypeOf, isArray, RawMap, RawSet } from "./primordials.ts";

/** Prototypes of the iterators of arrays, text, Map and Set. */
export const iteratorPrototypes: readonly object[] = [
  Object.getPrototypeOf([].values()),
  Object.getPrototypeOf(""[Symbol.iterator]()),
  Object.getPrototypeOf(new Map().values()),
  Object.getPrototypeOf(new Set().values()),
];

/** The value itself, if a loop over it takes only steps of known cost. */
export function iterable(value: unknown): Iterable<unknown> {
  if (isArray(value) || typeof value === "string") return value;
  if (value instanceof RawMap || value instanceof RawSet) return value;
  return isIterator(value) ? value : typeError();
}

function isIterator(value: unknown): value is Iterable<unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = getPrototypeOf(value);
  for (let index = 0; index < iteratorPrototypes.length; index += 1) {
    if (iteratorPrototypes[index] === prototype) return true;
  }
  return false;
}
