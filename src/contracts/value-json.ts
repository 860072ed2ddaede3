/**
 * Values of contracts as people and JSON write them.
 *
 * int is a decimal text (a JSON integer is read too), hash and bytes are hexadecimal, an absent
 * optional is null, a record is an object and a list an array; the rest is text or a boolean.
 *
 * Errors  `ARGUMENT_INVALID` naming the place, such as `args[1].price`.
 */
import { toHex } from "../lib/bytes.ts";
import type { CborValue } from "../lib/cbor.ts";
import { AceError } from "../lib/errors.ts";
import { type AbiType, typeText } from "./abi.ts";
import {
  type Coded,
  decodeArgs,
  decodeValue,
  encodeArgs,
  encodeValue,
  type Value,
} from "./value-codec.ts";

export type JsonValue =
  | null
  | boolean
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

const INTEGER = /^(?:0|-?[1-9]\d{0,77})$/;

/** One value of this type, from JSON to the CBOR that a call carries. */
export function cborFromJson(type: AbiType, json: unknown, path = "value"): CborValue {
  return demand(encodeValue(type, valueFromJson(type, json, path), path));
}

export function jsonFromCbor(type: AbiType, cbor: CborValue, path = "value"): JsonValue {
  return jsonFromValue(demand(decodeValue(type, cbor, path)));
}

/** The arguments of one call, from JSON. */
export function argsFromJson(
  types: readonly AbiType[],
  json: readonly unknown[],
): readonly CborValue[] {
  const values = json.map((item, index) => {
    const type = types[index];
    return type === undefined ? undefined : valueFromJson(type, item, `args[${index}]`);
  });
  return demand(encodeArgs(types, values));
}

export function argsToJson(
  types: readonly AbiType[],
  args: readonly CborValue[],
): readonly JsonValue[] {
  return demand(decodeArgs(types, args)).map(jsonFromValue);
}

/** One word of a command line: JSON for a list or a record, else the text itself. */
export function parseArgument(type: AbiType, word: string, path = "argument"): CborValue {
  return cborFromJson(type, jsonFromWord(type, word, path), path);
}

/** The arguments of one call as words of a command line. */
export function parseArguments(
  types: readonly AbiType[],
  words: readonly string[],
): readonly CborValue[] {
  const json = words.map((word, index) => {
    const type = types[index];
    return type === undefined ? word : jsonFromWord(type, word, `args[${index}]`);
  });
  return argsFromJson(types, json);
}

export function jsonFromValue(value: Value): JsonValue {
  if (value === undefined) return null;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (isList(value)) return value.map(jsonFromValue);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, jsonFromValue(item)]),
  );
}

/** CBOR of no declared type, such as the data of an event. */
export function jsonFromAnyCbor(cbor: CborValue): JsonValue {
  if (cbor === null || typeof cbor === "boolean" || typeof cbor === "string") return cbor;
  if (typeof cbor === "bigint") return cbor.toString();
  if (cbor instanceof Uint8Array) return toHex(cbor);
  if (cbor instanceof Map) {
    return Object.fromEntries(
      [...cbor].map(([name, item]: [string, CborValue]) => [name, jsonFromAnyCbor(item)]),
    );
  }
  return [...cbor.values()].map(jsonFromAnyCbor);
}

function jsonFromWord(type: AbiType, word: string, path: string): unknown {
  if (type.kind === "optional") {
    return word === "null" ? null : jsonFromWord(type.type, word, path);
  }
  if (type.kind === "bool" && (word === "true" || word === "false")) return word === "true";
  if (type.kind !== "list" && type.kind !== "record") return word;
  try {
    return JSON.parse(word);
  } catch (cause) {
    throw new AceError("ARGUMENT_INVALID", `${path} is not JSON of ${typeText(type)}`, { cause });
  }
}

/** Only turns JSON's spelling into values; whether they fit is the codec's to judge. */
function valueFromJson(type: AbiType, json: unknown, path: string): Value {
  if (type.kind === "optional") {
    return json === null || json === undefined ? undefined : valueFromJson(type.type, json, path);
  }
  if (type.kind === "int") return integerFromJson(json, path);
  if (type.kind === "list" && Array.isArray(json)) {
    return json.map((item: unknown, index) => valueFromJson(type.item, item, `${path}[${index}]`));
  }
  if (type.kind === "record" && typeof json === "object" && json !== null) {
    const types = new Map(type.fields);
    const fields = Object.entries(json).map(([name, item]: [string, unknown]): [string, Value] => {
      const field = types.get(name);
      if (field === undefined) return refuse(`${path}.${name}`, "no such field");
      return [name, valueFromJson(field, item, `${path}.${name}`)];
    });
    return Object.fromEntries(fields);
  }
  if (typeof json === "string" || typeof json === "boolean") return json;
  return refuse(path, typeText(type));
}

function integerFromJson(json: unknown, path: string): bigint {
  if (typeof json === "string" && INTEGER.test(json)) return BigInt(json);
  if (typeof json === "number" && Number.isSafeInteger(json)) return BigInt(json);
  return refuse(path, "int, in plain digits");
}

function demand<T>(coded: Coded<T>): T {
  return coded.ok ? coded.value : refuse(coded.path, coded.expected);
}

function isList(value: object): value is readonly Value[] {
  return Array.isArray(value);
}

function refuse(path: string, expected: string): never {
  throw new AceError("ARGUMENT_INVALID", `${path}: expected ${expected}`);
}
