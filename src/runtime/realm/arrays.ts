/** Array as contracts know it: every method charged by length, callbacks run in our own loops. */
import { limits } from "../limits.ts";
import { append, MAKE_GAS, part, placeIn, spliced } from "./array-parts.ts";
import { type Comparator, mergeSort } from "./array-sort.ts";
import { iterable } from "./iteration.ts";
import { charge, failWith, typeError } from "./meter.ts";
import { asText, equal, isIndex, less, made } from "./operators.ts";
import { apply, isArray, isSame } from "./primordials.ts";

type Callback = (item: unknown, index: number, list: readonly unknown[]) => unknown;
type Reducer = (sum: unknown, item: unknown, index: number, list: readonly unknown[]) => unknown;

const native = Array.prototype;
const { at, push, pop, shift, unshift, reverse, fill, join } = native;

/** Of a call of a method, and of each item that it passes, makes anew, or hands to a callback. */
const CALL_GAS = 8;
const PASS_GAS = 1;
const VISIT_GAS = 6;
const COMPARE_GAS = 2;
const ITERATE_GAS = 10;
const JOIN_GAS = 12;
/** Of each item that a spread hands on: the engine takes it step by step. */
const SPREAD_GAS = 8;

/** The array that a method was called on, its whole length charged. */
function list(value: unknown, itemGas: number): unknown[] {
  if (!isArray(value)) return typeError();
  if (value.length > limits.arrayItemsMax) failWith("ARRAY_TOO_LONG");
  charge(CALL_GAS + itemGas * value.length);
  return value;
}

/** The array, for methods whose cost does not grow with it. */
function shortly(value: unknown): unknown[] {
  if (!isArray(value)) return typeError();
  charge(CALL_GAS);
  return value;
}

function grown(value: unknown, more: number): void {
  if (isArray(value) && value.length + more > limits.arrayItemsMax) failWith("ARRAY_TOO_LONG");
}

function numbers(values: readonly unknown[]): void {
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (value !== undefined && typeof value !== "number") typeError();
  }
}

function callback<F>(value: F): F {
  return typeof value === "function" ? value : typeError();
}

const simple = {
  at(this: unknown, index: unknown): unknown {
    numbers([index]);
    return apply(at, shortly(this), [index]);
  },
  push(this: unknown, ...items: unknown[]): unknown {
    grown(this, items.length);
    charge(4 * items.length);
    return apply(push, shortly(this), items);
  },
  pop(this: unknown): unknown {
    return apply(pop, shortly(this), []);
  },
  shift(this: unknown): unknown {
    return apply(shift, list(this, PASS_GAS), []);
  },
  unshift(this: unknown, ...items: unknown[]): unknown {
    grown(this, items.length);
    charge(4 * items.length);
    return apply(unshift, list(this, PASS_GAS), items);
  },
  reverse(this: unknown): unknown {
    return apply(reverse, list(this, MAKE_GAS), []);
  },
  toReversed(this: unknown): unknown {
    const items = list(this, MAKE_GAS);
    const turned: unknown[] = [];
    for (let index = items.length - 1; index >= 0; index -= 1) turned[turned.length] = items[index];
    return turned;
  },
  splice(this: unknown, ...values: unknown[]): unknown {
    numbers([values[0], values[1]]);
    grown(this, values.length);
    return spliced(list(this, MAKE_GAS), values);
  },
  slice(this: unknown, from?: unknown, to?: unknown): unknown {
    const items = shortly(this);
    return part(items, placeIn(items, from, 0), placeIn(items, to, items.length));
  },
  fill(this: unknown, value: unknown, ...range: unknown[]): unknown {
    numbers(range);
    return apply(fill, list(this, MAKE_GAS), [value, range[0], range[1]]);
  },
  with(this: unknown, index: unknown, value: unknown): unknown {
    const items = shortly(this);
    if (!isIndex(index) || index >= items.length) return failWith("RANGE_ERROR");
    const copy = part(items, 0, items.length);
    copy[index] = value;
    return copy;
  },
  concat(this: unknown, ...others: unknown[]): unknown {
    const items = shortly(this);
    let length = items.length;
    for (let index = 0; index < others.length; index += 1) {
      const other = others[index];
      length += isArray(other) ? other.length : 1;
    }
    if (length > limits.arrayItemsMax) failWith("ARRAY_TOO_LONG");
    const joined = part(items, 0, items.length);
    for (let index = 0; index < others.length; index += 1) {
      const other = others[index];
      charge(MAKE_GAS * (isArray(other) ? other.length : 1));
      if (isArray(other)) append(joined, other, 0, other.length);
      else joined[joined.length] = other;
    }
    return joined;
  },
  join(this: unknown, separator: unknown = ","): unknown {
    if (typeof separator !== "string") return typeError();
    const items = list(this, JOIN_GAS);
    const texts: string[] = [];
    let length = 0;
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index];
      const text = item === undefined || item === null ? "" : asText(item);
      length += text.length + separator.length;
      if (length > limits.textCharactersMax + separator.length) failWith("TEXT_TOO_LONG");
      texts[index] = text;
    }
    return made(apply(join, texts, [separator]));
  },
};

