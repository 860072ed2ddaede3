/**
 * Expressions of instrumented code.
 *
 * The output is printed from the tree and fully parenthesised, so that no comment, no missing
 * semicolon and no spelling of the source can move what the meter inserts.
 */
import type { AnyNode, Expression, Property, SpreadElement } from "acorn";
import { gasSchedule } from "../limits.ts";
import { isShortLiteral } from "./check-forms.ts";
import { printLinks } from "./print-calls.ts";
import { printKey, printPattern, printTaken } from "./print-patterns.ts";
import { type Region, unprintable } from "./region.ts";
import { unwrap } from "./syntax-tree.ts";

const BINARY: Readonly<Record<string, string>> = {
  "+": "$add",
  "-": "$sub",
  "*": "$mul",
  "/": "$div",
  "%": "$mod",
  "**": "$pow",
  "<<": "$shl",
  ">>": "$shr",
  ">>>": "$ushr",
  "&": "$and",
  "|": "$or",
  "^": "$xor",
  "<": "$lt",
  "<=": "$le",
  ">": "$gt",
  ">=": "$ge",
  in: "$in",
};
/** What costs more than a node. A member and a call are counted link by link. */
const NODE_GAS: Readonly<Record<string, number>> = {
  MemberExpression: 0,
  CallExpression: 0,
  ArrayExpression: gasSchedule.literal,
  ObjectExpression: gasSchedule.literal,
  FunctionExpression: gasSchedule.closure,
  ArrowFunctionExpression: gasSchedule.closure,
};
/** Properties up to which the engine keeps an object as a shape. */
const SMALL_OBJECT = 32;
const UNARY: Readonly<Record<string, string>> = { "-": "$neg", "+": "$num", "~": "$not" };

export function printExpression(node: AnyNode, region: Region): string {
  region.gas += NODE_GAS[node.type] ?? 1;
  const print = (inner: AnyNode): string => printExpression(inner, region);
  switch (node.type) {
    case "Identifier":
      return node.name;
    case "Literal":
      return printLiteral(node);
    case "ParenthesizedExpression":
      return `(${print(node.expression)})`;
    case "TemplateLiteral":
      return printTemplate(node, region);
    case "ArrayExpression":
      return `[${printItems(node.elements, region)}]`;
    case "ObjectExpression":
      if (node.properties.length > SMALL_OBJECT) {
        region.gas += gasSchedule.propertyOfMany * node.properties.length;
      }
      return `({${node.properties.map((item) => printProperty(item, region)).join(",")}})`;
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return `(${region.printFunction(node, region)})`;
    case "ChainExpression":
      return `(${printLinks(node.expression, linkPrinter(region))})`;
    case "MemberExpression":
    case "CallExpression":
      return printLinks(node, linkPrinter(region));
    case "NewExpression":
      return `(new ${print(node.callee)}(${printItems(node.arguments, region)}))`;
    case "ConditionalExpression":
      return `(${print(node.test)}?${print(node.consequent)}:${print(node.alternate)})`;
    case "SequenceExpression":
      return `(${node.expressions.map(print).join(",")})`;
    case "LogicalExpression":
      return `(${print(node.left)}${node.operator}${print(node.right)})`;
    default:
      return printOperation(node, region);
  }
}

/** `x++` as a statement of its own, where the old value is not asked for. */
export function printUnused(node: Expression, region: Region): string {
  const inner = unwrap(node);
  if (inner.type !== "UpdateExpression") return printExpression(node, region);
  return printExpression({ ...inner, prefix: true }, region);
}

function printOperation(node: AnyNode, region: Region): string {
  const print = (inner: AnyNode): string => printExpression(inner, region);
  switch (node.type) {
    case "UnaryExpression": {
      const helper = UNARY[node.operator];
      return helper === undefined
        ? `(${node.operator} ${print(node.argument)})`
        : `${helper}(${print(node.argument)})`;
    }
    case "BinaryExpression":
      return printBinary(node, region);
    case "AssignmentExpression":
      return printAssignment(node, region);
    case "UpdateExpression":
      return printUpdate(node, region);
    default:
      return unprintable(node);
  }
}

function printLiteral(node: Extract<AnyNode, { type: "Literal" }>): string {
  const { value } = node;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return `(${value})`;
  return JSON.stringify(value);
}

