/** Map and Set as contracts know them: each step charged, built from arrays item by item. */
import { changed, iterable, Steps } from "./iteration.ts";
import { charge, typeError } from "./meter.ts";
import { chargeKey } from "./prices.ts";
import { apply, isArray, RawMap, RawSet, sizeOf } from "./primordials.ts";

const map = Map.prototype;
const collection = Set.prototype;
const { get, set, has, clear, keys, values, entries } = map;
const { add, has: contains, clear: empty } = collection;
const { values: members, entries: pairs } = collection;
const remove = map.delete;
const drop = collection.delete;

const WRITE_GAS = 14;
const READ_GAS = 4;
const CLEAR_GAS = 10;
const START_GAS = 6;

type Visit = (value: unknown, key: unknown) => void;

export const mapMethods = {
  get(this: unknown, key: unknown): unknown {
    charge(READ_GAS);
    chargeKey(key, countOf(this));
    return apply(get, this, [key]);
  },
  set(this: unknown, key: unknown, value: unknown): unknown {
    changed(WRITE_GAS);
    chargeKey(key, countOf(this));
    return apply(set, this, [key, value]);
  },
  has(this: unknown, key: unknown): unknown {
    charge(READ_GAS);
    chargeKey(key, countOf(this));
    return apply(has, this, [key]);
  },
  delete(this: unknown, key: unknown): unknown {
    changed(READ_GAS);
    chargeKey(key, countOf(this));
    return apply(remove, this, [key]);
  },
  clear(this: unknown): void {
    changed(CLEAR_GAS + countOf(this));
    apply(clear, this, []);
  },
  forEach(this: unknown, visit: Visit): void {
    each(started(entries, this, "map"), (pair) => {
      if (isArray(pair)) visit(pair[1], pair[0]);
    });
  },
  keys(this: unknown): unknown {
    return started(keys, this, "map");
  },
  values(this: unknown): unknown {
    return started(values, this, "map");
  },
  entries(this: unknown): unknown {
    return started(entries, this, "map");
  },
  [Symbol.iterator](this: unknown): unknown {
    return started(entries, this, "map");
  },
};

export const setMethods = {
  add(this: unknown, item: unknown): unknown {
    changed(WRITE_GAS);
    chargeKey(item, countOf(this));
    return apply(add, this, [item]);
  },
  has(this: unknown, item: unknown): unknown {
    charge(READ_GAS);
    chargeKey(item, countOf(this));
    return apply(contains, this, [item]);
  },
  delete(this: unknown, item: unknown): unknown {
    changed(READ_GAS);
    chargeKey(item, countOf(this));
    return apply(drop, this, [item]);
  },
  clear(this: unknown): void {
    changed(CLEAR_GAS + countOf(this));
    apply(empty, this, []);
  },
  forEach(this: unknown, visit: Visit): void {
    each(started(members, this, "set"), (item) => visit(item, item));
  },
  keys(this: unknown): unknown {
    return started(members, this, "set");
  },
  values(this: unknown): unknown {
    return started(members, this, "set");
  },
  entries(this: unknown): unknown {
    return started(pairs, this, "set");
  },
  [Symbol.iterator](this: unknown): unknown {
    return started(members, this, "set");
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

function countOf(value: unknown): number {
  return value instanceof RawMap || value instanceof RawSet ? sizeOf(value) : typeError();
}

/** Before its first item an iterator passes the places of deleted ones: at most three to each left. */
function started(
  method: () => IterableIterator<unknown>,
  value: unknown,
  kind: "map" | "set",
): Steps {
  charge(START_GAS + (countOf(value) >> 2));
  return new Steps(apply(method, value, []), kind);
}

function each(steps: Steps, visit: (item: unknown) => void): void {
  for (const item of steps) {
    charge(1);
    visit(item);
  }
}
