/** Map and Set as contracts know them: each step charged, built from arrays item by item. */
import { iterable } from "./iteration.ts";
import { charge, typeError } from "./meter.ts";
import { chargeKey } from "./operators.ts";
import { apply, isArray, RawMap, RawSet, sizeOf } from "./primordials.ts";

const map = Map.prototype;
const collection = Set.prototype;
const { get, set, has, clear, forEach } = map;
const { add, has: contains, clear: empty, forEach: visitAll } = collection;
const remove = map.delete;
const drop = collection.delete;

const WRITE_GAS = 6;
const READ_GAS = 2;

type Visit = (value: unknown, key: unknown) => void;

export const mapMethods = {
  get(this: unknown, key: unknown): unknown {
    charge(READ_GAS);
    chargeKey(key);
    return apply(get, this, [key]);
  },
  set(this: unknown, key: unknown, value: unknown): unknown {
    charge(WRITE_GAS);
    chargeKey(key);
    return apply(set, this, [key, value]);
  },
  has(this: unknown, key: unknown): unknown {
    charge(READ_GAS);
    chargeKey(key);
    return apply(has, this, [key]);
  },
  delete(this: unknown, key: unknown): unknown {
    charge(READ_GAS);
    chargeKey(key);
    return apply(remove, this, [key]);
  },
  clear(this: unknown): void {
    chargeAll(this);
    apply(clear, this, []);
  },
  forEach(this: unknown, visit: Visit): void {
    chargeAll(this);
    apply(forEach, this, [(value: unknown, key: unknown) => stepped(visit, value, key)]);
  },
};

export const setMethods = {
  add(this: unknown, item: unknown): unknown {
    charge(WRITE_GAS);
    chargeKey(item);
    return apply(add, this, [item]);
  },
  has(this: unknown, item: unknown): unknown {
    charge(READ_GAS);
    chargeKey(item);
    return apply(contains, this, [item]);
  },
  delete(this: unknown, item: unknown): unknown {
    charge(READ_GAS);
    chargeKey(item);
    return apply(drop, this, [item]);
  },
  clear(this: unknown): void {
    chargeAll(this);
    apply(empty, this, []);
  },
  forEach(this: unknown, visit: Visit): void {
    chargeAll(this);
    apply(visitAll, this, [(value: unknown, key: unknown) => stepped(visit, value, key)]);
  },
};

/** The constructor `Map`. */
export function MapOf(entries?: unknown): object {
  const made = new RawMap();
  charge(WRITE_GAS);
  if (entries === undefined || entries === null) return made;
  for (const entry of iterable(entries)) {
    if (!isArray(entry)) return typeError();
    apply(mapMethods.set, made, [entry[0], entry[1]]);
  }
  return made;
}
MapOf.prototype = map;

/** The constructor `Set`. */
export function SetOf(items?: unknown): object {
  const made = new RawSet();
  charge(WRITE_GAS);
  if (items === undefined || items === null) return made;
  for (const item of iterable(items)) apply(setMethods.add, made, [item]);
  return made;
}
SetOf.prototype = collection;

function chargeAll(value: unknown): void {
  const isKnown = value instanceof RawMap || value instanceof RawSet;
  charge(2 + (isKnown ? sizeOf(value) : typeError()));
}

function stepped(visit: Visit, value: unknown, key: unknown): void {
  charge(1);
  visit(value, key);
}
