/**
 * The ABI of a contract: its methods and the types they take and return, read from its source.
 *
 * Range   `TYPE_DEPTH_MAX` levels of types; fields of a record are sorted by the bytes of their name.
 * Errors  `CBOR_INVALID` for bytes that are not the stored form of an ABI.
 */
import { compareBytes } from "../lib/bytes.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../lib/cbor.ts";
import { AceError } from "../lib/errors.ts";
import { policyFromCbor, policyToCbor, type UpgradePolicy } from "./upgrade-policy.ts";

export type AbiType =
  | { readonly kind: "int" | "bool" | "text" | "account" | "asset" | "hash" }
  | { readonly kind: "bytes"; readonly length: number }
  | { readonly kind: "list"; readonly item: AbiType; readonly max: number }
  | { readonly kind: "record"; readonly fields: readonly AbiField[] }
  | { readonly kind: "optional"; readonly type: AbiType }
  | { readonly kind: "oneOf"; readonly names: readonly string[] };

export type AbiField = readonly [name: string, type: AbiType];

export interface AbiMethod {
  readonly args: readonly AbiType[];
  readonly returns?: AbiType;
  readonly view: boolean;
  /** All assets, none, or the ones listed. */
  readonly payable: boolean | readonly string[];
}

export interface Abi {
  readonly name: string;
  readonly implements: readonly string[];
  /** In the order of the bytes of the method's name. */
  readonly methods: ReadonlyMap<string, AbiMethod>;
  readonly upgrade: UpgradePolicy;
  /** What state may hold at most, keys and values. */
  readonly storageBytes: number;
}

/** `list(record({ a: int }), 5)` has three levels. Leaves room below the depth limit of CBOR. */
export const TYPE_DEPTH_MAX = 8;

const PLAIN = ["int", "bool", "text", "account", "asset", "hash"] as const;

/** How the registry stores an ABI. */
export function encodeAbi(abi: Abi): Uint8Array {
  const methods = [...abi.methods].map(([name, method]): [string, CborValue] => [
    name,
    methodToCbor(method),
  ]);
  return encodeCbor([
    abi.name,
    abi.implements,
    new Map(methods),
    policyToCbor(abi.upgrade),
    BigInt(abi.storageBytes),
  ]);
}

export function decodeAbi(bytes: Uint8Array): Abi {
  const [name, interfaces, methods, upgrade, storageBytes] = items(decodeCbor(bytes), 5);
  return {
    name: text(name),
    implements: items(interfaces).map(text),
    methods: new Map(
      sortedEntries(methods).map(([method, cbor]) => [method, methodFromCbor(cbor)]),
    ),
    upgrade: policyFromCbor(upgrade) ?? wrong("the upgrade policy"),
    storageBytes: size(storageBytes),
  };
}

/** Levels of a type: 1 for `int`. */
export function typeDepth(type: AbiType): number {
  if (type.kind === "list") return 1 + typeDepth(type.item);
  if (type.kind === "optional") return 1 + typeDepth(type.type);
  if (type.kind !== "record") return 1;
  return 1 + type.fields.reduce((deepest, [, field]) => Math.max(deepest, typeDepth(field)), 0);
}

/** A record of these fields, sorted as the ABI keeps them. */
export function recordOf(fields: readonly AbiField[]): AbiType {
  return { kind: "record", fields: fields.toSorted(byName) };
}

/** A type as an author writes it, such as `list({ to: account, ppm: int }, 50)`. */
export function typeText(type: AbiType): string {
  switch (type.kind) {
    case "bytes":
      return `bytes(${type.length})`;
    case "list":
      return `list(${typeText(type.item)}, ${type.max})`;
    case "record":
      return `{ ${type.fields.map(([name, field]) => `${name}: ${typeText(field)}`).join(", ")} }`;
    case "optional":
      return `optional(${typeText(type.type)})`;
    case "oneOf":
      return `oneOf(${type.names.map((name) => JSON.stringify(name)).join(", ")})`;
    default:
      return type.kind;
  }
}

function methodToCbor(method: AbiMethod): CborValue {
  const returns = method.returns === undefined ? null : typeToCbor(method.returns);
  return [method.args.map(typeToCbor), returns, method.view, method.payable];
}

function methodFromCbor(cbor: CborValue): AbiMethod {
  const [args, returns, view, payable] = items(cbor, 4);
  const method = {
    args: items(args).map(typeFromCbor),
    view: bool(view),
    payable: typeof payable === "boolean" ? payable : items(payable).map(text),
  };
  return returns === null ? method : { ...method, returns: typeFromCbor(returns) };
}

function typeToCbor(type: AbiType): CborValue {
  switch (type.kind) {
    case "bytes":
      return ["bytes", BigInt(type.length)];
    case "list":
      return ["list", typeToCbor(type.item), BigInt(type.max)];
    case "record":
      return ["record", new Map(type.fields.map(([name, field]) => [name, typeToCbor(field)]))];
    case "optional":
      return ["optional", typeToCbor(type.type)];
    case "oneOf":
      return ["oneOf", type.names];
    default:
      return type.kind;
  }
}

function typeFromCbor(cbor: CborValue | undefined): AbiType {
  if (typeof cbor === "string") return { kind: PLAIN.find((kind) => kind === cbor) ?? wrong(cbor) };
  const [kind, first, second] = items(cbor);
  switch (kind) {
    case "bytes":
      return { kind, length: size(first) };
    case "list":
      return { kind, item: typeFromCbor(first), max: size(second) };
    case "record":
      return {
        kind,
        fields: sortedEntries(first).map(([name, field]): AbiField => [name, typeFromCbor(field)]),
      };
    case "optional":
      return { kind, type: typeFromCbor(first) };
    case "oneOf":
      return { kind, names: items(first).map(text) };
    default:
      return wrong("a type");
  }
}

function sortedEntries(cbor: CborValue | undefined): [string, CborValue][] {
  if (!(cbor instanceof Map)) return wrong("a map");
  return [...cbor].toSorted(byName);
}

/** Order is by UTF-8 bytes, never by JavaScript's own comparison. */
function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return compareBytes(Buffer.from(left), Buffer.from(right));
}

function items(cbor: CborValue | undefined, length?: number): readonly CborValue[] {
  if (!Array.isArray(cbor) || (length !== undefined && cbor.length !== length)) {
    return wrong("an array");
  }
  return cbor;
}

function text(cbor: CborValue | undefined): string {
  return typeof cbor === "string" ? cbor : wrong("text");
}

function bool(cbor: CborValue | undefined): boolean {
  return typeof cbor === "boolean" ? cbor : wrong("a boolean");
}

function size(cbor: CborValue | undefined): number {
  return typeof cbor === "bigint" && cbor >= 0n ? Number(cbor) : wrong("a size");
}

function wrong(part: string): never {
  throw new AceError("CBOR_INVALID", `these bytes are not an ABI: ${part} is wrong or missing`);
}
