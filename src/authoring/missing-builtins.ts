/**
 * Methods that JavaScript has and the realm of contracts lacks: TypeScript knows them, so that only a
 * test would show that they are not there.
 */
import { readFileSync } from "node:fs";
import { type AnyNode, getLineInfo, parse } from "acorn";
import { childrenOf } from "../runtime/admission/syntax-tree.ts";
import type { BuiltContract } from "./build-contract.ts";
import type { Problem } from "./problem.ts";

const NO_CASES = "Case depends on tables of Unicode, which change: compare text as it is.";
const NO_PATTERNS = "There are no regular expressions: use `indexOf`, `slice`, `split` and `join`.";
const NO_FRACTIONS = "Divide integers, or write `value.toString()`.";
const A_LOOP = "Write a loop, or use `map`, `filter`, `reduce` and `concat`.";

const INSTEAD: ReadonlyMap<string, string> = new Map(
  [
    { names: "toLowerCase toUpperCase toLocaleLowerCase toLocaleUpperCase", hint: NO_CASES },
    { names: "normalize localeCompare", hint: NO_CASES },
    { names: "match matchAll replace replaceAll", hint: NO_PATTERNS },
    { names: "toFixed toPrecision toExponential toLocaleString", hint: NO_FRACTIONS },
    { names: "flat flatMap reduceRight findLast findLastIndex copyWithin toSpliced", hint: A_LOOP },
  ].flatMap(({ names, hint }) => names.split(" ").map((name): [string, string] => [name, hint])),
);

/** Of a contract that was admitted. A name that the contract itself gives to a property is its own. */
export function missingBuiltins({ source, map }: BuiltContract): readonly Problem[] {
  const found: { readonly name: string; readonly start: number }[] = [];
  const own = new Set<string>();
  const queue: AnyNode[] = [parse(source, { ecmaVersion: 2023, sourceType: "module" })];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (node.type === "Property" && node.key.type === "Identifier") own.add(node.key.name);
    const name = calledName(node);
    if (name !== undefined) found.push(name);
    queue.push(...childrenOf(node));
  }
  return found
    .filter(({ name }) => INSTEAD.has(name) && !own.has(name))
    .toSorted((left, right) => left.start - right.start)
    .flatMap(({ name, start }) => {
      const { line, column } = getLineInfo(source, start);
      const place = map({ line, column: column + 1 });
      if (place === undefined) return [];
      const text = readFileSync(place.file, "utf8").replaceAll("\r\n", "\n");
      const message = `there is no \`${name}\` in contracts`;
      return [{ ...place, text, code: "TYPES_WRONG", message, hint: INSTEAD.get(name) ?? "" }];
    });
}

function calledName(node: AnyNode) {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return undefined;
  const { property, computed } = node.callee;
  if (computed || property.type !== "Identifier") return undefined;
  return { name: property.name, start: property.start };
}