const searching = {
  includes(this: unknown, wanted: unknown): boolean {
    const items = list(this, COMPARE_GAS);
    for (let index = 0; index < items.length; index += 1) {
      if (equal(items[index], wanted) || isSame(items[index], wanted)) return true;
    }
    return false;
  },
  indexOf(this: unknown, wanted: unknown): number {
    const items = list(this, COMPARE_GAS);
    for (let index = 0; index < items.length; index += 1) {
      if (equal(items[index], wanted)) return index;
    }
    return -1;
  },
  lastIndexOf(this: unknown, wanted: unknown): number {
    const items = list(this, COMPARE_GAS);
    for (let index = items.length - 1; index >= 0; index -= 1) {
      if (equal(items[index], wanted)) return index;
    }
    return -1;
  },
  find(this: unknown, test: Callback): unknown {
    const items = list(this, VISIT_GAS);
    callback(test);
    for (let index = 0; index < items.length; index += 1) {
      if (test(items[index], index, items)) return items[index];
    }
    return undefined;
  },
  findIndex(this: unknown, test: Callback): number {
    const items = list(this, VISIT_GAS);
    callback(test);
    for (let index = 0; index < items.length; index += 1) {
      if (test(items[index], index, items)) return index;
    }
    return -1;
  },
  some(this: unknown, test: Callback): boolean {
    const items = list(this, VISIT_GAS);
    callback(test);
    for (let index = 0; index < items.length; index += 1) {
      if (test(items[index], index, items)) return true;
    }
    return false;
  },
  every(this: unknown, test: Callback): boolean {
    const items = list(this, VISIT_GAS);
    callback(test);
    for (let index = 0; index < items.length; index += 1) {
      if (!test(items[index], index, items)) return false;
    }
    return true;
  },
};

const transforming = {
  map(this: unknown, change: Callback): unknown[] {
    const items = list(this, VISIT_GAS);
    callback(change);
    const length = items.length;
    const result: unknown[] = [];
    for (let index = 0; index < length; index += 1) {
      result[index] = change(items[index], index, items);
    }
    return result;
  },
  filter(this: unknown, test: Callback): unknown[] {
    const items = list(this, VISIT_GAS);
    callback(test);
    const length = items.length;
    const result: unknown[] = [];
    for (let index = 0; index < length; index += 1) {
      const item = items[index];
      if (test(item, index, items)) result[result.length] = item;
    }
    return result;
  },
  forEach(this: unknown, visit: Callback): void {
    const items = list(this, VISIT_GAS);
    callback(visit);
    const length = items.length;
    for (let index = 0; index < length; index += 1) visit(items[index], index, items);
  },
  reduce(this: unknown, add: Reducer, ...start: unknown[]): unknown {
    const items = list(this, VISIT_GAS);
    callback(add);
    const length = items.length;
    if (length === 0 && start.length === 0) return typeError();
    let sum = start.length > 0 ? start[0] : items[0];
    for (let index = start.length > 0 ? 0 : 1; index < length; index += 1) {
      sum = add(sum, items[index], index, items);
    }
    return sum;
  },
  sort(this: unknown, compare: Comparator = byText): unknown[] {
    const items = list(this, VISIT_GAS);
    return mergeSort(items, callback(compare));
  },
  toSorted(this: unknown, compare: Comparator = byText): unknown[] {
    const items = list(this, VISIT_GAS);
    return mergeSort(part(items, 0, items.length), callback(compare));
  },
};

/** Methods of an array. `keys`, `values`, `entries` and iteration stay the engine's. */
export const arrayMethods = { ...simple, ...searching, ...transforming };

/** The global `Array`: not a constructor. */
export const arrayTools = {
  isArray: (value: unknown): boolean => isArray(value),
  of: (...items: unknown[]): unknown[] => {
    charge(CALL_GAS + MAKE_GAS * items.length);
    return items;
  },
  from: (source: unknown, change?: Callback): unknown[] => {
    if (change !== undefined) callback(change);
    const items = isArray(source) ? part(source, 0, source.length) : collected(source);
    if (change === undefined) return items;
    charge(VISIT_GAS * items.length);
    for (let index = 0; index < items.length; index += 1)
      items[index] = change(items[index], index, items);
    return items;
  },
};

/** What is iterated step by step. */
function collected(source: unknown): unknown[] {
  charge(CALL_GAS);
  const items: unknown[] = [];
  for (const item of iterable(source)) {
    charge(ITERATE_GAS);
    if (items.length >= limits.arrayItemsMax) failWith("ARRAY_TOO_LONG");
    items[items.length] = item;
  }
  return items;
}

/** What a spread in a call or an array literal takes. */
export function spread(source: unknown): readonly unknown[] {
  const items = isArray(source) ? source : arrayTools.from(source);
  if (items.length > limits.spreadItemsMax) failWith("ARRAY_TOO_LONG");
  charge(CALL_GAS + SPREAD_GAS * items.length);
  return items;
}

function byText(left: unknown, right: unknown): number {
  const [first, second] = [asText(left), asText(right)];
  charge(6);
  if (less(first, second)) return -1;
  return first === second ? 0 : 1;
}
