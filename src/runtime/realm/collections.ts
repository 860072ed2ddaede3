/** Map and Set as contracts know them: each step charged, built from arrays item by item. */
import { iterable } from "./iteration.ts";
import { charge, typeError } from "./meter.ts";
import { chargeKey } from "./operators.ts";
import { apply, isArray, RawMap, RawSet, sizeOf } from "./primordials.ts";

const map = Map.prototype;
const collection = Set.prototype;
const { get, set, has, clear, forEach, keys, values, entries } = map;
const { add, has: contains, clear: empty, forEach: visitAll } = collection;
const { values: members, entries: pairs } = collection;
const remove = map.delete;
const drop = collection.delete;

const WRITE_GAS = 6;
const READ_GAS = 2;

type Visit = (value: unknown, key: unknown) => void;

export const mapMethods = {
  get(this: unknown, key: unknown): unknown {
    charge(READ_GAS);
    chargeKey(key, countOf(this));
    return apply(get, this, [key]);
  },
  set(this: unknown, key: unknown, value: unknown): unknown {
    charge(WRITE_GAS);
    chargeKey(key, countOf(this));
    return apply(set, this, [key, value]);
  },
  has(this: unknown, key: unknown): unknown {
    charge(READ_GAS);
    chargeKey(key, countOf(this));
    return apply(has, this, [key]);
  },
  delete(this: unknown, key: unknown): unknown {
    charge(READ_GAS);
    chargeKey(key, countOf(this));
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
  keys(this: unknown): unknown {
    return started(keys, this);
  },
  values(this: unknown): unknown {
    return started(values, this);
  },
  entries(this: unknown): unknown {
    return started(entries, this);
  },
  [Symbol.iterator](this: unknown): unknown {
    return started(entries, this);
  },
};

export const setMethods = {
  add(this: unknown, item: unknown): unknown {
    charge(WRITE_GAS);
    chargeKey(item, countOf(this));
    return apply(add, this, [item]);
  },
  has(this: unknown, item: unknown): unknown {
    charge(READ_GAS);
    chargeKey(item, countOf(this));
    return apply(contains, this, [item]);
  },
  delete(this: unknown, item: unknown): unknown {
    charge(READ_GAS);
    chargeKey(item, countOf(this));
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
  keys(this: unknown): unknown {
    return started(members, this);
  },
  values(this: unknown): unknown {
    return started(members, this);
  },
  entries(this: unknown): unknown {
    return started(pairs, this);
  },
  [Symbol.iterator](this: unknown): unknown {
    return started(members, this);
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
  charge(2 + countOf(value));
}

function countOf(value: unknown): number {
  return value instanceof RawMap || value instanceof RawSet ? sizeOf(value) : typeError();
}

/** Before its first item an iterator passes the places of deleted ones: at most three to each left. */
function started(method: () => unknown, value: unknown): unknown {
  charge(2 + (countOf(value) >> 2));
  return apply(method, value, []);
}

function stepped(visit: Visit, value: unknown, key: unknown): void {
  charge(1);
  visit(value, key);
}
