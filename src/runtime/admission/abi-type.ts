/** Types of an ABI, read from the expressions that name or build them. */
import type { AnyNode } from "acorn";
import { type AbiField, type AbiType, recordOf } from "../../contracts/abi.ts";
import type { Names } from "./module-shape.ts";
import { unwrap } from "./syntax-tree.ts";

type Plain = Extract<
  AbiType,
  { kind: "int" | "bool" | "text" | "account" | "asset" | "hash" }
>["kind"];

const PLAIN: readonly Plain[] = ["int", "bool", "text", "account", "asset", "hash"];
const SIZE_MAX = 16_384;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,31}$/;

export interface TypeNames extends Names {
  /** How many types may still be read: types made of types that have names grow with every level. */
  readonly types: { left: number };
}

/** The type, or undefined when the expression is none. `levels` bounds the recursion. */
export function readType(node: AnyNode, names: TypeNames, levels: number): AbiType | undefined {
  names.types.left -= 1;
  if (names.types.left < 0) return undefined;
  const kitName = names.kitName(node);
  const plain = PLAIN.find((kind) => kind === kitName);
  if (plain !== undefined) return { kind: plain };
  const inner = names.constant(node);
  if (inner === undefined || levels < 1) return undefined;
  if (inner.type === "ObjectExpression") return recordType(inner, names, levels);
  return inner.type === "CallExpression" ? builtType(inner, names, levels) : undefined;
}

function builtType(
  call: Extract<AnyNode, { type: "CallExpression" }>,
  names: TypeNames,
  levels: number,
): AbiType | undefined {
  const [first] = call.arguments;
  if (first === undefined) return undefined;
  switch (names.kitName(call.callee)) {
    case "bytes":
      return bytesType(first, names);
    case "list":
      return listType(call.arguments, names, levels);
    case "optional": {
      const type = readType(first, names, levels - 1);
      return type === undefined || type.kind === "optional"
        ? undefined
        : { kind: "optional", type };
    }
    case "record": {
      const fields = names.constant(first);
      return fields?.type === "ObjectExpression" ? recordType(fields, names, levels) : undefined;
    }
    case "oneOf":
      return oneOfType(call.arguments, names);
    default:
      return undefined;
  }
}

function bytesType(node: AnyNode, names: Names): AbiType | undefined {
  const length = sizeOf(node, names);
  return length === undefined ? undefined : { kind: "bytes", length };
}

function listType(
  nodes: readonly AnyNode[],
  names: TypeNames,
  levels: number,
): AbiType | undefined {
  const [first, second] = nodes;
  if (first === undefined || second === undefined) return undefined;
  const item = readType(first, names, levels - 1);
  const max = sizeOf(second, names);
  return item === undefined || max === undefined ? undefined : { kind: "list", item, max };
}

function recordType(
  node: Extract<AnyNode, { type: "ObjectExpression" }>,
  names: TypeNames,
  levels: number,
): AbiType | undefined {
  const fields: AbiField[] = [];
  for (const property of node.properties) {
    if (property.type === "SpreadElement" || property.computed) return undefined;
    const name = keyName(property.key);
    const type = readType(property.value, names, levels - 1);
    if (name === undefined || type === undefined) return undefined;
    if (fields.some(([known]) => known === name)) return undefined;
    fields.push([name, type]);
  }
  return recordOf(fields);
}

function oneOfType(nodes: readonly AnyNode[], names: Names): AbiType | undefined {
  const options = nodes.map((node) => names.constant(node));
  const texts = options.flatMap((node) =>
    node?.type === "Literal" && typeof node.value === "string" ? [node.value] : [],
  );
  return texts.length === nodes.length ? { kind: "oneOf", names: texts } : undefined;
}

function sizeOf(node: AnyNode, names: Names): number | undefined {
  const literal = names.constant(node);
  const value = literal?.type === "Literal" ? literal.value : undefined;
  const isSize = typeof value === "number" && Number.isInteger(value) && value >= 1;
  return isSize && value <= SIZE_MAX ? value : undefined;
}

function keyName(key: AnyNode): string | undefined {
  const inner = unwrap(key);
  const name = inner.type === "Identifier" ? inner.name : undefined;
  return name !== undefined && NAME.test(name) ? name : undefined;
}
