/** Methods of text as contracts know them: charged by length, results within the limit. */
import { limits } from "../limits.ts";
import { charge, failWith, typeError } from "./meter.ts";
import { isIndex, made } from "./operators.ts";
import { apply } from "./primordials.ts";

const native = String.prototype;
const { at, charCodeAt, codePointAt, startsWith, endsWith, includes, indexOf, lastIndexOf } =
  native;
const { slice, substring, trim, trimStart, trimEnd, split, repeat, padStart, padEnd } = native;

function text(value: unknown): string {
  return typeof value === "string" ? value : typeError();
}

function maybeNumber(value: unknown): number | undefined {
  return value === undefined || typeof value === "number" ? value : typeError();
}

/** A search costs the product of the two lengths at worst. */
function search(method: typeof includes, within: unknown, wanted: unknown, from: unknown): boolean {
  charge(4 + (text(within).length >> 2) + ((text(within).length * text(wanted).length) >> 5));
  return apply(method, within, [wanted, maybeNumber(from)]);
}

function place(method: typeof indexOf, within: unknown, wanted: unknown, from: unknown): number {
  const steps = (text(within).length * text(wanted).length) >> (method === lastIndexOf ? 3 : 5);
  charge(4 + (text(within).length >> 2) + steps);
  return from === undefined
    ? apply(method, within, [wanted])
    : apply(method, within, [wanted, maybeNumber(from)]);
}

function part(method: typeof slice, within: unknown, from: unknown, to: unknown): string {
  charge(4 + (text(within).length >> 3));
  return apply(method, within, [maybeNumber(from), maybeNumber(to)]);
}

function trimmed(method: typeof trim, within: unknown): string {
  charge(4 + (text(within).length >> 2));
  return apply(method, within, []);
}

function padded(
  method: typeof padStart,
  within: unknown,
  length: unknown,
  filler: unknown,
): string {
  if (!isIndex(length)) return failWith("RANGE_ERROR");
  if (length > limits.textCharactersMax) return failWith("TEXT_TOO_LONG");
  charge(6);
  return made(apply(method, text(within), [length, text(filler)]));
}

function repeated(part: string, count: number): string {
  charge(6);
  return made(apply(repeat, part, [count]));
}

/** Methods of text; iteration and `toString` stay the engine's. */
export const textMethods = {
  at(this: unknown, index: unknown): unknown {
    charge(4);
    return apply(at, text(this), [maybeNumber(index)]);
  },
  charCodeAt(this: unknown, index: unknown): unknown {
    charge(3);
    return apply(charCodeAt, text(this), [maybeNumber(index)]);
  },
  codePointAt(this: unknown, index: unknown): unknown {
    charge(3);
    return apply(codePointAt, text(this), [maybeNumber(index)]);
  },
  startsWith(this: unknown, wanted: unknown, from?: unknown): boolean {
    return search(startsWith, this, wanted, from);
  },
  endsWith(this: unknown, wanted: unknown, to?: unknown): boolean {
    return search(endsWith, this, wanted, to);
  },
  includes(this: unknown, wanted: unknown, from?: unknown): boolean {
    return search(includes, this, wanted, from);
  },
  indexOf(this: unknown, wanted: unknown, from?: unknown): number {
    return place(indexOf, this, wanted, from);
  },
  lastIndexOf(this: unknown, wanted: unknown, from?: unknown): number {
    return place(lastIndexOf, this, wanted, from);
  },
  slice(this: unknown, from?: unknown, to?: unknown): string {
    return part(slice, this, from, to);
  },
  substring(this: unknown, from?: unknown, to?: unknown): string {
    return part(substring, this, from, to);
  },
  trim(this: unknown): string {
    return trimmed(trim, this);
  },
  trimStart(this: unknown): string {
    return trimmed(trimStart, this);
  },
  trimEnd(this: unknown): string {
    return trimmed(trimEnd, this);
  },
  split(this: unknown, separator: unknown): unknown {
    charge(6 + 2 * text(this).length + ((text(this).length * text(separator).length) >> 6));
    return apply(split, this, [separator]);
  },
  repeat(this: unknown, count: unknown): string {
    if (!isIndex(count)) return failWith("RANGE_ERROR");
    if (text(this).length * count > limits.textCharactersMax) return failWith("TEXT_TOO_LONG");
    // An empty text repeated costs the engine nothing, whatever the count.
    return text(this) === "" ? "" : repeated(text(this), count);
  },
  padStart(this: unknown, length: unknown, filler: unknown = " "): string {
    return padded(padStart, this, length, filler);
  },
  padEnd(this: unknown, length: unknown, filler: unknown = " "): string {
    return padded(padEnd, this, length, filler);
  },
};
