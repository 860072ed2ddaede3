/** Types as contract code writes them, made into the types of an ABI. Used for state only. */
import type { AbiField, AbiType } from "../../contracts/abi.ts";
import { limits } from "../limits.ts";
import { utf8 } from "./bytes.ts";
import { charge, failWith } from "./meter.ts";
import { freeze, isArray, isInteger, isPlain, objectKeys } from "./primordials.ts";

/** A type that code handed us, checked level by level. Fails with `TYPE_INVALID`. */
export function readType(value: unknown, depth = 1): AbiType {
  charge(12);
  if (depth > limits.typeDepthMax || !isPlain(value)) return failWith("TYPE_INVALID");
  switch (value["kind"]) {
    case "int":
    case "bool":
    case "text":
    case "account":
    case "asset":
    case "hash":
      // The kit's own: it is frozen, and what is written as it is compared with it at a glance.
      return typeKit[value["kind"]];
    case "bytes":
      return { kind: "bytes", length: size(value["length"]) };
    case "list":
      return { kind: "list", item: readType(value["item"], depth + 1), max: size(value["max"]) };
    case "optional":
      return { kind: "optional", type: readType(value["type"], depth + 1) };
    case "oneOf":
      return { kind: "oneOf", names: names(value["names"]) };
    case "record":
      return record(value["fields"], depth);
    default:
      return typeof value["kind"] === "string" ? failWith("TYPE_INVALID") : record(value, depth);
  }
}

/** Whether this is written as `type` was when it was read. Charges nothing. */
export function isType(value: unknown, type: AbiType): boolean {
  if (value === type) return true;
  if (!isPlain(value)) return false;
  const kind = value["kind"];
  switch (type.kind) {
    case "bytes":
      return kind === "bytes" && value["length"] === type.length;
    case "list":
      return kind === "list" && value["max"] === type.max && isType(value["item"], type.item);
    case "optional":
      return kind === "optional" && isType(value["type"], type.type);
    case "oneOf":
      return kind === "oneOf" && areNames(value["names"], type.names);
    case "record":
      if (kind === "record") return areFields(value["fields"], type.fields);
      return typeof kind !== "string" && areFields(value, type.fields);
    default:
      return kind === type.kind;
  }
}

/**
 * Names of the fields of all records in `value`, which is written as `type`, in the order in which it has
 * them: putting them into the order of their encoding costs what that order makes it cost.
 */
export function fieldNames(value: unknown, type: AbiType, into: string[] = []): readonly string[] {
  if (!isPlain(value)) return into;
  switch (type.kind) {
    case "list":
      return fieldNames(value["item"], type.item, into);
    case "optional":
      return fieldNames(value["type"], type.type, into);
    case "record":
      return recordNames(value["kind"] === "record" ? value["fields"] : value, type.fields, into);
    default:
      return into;
  }
}

function recordNames(
  value: unknown,
  fields: readonly AbiField[],
  into: string[],
): readonly string[] {
  if (!isPlain(value)) return into;
  const keys = objectKeys(value);
  for (let index = 0; index < keys.length; index += 1) into[into.length] = keys[index] ?? "";
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index];
    if (field !== undefined) fieldNames(value[field[0]], field[1], into);
  }
  return into;
}

function areFields(value: unknown, fields: readonly AbiField[]): boolean {
  if (!isPlain(value) || objectKeys(value).length !== fields.length) return false;
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index];
    if (field === undefined || !isType(value[field[0]], field[1])) return false;
  }
  return true;
}

export function areNames(value: unknown, found: readonly string[]): boolean {
  if (!isArray(value) || value.length !== found.length) return false;
  for (let index = 0; index < found.length; index += 1) {
    if (value[index] !== found[index]) return false;
  }
  return true;
}

/** The functions and constants of the kit that describe types. */
export const typeKit = {
  int: { kind: "int" },
  bool: { kind: "bool" },
  text: { kind: "text" },
  account: { kind: "account" },
  asset: { kind: "asset" },
  hash: { kind: "hash" },
  bytes: (length: unknown) => freeze({ kind: "bytes", length }),
  list: (item: unknown, max: unknown) => freeze({ kind: "list", item, max }),
  record: (fields: unknown) => freeze({ kind: "record", fields }),
  optional: (type: unknown) => freeze({ kind: "optional", type }),
  oneOf: (...options: unknown[]) => freeze({ kind: "oneOf", names: freeze(options) }),
} as const;

function record(fields: unknown, depth: number): AbiType {
  if (!isPlain(fields)) return failWith("TYPE_INVALID");
  const keys = objectKeys(fields);
  charge(2 * keys.length);
  const read: AbiField[] = [];
  for (let index = 0; index < keys.length; index += 1) {
    const name = keys[index] ?? "";
    insert(read, [name, readType(fields[name], depth + 1)]);
  }
  return { kind: "record", fields: read };
}

/** Keeps fields in the order of their encoded names: shorter first, then by bytes. */
function insert(fields: AbiField[], field: AbiField): void {
  let place = fields.length;
  while (place > 0 && sortsBefore(field[0], fields[place - 1]?.[0] ?? "")) {
    fields[place] = fields[place - 1] ?? field;
    place -= 1;
    charge(1);
  }
  fields[place] = field;
}

export function sortsBefore(left: string, right: string): boolean {
  charge(1 + ((left.length + right.length) >> 2));
  const first = utf8(left) ?? failWith("TYPE_INVALID");
  const second = utf8(right) ?? failWith("TYPE_INVALID");
  return first.length === second.length ? first < second : first.length < second.length;
}

function size(value: unknown): number {
  return typeof value === "number" && isInteger(value) && value >= 0
    ? value
    : failWith("TYPE_INVALID");
}

function names(value: unknown): readonly string[] {
  if (!isArray(value)) return failWith("TYPE_INVALID");
  charge(value.length);
  const texts: string[] = [];
  for (let index = 0; index < value.length; index += 1) {
    const name: unknown = value[index];
    if (typeof name !== "string") return failWith("TYPE_INVALID");
    texts[index] = name;
  }
  return texts;
}
