/** What contracts may iterate: arrays, text, Map, Set and the engine's iterators over these. */
import { charge, typeError } from "./meter.ts";
import { apply, deleteProperty, getPrototypeOf, isArray, RawMap, RawSet } from "./primordials.ts";

const STEP_GAS = 8;
/** The engine's own, taken before the realm is stripped. */
const nextOf = { map: new RawMap().keys().next, set: new RawSet().keys().next };

/** Changes of any Map or Set in this call so far: what an iterator may have to catch up with. */
let changes = 0;

/** Charges for a change. */
export function changed(gas: number): void {
  charge(gas);
  changes += 1;
}

/**
 * An iterator of a Map or a Set. The engine leaves the old table behind each time that one grows,
 * shrinks or is cleared, and an iterator passes all of them, and the places of what was deleted, at
 * its next step: that step pays for the changes since the last one.
 */
export class Steps {
  readonly #inner: IterableIterator<unknown>;
  readonly #next: () => IteratorResult<unknown>;
  #seen = changes;

  constructor(inner: IterableIterator<unknown>, kind: "map" | "set") {
    this.#inner = inner;
    this.#next = nextOf[kind];
  }

  next(): IteratorResult<unknown> {
    charge(STEP_GAS + changes - this.#seen);
    this.#seen = changes;
    return apply(this.#next, this.#inner, []);
  }

  [Symbol.iterator](): this {
    return this;
  }
}
deleteProperty(Steps.prototype, "constructor");

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
  return value instanceof Steps || isIterator(value) ? value : typeError();
}

function isIterator(value: unknown): value is Iterable<unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = getPrototypeOf(value);
  for (let index = 0; index < iteratorPrototypes.length; index += 1) {
    if (iteratorPrototypes[index] === prototype) return true;
  }
  return false;
}
