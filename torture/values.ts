/**
 * Arguments of a corpus: JSON as people write it, as types and values of contracts.
 *
 * A number is an `int`, a text an `account` or a `hash` when it is one and `text` otherwise; arrays are
 * lists of one type, objects records, null an absent optional. Tagged forms say what JSON cannot:
 * `{"int":"9…"}`, `{"text":"G…"}`, `{"bytes":"00ff"}`, `{"contract":0}` for a contract of `others`.
 *
 * Errors  `ARGUMENT_INVALID` for what no argument of a call can be.
 */
import { type AbiType, recordOf } from "../src/contracts/abi.ts";
import { argsFromJson } from "../src/contracts/value-json.ts";
import type { CborValue } from "../src/lib/cbor.ts";
import { AceError } from "../src/lib/errors.ts";
import { isAddress } from "../src/lib/strkey.ts";

const HASH = /^[0-9a-f]{64}$/;
const HEX = /^(?:[0-9a-f]{2})+$/;
const INTEGER = /^(?:0|-?[1-9]\d*)$/;
const FIELD = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/;
const LIST_MAX = 16_384;

/** A value with the type that it has by itself; `json` is its plain form. */
interface Natural {
  readonly type: AbiType;
  readonly json: unknown;
}

export interface Arguments {
  readonly types: readonly AbiType[];
  readonly json: readonly unknown[];
}

/** @param others Numbers of the contracts that stand beside the script's own. */
export function naturalArguments(args: readonly unknown[], others: readonly bigint[]): Arguments {
  const found = args.map((value, index) => natural(value, `args[${index}]`, others));
  return { types: found.map(({ type }) => type), json: found.map(({ json }) => json) };
}

/** As the method's own types demand, or else as they are by themselves: the call then says why not. */
export function argumentsFor(types: readonly AbiType[], found: Arguments): readonly CborValue[] {
  try {
    return argsFromJson(types, found.json);
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    return argsFromJson(found.types, found.json);
  }
}

function natural(value: unknown, path: string, others: readonly bigint[]): Natural {
  switch (typeof value) {
    case "boolean":
      return { type: { kind: "bool" }, json: value };
    case "number":
      if (!Number.isSafeInteger(value)) return refuse(path, "a whole number below 2^53");
      return { type: { kind: "int" }, json: String(value) };
    case "string":
      return { type: { kind: kindOfText(value) }, json: value };
    default:
      if (value === null) return { type: { kind: "optional", type: { kind: "int" } }, json: null };
      if (Array.isArray(value)) return list(value, path, others);
      return tagged(value, path, others) ?? record(value, path, others);
  }
}

function kindOfText(text: string): "account" | "hash" | "text" {
  if (HASH.test(text)) return "hash";
  return isAddress(text) ? "account" : "text";
}

function list(items: readonly unknown[], path: string, others: readonly bigint[]): Natural {
  const found = items.map((item, index) => natural(item, `${path}[${index}]`, others));
  const types = new Set(found.map(({ type }) => JSON.stringify(type)));
  if (types.size > 1) return refuse(path, "a list of one type");
  if (found.length > LIST_MAX) return refuse(path, `at most ${LIST_MAX} items`);
  const item = found[0]?.type ?? { kind: "int" };
  const type: AbiType = { kind: "list", item, max: Math.max(1, found.length) };
  return { type, json: found.map(({ json }) => json) };
}

function tagged(value: unknown, path: string, others: readonly bigint[]): Natural | undefined {
  const [[tag, inner] = ["", undefined], more] = Object.entries(value ?? {});
  if (more !== undefined) return undefined;
  if (tag === "int" && typeof inner === "string" && INTEGER.test(inner)) {
    return { type: { kind: "int" }, json: inner };
  }
  if (tag === "text" && typeof inner === "string") return { type: { kind: "text" }, json: inner };
  if (tag === "bytes" && typeof inner === "string" && HEX.test(inner)) {
    return { type: { kind: "bytes", length: inner.length / 2 }, json: inner };
  }
  if (tag !== "contract" || typeof inner !== "number") return undefined;
  const number = others[inner] ?? refuse(path, `a contract of "others", of which ${inner} is none`);
  return { type: { kind: "int" }, json: number.toString() };
}

function record(value: unknown, path: string, others: readonly bigint[]): Natural {
  const fields = Object.entries(value ?? {}).map(([name, item]) => {
    if (!FIELD.test(name)) return refuse(`${path}.${name}`, "a plain name of a field");
    return { name, ...natural(item, `${path}.${name}`, others) };
  });
  return {
    type: recordOf(fields.map(({ name, type }) => [name, type])),
    json: Object.fromEntries(fields.map(({ name, json }) => [name, json])),
  };
}

function refuse(path: string, expected: string): never {
  throw new AceError("ARGUMENT_INVALID", `${path}: expected ${expected}`);
}
