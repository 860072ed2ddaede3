/**
 * Canonical CBOR, as byte text, to the values that contracts see, directed by a type.
 *
 * The bytes are canonical already: the host checked what came from outside, and wrote the rest.
 *
 * Errors  `TYPE_MISMATCH` when they are not a value of the type.
 */
import type { AbiType } from "../../contracts/abi.ts";
import { gasSchedule, limits } from "../limits.ts";
import { addressText } from "./address.ts";
import { fromUtf8, hex } from "./bytes.ts";
import { big, integerOf, uint64At } from "./cbor.ts";
import { isAsset } from "./encode.ts";
import { charge, failWith } from "./meter.ts";
import { bounded } from "./operators.ts";
import { charCodeAt, freeze, isArray, setOwn, substring } from "./primordials.ts";

const { floor } = Math;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6 } as const;
const HASH_BYTES = 32;

let source = "";
let place = 0;

/** The value that the bytes are, frozen; charged by length. */
export function decode(type: AbiType, bytes: string): unknown {
  begin(bytes);
  const value = typed(type);
  return place === source.length ? value : misfit();
}

/** Arguments of a method. Trailing optional ones may be missing. */
export function decodeArgs(types: readonly AbiType[], bytes: string): readonly unknown[] {
  begin(bytes);
  const count = head(MAJOR.array);
  if (count > types.length) return misfit();
  const values: unknown[] = [];
  for (let index = 0; index < types.length; index += 1) {
    const type = types[index] ?? misfit();
    if (index >= count && type.kind !== "optional") return misfit();
    values[index] = index < count ? typed(type) : undefined;
  }
  return place === source.length ? values : misfit();
}

/** Facts of the transaction, which the host wrote: integers, text, arrays and maps, all frozen. */
export function decodeFacts(bytes: string): readonly unknown[] {
  begin(bytes);
  const value = free();
  return isArray(value) ? value : misfit();
}

function begin(bytes: string): void {
  charge(1 + floor(bytes.length / gasSchedule.codecBytes));
  source = bytes;
  place = 0;
}

function typed(type: AbiType): unknown {
  charge(gasSchedule.codecValue);
  switch (type.kind) {
    case "int":
      return integer();
    case "bool":
      return bool();
    case "account":
      charge(gasSchedule.codecAddress);
      return addressText(bytes()) ?? misfit();
    case "hash":
      return sized(HASH_BYTES);
    case "bytes":
      return sized(type.length);
    case "optional":
      return isNull() ? undefined : typed(type.type);
    case "list":
      return list(type);
    case "record":
      return record(type);
    default:
      return text(type);
  }
}

function text(type: AbiType): string {
  const encoded = take(head(MAJOR.text));
  charge(encoded.length);
  const value = fromUtf8(encoded);
  if (value.length > limits.textCharactersMax) return misfit();
  if (type.kind === "asset") return isAsset(value) ? value : misfit();
  if (type.kind !== "oneOf") return value;
  for (let index = 0; index < type.names.length; index += 1) {
    charge(1 + (value.length >> 4));
    if (type.names[index] === value) return value;
  }
  return misfit();
}

function list(type: Extract<AbiType, { kind: "list" }>): readonly unknown[] {
  const length = head(MAJOR.array);
  if (length > type.max) return misfit();
  charge(length);
  const items: unknown[] = [];
  for (let index = 0; index < length; index += 1) items[index] = typed(type.item);
  return freeze(items);
}

/** The bytes hold the fields in the type's own order: both are canonical. */
function record(type: Extract<AbiType, { kind: "record" }>): object {
  let left = head(MAJOR.map);
  charge(2 * type.fields.length);
  const result = {};
  for (let index = 0; index < type.fields.length; index += 1) {
    const [name, field] = type.fields[index] ?? misfit();
    const before = place;
    if (left > 0 && fromUtf8(take(head(MAJOR.text))) === name) {
      left -= 1;
      // A field that is present as null would be a second spelling of an absent one.
      if (field.kind === "optional" && charCodeAt(source, place) === NULL) return misfit();
      setOwn(result, name, typed(field));
      continue;
    }
    place = before;
    if (field.kind !== "optional") return misfit();
  }
  return left === 0 ? freeze(result) : misfit();
}

function free(): unknown {
  const major = charCodeAt(source, place) >> 5;
  switch (major) {
    case MAJOR.text:
      return fromUtf8(take(head(MAJOR.text)));
    case MAJOR.array: {
      const length = head(MAJOR.array);
      const items: unknown[] = [];
      for (let index = 0; index < length; index += 1) items[index] = free();
      return freeze(items);
    }
    case MAJOR.map: {
      const length = head(MAJOR.map);
      const result = {};
      for (let index = 0; index < length; index += 1) {
        const name = fromUtf8(take(head(MAJOR.text)));
        setOwn(result, name, free());
      }
      return freeze(result);
    }
    default:
      return integer();
  }
}

function integer(): bigint {
  const first = charCodeAt(source, place);
  const major = first >> 5;
  if (major === MAJOR.tag) {
    place += 1;
    const magnitude = big(bytes());
    return bounded(first === 0xc3 ? -1n - magnitude : magnitude);
  }
  if (major !== MAJOR.unsigned && major !== MAJOR.negative) return misfit();
  const short = first & 31;
  const magnitude = short === 27 ? long() : integerOf(argument());
  return major === MAJOR.negative ? -1n - magnitude : magnitude;
}

function bool(): boolean {
  const first = charCodeAt(source, place);
  if (first !== TRUE && first !== FALSE) return misfit();
  place += 1;
  return first === TRUE;
}

function isNull(): boolean {
  if (charCodeAt(source, place) !== NULL) return false;
  place += 1;
  return true;
}

function bytes(): string {
  return take(head(MAJOR.bytes));
}

function sized(length: number): string {
  const found = bytes();
  charge(found.length);
  return found.length === length ? hex(found) : misfit();
}

/** The length of an item of this kind. */
function head(major: number): number {
  if (charCodeAt(source, place) >> 5 !== major) return misfit();
  const length = argument();
  return length > source.length ? misfit() : length;
}

/** The number in the head of an item: 0 to 23 inside the first byte, else in 1, 2 or 4 more. */
function argument(): number {
  const short = charCodeAt(source, place) & 31;
  place += 1;
  if (short < 24) return short;
  // No length takes eight bytes, and no item has another head.
  if (short > 26) return misfit();
  const end = place + (1 << (short - 24));
  if (end > source.length) return misfit();
  let value = 0;
  for (; place < end; place += 1) value = value * 256 + charCodeAt(source, place);
  return value;
}

/** The number in eight bytes after the first. */
function long(): bigint {
  const start = place + 1;
  place = start + 8;
  return place > source.length ? misfit() : uint64At(source, start);
}

function take(length: number): string {
  const end = place + length;
  if (end > source.length) return misfit();
  const part = substring(source, place, end);
  place = end;
  return part;
}

function misfit(): never {
  return failWith("TYPE_MISMATCH");
}
