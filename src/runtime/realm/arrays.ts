/** Array as contracts know it: every method charged by length, callbacks run in our own loops. */
import { limits } from "../limits.ts";
import { iterable } from "./iteration.ts";
import { charge, failWith, typeError } from "./meter.ts";
import { asText, equal, isIndex, less, made } from "./operators.ts";
import { apply, isArray, isSame } from "./primordials.ts";

type Callback = (item: unknown, index: number, list: readonly unknown[]) => unknown;
type Reducer = (sum: unknown, item: unknown, index: number, list: readonly unknown[]) => unknown;
type Comparator = (left: unknown, right: unknown) => unknown;

const native = Array.prototype;
const { push, pop, shift, unshift, reverse, splice, slice, fill, toReversed, concat, join } =
  native;
const { at, with: replaced } = native;

/** The array that a method was called on, its whole length charged. */
function list(value: unknown): unknown[] {
  if (!isArray(value)) return typeError();
  if (value.length > limits.arrayItemsMax) failWith("ARRAY_TOO_LONG");
  charge(2 + value.length);
  return value;
}

/** The array, for methods whose cost does not grow with it. */
function shortly(value: unknown): unknown[] {
  if (!isArray(value)) return typeError();
  charge(2);
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
    charge(2 * items.length);
    return apply(push, shortly(this), items);
  },
  pop(this: unknown): unknown {
    return apply(pop, shortly(this), []);
  },
  shift(this: unknown): unknown {
    return apply(shift, list(this), []);
  },
  unshift(this: unknown, ...items: unknown[]): unknown {
    grown(this, items.length);
    return apply(unshift, list(this), items);
  },
  reverse(this: unknown): unknown {
    return apply(reverse, list(this), []);
  },
  toReversed(this: unknown): unknown {
    return apply(toReversed, list(this), []);
  },
  splice(this: unknown, ...values: unknown[]): unknown {
    numbers([values[0], values[1]]);
    grown(this, values.length);
    return apply(splice, list(this), values);
  },
  slice(this: unknown, ...range: unknown[]): unknown {
    numbers(range);
    return apply(slice, list(this), range);
  },
  fill(this: unknown, value: unknown, ...range: unknown[]): unknown {
    numbers(range);
    return apply(fill, list(this), [value, range[0], range[1]]);
  },
  with(this: unknown, index: unknown, value: unknown): unknown {
    const items = list(this);
    if (!isIndex(index) || index >= items.length) return failWith("RANGE_ERROR");
    return apply(replaced, items, [index, value]);
  },
  concat(this: unknown, ...others: unknown[]): unknown {
    let length = list(this).length;
    for (let index = 0; index < others.length; index += 1) {
      const other = others[index];
      length += isArray(other) ? other.length : 1;
    }
    if (length > limits.arrayItemsMax) failWith("ARRAY_TOO_LONG");
    charge(length);
    return apply(concat, this, others);
  },
  join(this: unknown, separator: unknown = ","): unknown {
    if (typeof separator !== "string") return typeError();
    const items = list(this);
    const texts: string[] = [];
    let length = 0;
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index];
      const text = item === undefined || item === null ? "" : asText(item);
      length += text.length + separator.length;
      if (length > limits.textCharactersMax + separator.length) failWith("TEXT_TOO_LONG");
      texts[index] = text;
    }
    charge(items.length);
    return made(apply(join, texts, [separator]));
  },
};

const searching = {
  includes(this: unknown, wanted: unknown): boolean {
    const items = list(this);
    for (let index = 0; index < items.length; index += 1) {
      if (equal(items[index], wanted) || isSame(items[index], wanted)) return true;
    }
    return false;
  },
  indexOf(this: unknown, wanted: unknown): number {
    const items = list(this);
    for (let index = 0; index < items.length; index += 1) {
      if (equal(items[index], wanted)) return index;
    }
    return -1;
  },
  lastIndexOf(this: unknown, wanted: unknown): number {
    const items = list(this);
    for (let index = items.length - 1; index >= 0; index -= 1) {
      if (equal(items[index], wanted)) return index;
    }
    return -1;
  },
  find(this: unknown, test: Callback): unknown {
    const items = list(this);
    callback(test);
    for (let index = 0; index < items.length; index += 1) {
      if (test(items[index], index, items)) return items[index];
    }
    return undefined;
  },
  findIndex(this: unknown, test: Callback): number {
    const items = list(this);
    callback(test);
    for (let index = 0; index < items.length; index += 1) {
      if (test(items[index], index, items)) return index;
    }
    return -1;
  },
  some(this: unknown, test: Callback): boolean {
    const items = list(this);
    callback(test);
    for (let index = 0; index < items.length; index += 1) {
      if (test(items[index], index, items)) return true;
    }
    return false;
  },
  every(this: unknown, test: Callback): boolean {
    const items = list(this);
    callback(test);
    for (let index = 0; index < items.length; index += 1) {
      if (!test(items[index], index, items)) return false;
    }
    return true;
  },
};

