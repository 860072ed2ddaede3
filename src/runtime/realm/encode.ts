/**
 * Values of contracts to canonical CBOR, as byte text: directed by a type, or by the values alone.
 *
 * Errors  `TYPE_MISMATCH`, `NUMBER_NOT_STORABLE`, `VALUE_TOO_LONG`, `VALUE_TOO_DEEP`.
 * Source  RFC 8949 section 4.2.1; docs/spec/calldata.md for the form of each type.
 */
import type { AbiType } from "../../contracts/abi.ts";
import { gasSchedule, limits } from "../limits.ts";
import { addressBytes } from "./address.ts";
import { unhex, utf8 } from "./bytes.ts";
import { FALSE, header, integerItem, MAJOR, NULL, TRUE } from "./cbor.ts";
import { charge, failWith } from "./meter.ts";
import { charCodeAt, isArray, isPlain, objectKeys, substring } from "./primordials.ts";
import { sortsBefore } from "./types.ts";

const HASH_BYTES = 32;
const { floor } = Math;

/** Bytes still free in the value being encoded. One value is encoded at a time. */
let room = 0;
let codeWhenLong = "VALUE_TOO_LONG";

/** CBOR of `value` as `type`; at most `maxBytes`, charged. */
export function encode(
  type: AbiType,
  value: unknown,
  maxBytes: number,
  code = "VALUE_TOO_LONG",
): string {
  begin(maxBytes, code);
  return charged(typed(type, value));
}

/** CBOR of a value that no type describes: integers, booleans, text, arrays and plain objects. */
export function encodeFree(value: unknown, maxBytes: number): string {
  begin(maxBytes, "VALUE_TOO_LONG");
  return charged(free(value, 0));
}

/** CBOR of arguments. Trailing optional ones may be left out. */
export function encodeArgs(types: readonly AbiType[], values: readonly unknown[]): string {
  begin(limits.argsBytesMax, "ARGS_TOO_LONG");
  if (values.length > types.length) return failWith("ARGS_INVALID");
  let items = header(MAJOR.array, types.length);
  for (let index = 0; index < types.length; index += 1) {
    items += typed(types[index] ?? failWith("ARGS_INVALID"), values[index]);
  }
  return charged(items);
}

/** The bytes that an address, hash, asset or text stands for in a key or a value. */
export function rawBytes(type: AbiType, value: unknown): string {
  if (typeof value !== "string") return misfit(value);
  if (value.length > limits.textCharactersMax) return failWith("TEXT_TOO_LONG");
  // Before the work, which may be for nothing: a text that does not fit is no cheaper to try.
  charge(value.length);
  switch (type.kind) {
    case "account":
      charge(gasSchedule.codecAddress);
      return addressBytes(value) ?? misfit(value);
    case "hash":
      return sized(unhex(value), HASH_BYTES);
    case "bytes":
      return sized(unhex(value), type.length);
    case "asset":
      return isAsset(value) ? value : misfit(value);
    default:
      return utf8(value) ?? misfit(value);
  }
}

function typed(type: AbiType, value: unknown): string {
  charge(gasSchedule.codecValue);
  switch (type.kind) {
    case "int":
      return typeof value === "bigint" ? spend(integerItem(value)) : misfit(value);
    case "bool":
      return typeof value === "boolean" ? spend(value ? TRUE : FALSE) : misfit(value);
    case "account":
    case "hash":
    case "bytes":
      return framed(MAJOR.bytes, rawBytes(type, value));
    case "oneOf":
      return isOneOf(type.names, value) ? framed(MAJOR.text, rawBytes(type, value)) : misfit(value);
    case "optional":
      return value === undefined ? spend(NULL) : typed(type.type, value);
    case "list":
      return list(type, value);
    case "record":
      return record(type, value);
    default:
      return framed(MAJOR.text, rawBytes(type, value));
  }
}

function list(type: Extract<AbiType, { kind: "list" }>, value: unknown): string {
  if (!isArray(value) || value.length > type.max) return misfit(value);
  let items = spend(header(MAJOR.array, value.length));
  for (let index = 0; index < value.length; index += 1) items += typed(type.item, value[index]);
  return items;
}

