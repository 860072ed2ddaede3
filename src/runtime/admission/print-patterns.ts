/** Patterns of instrumented code: what takes values apart, in declarations, parameters and assignments. */
import type { AnyNode, Pattern } from "acorn";
import { gasSchedule } from "../limits.ts";
import { type Region, unprintable } from "./region.ts";

/** What a pattern takes apart: iterated only by known steps, and never null. */
export function printTaken(pattern: Pattern, value: string): string {
  if (pattern.type === "ArrayPattern") return `$iter(${value})`;
  return pattern.type === "ObjectPattern" ? `(${value}??$bad())` : value;
}

/**
 * Declarators of a pattern and its value. A pattern inside a pattern becomes a declarator of its own,
 * so that what it takes apart is looked at first.
 */
export function printDeclarators(pattern: Pattern, value: string, region: Region): string {
  const later: (readonly [Pattern, string])[] = [];
  const own = printPattern(pattern, region, later);
  const rest = later.map(([inner, name]) => `,${printDeclarators(inner, name, region)}`);
  return `${own}=${printTaken(pattern, value)}${rest.join("")}`;
}

type Later = (readonly [Pattern, string])[];

/** A pattern of a declaration or of an assignment to names; what is nested goes to `later`. */
export function printPattern(node: Pattern, region: Region, later: Later): string {
  region.gas += 1;
  const inner = (item: Pattern): string => {
    const target = item.type === "AssignmentPattern" ? item.left : item;
    if (target.type !== "ArrayPattern" && target.type !== "ObjectPattern") {
      return printPattern(item, region, later);
    }
    const name = `$${region.names.next++}`;
    later.push([target, name]);
    if (item.type !== "AssignmentPattern") return name;
    return `${name}=${region.printExpression(item.right, region)}`;
  };
  switch (node.type) {
    case "AssignmentPattern":
      return `${inner(node.left)}=${region.printExpression(node.right, region)}`;
    case "ArrayPattern":
      region.gas += gasSchedule.iteration * (1 + node.elements.length);
      return `[${node.elements.map((item) => (item === null ? "" : inner(item))).join(",")}]`;
    case "ObjectPattern":
      return `{${node.properties
        .map((item) =>
          item.type === "Property" ? `${printKey(item, region)}:${inner(item.value)}` : "",
        )
        .join(",")}}`;
    case "Identifier":
      return node.name;
    default:
      return unprintable(node);
  }
}

export function printKey(
  node: { readonly computed: boolean; readonly key: AnyNode },
  region: Region,
): string {
  if (node.computed) {
    region.gas += gasSchedule.propertyComputed;
    return `[$key(${region.printExpression(node.key, region)})]`;
  }
  const { key } = node;
  if (key.type === "Identifier") return JSON.stringify(key.name);
  return key.type === "Literal" ? JSON.stringify(String(key.value)) : unprintable(key);
}
