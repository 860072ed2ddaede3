/** Parts of arrays, copied in loops of our own: the engine's way is slow where prototypes are frozen. */
import { charge, typeError } from "./meter.ts";

/** Of each item that a new array takes. */
export const MAKE_GAS = 3;
const { trunc } = Math;

/** A copy of the items in between, charged. */
export function part(items: readonly unknown[], from: number, to: number): unknown[] {
  const length = to > from ? to - from : 0;
  charge(MAKE_GAS * length);
  const copy: unknown[] = [];
  append(copy, items, from, from + length);
  return copy;
}

export function append(
  target: unknown[],
  items: readonly unknown[],
  from: number,
  to: number,
): void {
  let place = target.length;
  for (let index = from; index < to; index += 1) {
    target[place] = items[index];
    place += 1;
  }
}

/** Where a range begins or ends: from the end when negative, as in JavaScript. */
export function placeIn(items: readonly unknown[], place: unknown, otherwise: number): number {
  if (place === undefined) return otherwise;
  if (typeof place !== "number") return typeError();
  const { length } = items;
  const whole = trunc(place) || 0;
  const from = whole < 0 ? whole + length : whole;
  if (from < 0) return 0;
  return from > length ? length : from;
}

/** Takes items out and puts others in their place; gives what it took. */
export function spliced(items: unknown[], values: readonly unknown[]): unknown[] {
  const start = placeIn(items, values[0], 0);
  const left = items.length - start;
  const asked = values.length < 2 ? left : countOf(values[1]);
  const count = values.length === 0 ? 0 : asked < left ? asked : left;
  const taken = part(items, start, start + count);
  const rest = part(items, start + count, items.length);
  items.length = start;
  append(items, values, 2, values.length);
  append(items, rest, 0, rest.length);
  return taken;
}

function countOf(value: unknown): number {
  const count = typeof value === "number" ? trunc(value) : 0;
  return count > 0 ? count : 0;
}