function record(type: Extract<AbiType, { kind: "record" }>, value: unknown): string {
  if (!isPlain(value)) return misfit(value);
  let present = 0;
  let items = "";
  charge(2 * type.fields.length);
  for (let index = 0; index < type.fields.length; index += 1) {
    const [name, field] = type.fields[index] ?? failWith("TYPE_INVALID");
    const item = value[name];
    if (item === undefined && field.kind === "optional") continue;
    present += 1;
    items += framed(MAJOR.text, utf8(name) ?? misfit(name)) + typed(field, item);
  }
  return countDefined(value) === present
    ? spend(header(MAJOR.map, present)) + items
    : misfit(value);
}

/** Fields that are there: more of them than the type has is a mistake of the author. */
function countDefined(value: Readonly<Record<string, unknown>>): number {
  const keys = objectKeys(value);
  charge(keys.length);
  let count = 0;
  for (let index = 0; index < keys.length; index += 1) {
    if (value[keys[index] ?? ""] !== undefined) count += 1;
  }
  return count;
}

function free(value: unknown, depth: number): string {
  charge(gasSchedule.codecValue);
  if (depth > limits.valueDepthMax) return failWith("VALUE_TOO_DEEP");
  if (typeof value === "bigint") return spend(integerItem(value));
  if (typeof value === "boolean") return spend(value ? TRUE : FALSE);
  if (typeof value === "string") return framed(MAJOR.text, rawBytes({ kind: "text" }, value));
  if (value === null || value === undefined) return spend(NULL);
  if (isArray(value)) {
    let items = spend(header(MAJOR.array, value.length));
    for (let index = 0; index < value.length; index += 1) items += free(value[index], depth + 1);
    return items;
  }
  return isPlain(value) ? freeRecord(value, depth) : misfit(value);
}

function freeRecord(value: Readonly<Record<string, unknown>>, depth: number): string {
  const names: string[] = [];
  const keys = objectKeys(value);
  charge(2 * keys.length);
  if (keys.length > room) return failWith(codeWhenLong);
  for (let index = 0; index < keys.length; index += 1) {
    const name = keys[index] ?? "";
    if (value[name] !== undefined) insert(names, name);
  }
  let items = spend(header(MAJOR.map, names.length));
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? "";
    items += framed(MAJOR.text, utf8(name) ?? misfit(name)) + free(value[name], depth + 1);
  }
  return items;
}

function insert(names: string[], name: string): void {
  let place = names.length;
  while (place > 0 && sortsBefore(name, names[place - 1] ?? "")) {
    names[place] = names[place - 1] ?? "";
    place -= 1;
    charge(2 + (name.length >> 4));
  }
  names[place] = name;
}

function begin(maxBytes: number, code: string): void {
  room = maxBytes;
  codeWhenLong = code;
}

function framed(major: number, bytes: string): string {
  return spend(header(major, bytes.length) + bytes);
}

function spend(bytes: string): string {
  room -= bytes.length;
  return room < 0 ? failWith(codeWhenLong) : bytes;
}

function charged(bytes: string): string {
  charge(1 + floor(bytes.length / gasSchedule.codecBytes));
  return bytes;
}

function sized(bytes: string | undefined, length: number): string {
  return bytes !== undefined && bytes.length === length ? bytes : failWith("TYPE_MISMATCH");
}

function isOneOf(names: readonly string[], value: unknown): boolean {
  for (let index = 0; index < names.length; index += 1) {
    charge(1 + (typeof value === "string" ? value.length >> 4 : 0));
    if (names[index] === value) return true;
  }
  return false;
}

/** `XLM`, or a code of 1 to 12 letters and digits, a colon and the issuer's account. */
export function isAsset(text: string): boolean {
  if (text === "XLM") return true;
  let colon = 0;
  while (colon < text.length && isAlphanumeric(charCodeAt(text, colon))) colon += 1;
  if (colon < 1 || colon > 12 || text[colon] !== ":" || text[colon + 1] !== "G") return false;
  charge(gasSchedule.codecAddress);
  return addressBytes(substring(text, colon + 1, text.length)) !== undefined;
}

function isAlphanumeric(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

function misfit(value: unknown): never {
  return failWith(typeof value === "number" ? "NUMBER_NOT_STORABLE" : "TYPE_MISMATCH");
}
