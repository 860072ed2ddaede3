/** Sorting: stable, by merging. */
import { charge, typeError } from "./meter.ts";

export type Comparator = (left: unknown, right: unknown) => unknown;

/** Of each item in each pass over the array. */
const SORT_GAS = 4;

/** Stable, and the same comparisons in the same order on every engine. */
export function mergeSort(items: unknown[], compare: Comparator): unknown[] {
  const length = items.length;
  let source: unknown[] = [];
  let target: unknown[] = [];
  for (let index = 0; index < length; index += 1) source[index] = items[index];
  for (let width = 1; width < length; width *= 2) {
    charge(SORT_GAS * length);
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