function printTemplate(
  node: Extract<AnyNode, { type: "TemplateLiteral" }>,
  region: Region,
): string {
  const texts = node.quasis.map(({ value }) => JSON.stringify(value.cooked ?? ""));
  const rest = node.expressions.map(
    (item, index) => `,${printExpression(item, region)},${texts[index + 1] ?? '""'}`,
  );
  // One flat list: calls nested as deep as the template is long would end the engine's stack.
  return `$text([${texts[0] ?? '""'}${rest.join("")}])`;
}

function printItems(nodes: readonly (Expression | SpreadElement | null)[], region: Region): string {
  return nodes.map((item) => (item === null ? "" : printItem(item, region))).join(",");
}

function printItem(node: Expression | SpreadElement, region: Region): string {
  if (node.type !== "SpreadElement") return printExpression(node, region);
  region.gas += 3;
  return `...$spread(${printExpression(node.argument, region)})`;
}

function printProperty(node: Property | SpreadElement, region: Region): string {
  region.gas += 1;
  if (node.type === "SpreadElement") return `...$all(${printExpression(node.argument, region)})`;
  return `${printKey(node, region)}:${printExpression(node.value, region)}`;
}

function printComputed(node: AnyNode, region: Region): string {
  const text = printExpression(node, region);
  return node.type === "Literal" ? text : `$key(${text})`;
}

function linkPrinter(region: Region) {
  return {
    callees: region.callees,
    expression: (node: AnyNode) => printExpression(node, region),
    args: (nodes: readonly (Expression | SpreadElement)[]) => printItems(nodes, region),
    computed: (node: AnyNode) => printComputed(node, region),
    count: (node: AnyNode) => {
      region.gas += node.type === "CallExpression" ? 1 : gasSchedule.member;
    },
  };
}

function printBinary(node: Extract<AnyNode, { type: "BinaryExpression" }>, region: Region): string {
  const left = printExpression(node.left, region);
  const right = printExpression(node.right, region);
  const helper = BINARY[node.operator];
  if (helper !== undefined) return `${helper}(${left},${right})`;
  const isCheap = isShortLiteral(unwrap(node.left)) || isShortLiteral(unwrap(node.right));
  if (node.operator === "instanceof") return `$isa(${left},${right})`;
  if (!isCheap && node.operator === "===") return `$eq(${left},${right})`;
  if (!isCheap && node.operator === "!==") return `(!$eq(${left},${right}))`;
  return `(${left} ${node.operator} ${right})`;
}

function printAssignment(
  node: Extract<AnyNode, { type: "AssignmentExpression" }>,
  region: Region,
): string {
  const target = unwrap(node.left);
  const helper = BINARY[node.operator.slice(0, -1)];
  const isComputed = target.type === "MemberExpression" && target.computed;
  if (helper !== undefined && target.type === "MemberExpression") {
    const place = printReference(target, region);
    return `$upd(${helper},${place},${printExpression(node.right, region)})`;
  }
  if (isComputed) {
    region.gas += 1;
    const object = printExpression(target.object, region);
    const key = printExpression(target.property, region);
    return `$set(${object},${key},${printExpression(node.right, region)})`;
  }
  if (target.type === "ArrayPattern" || target.type === "ObjectPattern") {
    const names = printPattern(target, region, []);
    return `(${names}=${printTaken(target, printExpression(node.right, region))})`;
  }
  const left = printExpression(target, region);
  const right = printExpression(node.right, region);
  if (helper !== undefined) return `(${left}=${helper}(${left},${right}))`;
  return `(${left}${node.operator}${right})`;
}

function printUpdate(node: Extract<AnyNode, { type: "UpdateExpression" }>, region: Region): string {
  const target = unwrap(node.argument);
  const helper = node.operator === "++" ? "$inc" : "$dec";
  if (target.type === "MemberExpression") {
    return `$step(${helper},${printReference(target, region)},${node.prefix})`;
  }
  const name = printExpression(target, region);
  const next = `${name}=${helper}(${name})`;
  return node.prefix ? `(${next})` : `$old(${name},${next})`;
}

function printReference(
  node: Extract<AnyNode, { type: "MemberExpression" }>,
  region: Region,
): string {
  region.gas += 1;
  const object = printExpression(node.object, region);
  if (node.computed) return `$ref(${object},${printExpression(node.property, region)})`;
  if (node.property.type !== "Identifier") return unprintable(node.property);
  return `$ref(${object},${JSON.stringify(node.property.name)})`;
}