const transforming = {
  map(this: unknown, change: Callback): unknown[] {
    const items = list(this);
    callback(change);
    const length = items.length;
    const result: unknown[] = [];
    for (let index = 0; index < length; index += 1) {
      result[index] = change(items[index], index, items);
    }
    return result;
  },
  filter(this: unknown, test: Callback): unknown[] {
    const items = list(this);
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
    const items = list(this);
    callback(visit);
    const length = items.length;
    for (let index = 0; index < length; index += 1) visit(items[index], index, items);
  },
  reduce(this: unknown, add: Reducer, ...start: unknown[]): unknown {
    const items = list(this);
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
    const items = list(this);
    return mergeSort(items, callback(compare));
  },
  toSorted(this: unknown, compare: Comparator = byText): unknown[] {
    return mergeSort(apply(slice, list(this), []), callback(compare));
  },
};

/** Methods of an array. `keys`, `values`, `entries` and iteration stay the engine's. */
export const arrayMethods = { ...simple, ...searching, ...transforming };

/** The global `Array`: not a constructor. */
export const arrayTools = {
  isArray: (value: unknown): boolean => isArray(value),
  of: (...items: unknown[]): unknown[] => items,
  from: (source: unknown, change?: Callback): unknown[] => {
    if (change !== undefined) callback(change);
    const result: unknown[] = [];
    for (const item of iterable(source)) {
      charge(2);
      if (result.length >= limits.arrayItemsMax) failWith("ARRAY_TOO_LONG");
      result[result.length] = change === undefined ? item : change(item, result.length, result);
    }
    return result;
  },
};

/** What a spread in a call or an array literal takes. */
export function spread(source: unknown): readonly unknown[] {
  const items = isArray(source) ? source : arrayTools.from(source);
  if (items.length > limits.spreadItemsMax) failWith("ARRAY_TOO_LONG");
  charge(items.length);
  return items;
}

/** Stable, and the same comparisons in the same order on every engine. */
function mergeSort(items: unknown[], compare: Comparator): unknown[] {
  const length = items.length;
  let source: unknown[] = [];
  let target: unknown[] = [];
  for (let index = 0; index < length; index += 1) source[index] = items[index];
  for (let width = 1; width < length; width *= 2) {
    charge(length);
    for (let low = 0; low < length; low += 2 * width) {
      mergeRuns({ source, target, low, width, length }, compare);
    }
    [source, target] = [target, source];
  }
  for (let index = 0; index < length; index += 1) items[index] = source[index];
  return items;
}

interface Runs {
  readonly source: readonly unknown[];
  readonly target: unknown[];
  readonly low: number;
  readonly width: number;
  readonly length: number;
}

function mergeRuns({ source, target, low, width, length }: Runs, compare: Comparator): void {
  const middle = low + width < length ? low + width : length;
  const end = low + 2 * width < length ? low + 2 * width : length;
  let left = low;
  let right = middle;
  for (let place = low; place < end; place += 1) {
    const takeLeft =
      right >= end || (left < middle && isOrdered(compare(source[left], source[right])));
    target[place] = takeLeft ? source[left] : source[right];
    if (takeLeft) left += 1;
    else right += 1;
  }
}

function isOrdered(order: unknown): boolean {
  if (typeof order !== "number" && typeof order !== "bigint") return typeError();
  return !(order > 0);
}

function byText(left: unknown, right: unknown): number {
  const [first, second] = [asText(left), asText(right)];
  charge(2);
  if (less(first, second)) return -1;
  return first === second ? 0 : 1;
}
