/**
 * What a contract promises those who deal with it, read from its ABI as state holds it, and whether
 * new code keeps it.
 *
 * A change of code keeps each interface and each method with all its types: whoever calls by number and
 * name, person or contract, finds what was there. New ones may come. The policy may only get stricter.
 */
import { invariant } from "../lib/invariant.ts";
import {
  afterHead,
  argument,
  header,
  MAJOR,
  readInteger,
  readItems,
  readString,
} from "./realm/cbor.ts";

export interface Terms {
  readonly interfaces: readonly string[];
  /** By name: the method's arguments, result, view and payments in canonical CBOR. */
  readonly methods: ReadonlyMap<string, string>;
  readonly policy: Policy;
}

export type Policy =
  | { readonly kind: "none" | "dao" }
  | { readonly kind: "owner"; readonly delayS: bigint };

/** They run once, and nobody else calls them. */
const OWN_METHODS: ReadonlySet<string> = new Set(["setup", "migrate"]);
/** The stricter, the higher. */
const STRICTNESS: Readonly<Record<Policy["kind"], number>> = { owner: 0, dao: 1, none: 2 };

/** `abi` is byte text. */
export function termsOf(abi: string): Terms {
  const [, interfaces = "", methods = "", policy = ""] = readItems(abi) ?? [];
  const pairs = readItems(asArray(methods)) ?? [];
  const named = new Map<string, string>();
  for (let at = 0; at < pairs.length; at += 2) {
    named.set(textOf(pairs[at] ?? ""), pairs[at + 1] ?? "");
  }
  const listed = (readItems(interfaces) ?? []).map(textOf);
  return { interfaces: listed, methods: named, policy: policyOf(policy) };
}

/** What the new terms take away, such as `method buy`; empty when they keep everything. */
export function takenAway(old: Terms, next: Terms): string {
  if (isLooser(old.policy, next.policy)) return "upgrade policy";
  const gone = old.interfaces.find((name) => !next.interfaces.includes(name));
  if (gone !== undefined) return `interface ${gone}`;
  for (const [name, method] of old.methods) {
    if (!OWN_METHODS.has(name) && next.methods.get(name) !== method) return `method ${name}`;
  }
  return "";
}

function isLooser(old: Policy, next: Policy): boolean {
  if (old.kind === "owner" && next.kind === "owner") return next.delayS < old.delayS;
  return STRICTNESS[next.kind] < STRICTNESS[old.kind];
}

function policyOf(item: string): Policy {
  const word = readString(MAJOR.text, item);
  if (word === "none" || word === "dao") return { kind: word };
  const delayS = readInteger(readItems(item)?.[1] ?? "");
  invariant(delayS !== undefined, "an ABI holds its upgrade policy");
  return { kind: "owner", delayS };
}

function textOf(item: string): string {
  const text = readString(MAJOR.text, item);
  invariant(text !== undefined, "names in an ABI are text");
  return text;
}

/** The keys and values of a map in turn. */
function asArray(map: string): string {
  return header(MAJOR.array, 2 * argument(map, 0)) + map.slice(afterHead(map, 0));
}
