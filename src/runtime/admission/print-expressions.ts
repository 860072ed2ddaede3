/**
 * Expressions of instrumented code.
 *
 * The output is printed from the tree and fully parenthesised, so that no comment, no missing
 * semicolon and no spelling of the source can move what the meter inserts.
 */
import type {
  AnyNode,
  Expression,
  Function as FunctionNode,
  Pattern,
  Property,
  SpreadElement,
} from "acorn";
import { isShortLiteral } from "./check-forms.ts";
import { unwrap } from "./syntax-tree.ts";

/** What runs whenever its first statement runs: gas of all of it is charged there at once. */
export interface Region {
  gas: number;
  /** Functions are printed by the floor above, which prints their statements. */
  readonly printFunction: (node: FunctionNode, region: Region) => string;
}

/** A region of its own inside `outer`. */
export function regionIn(outer: Region, gas: number): Region {
  return { ...outer, gas };
}

/** The charge that the work of a region begins with. */
export function printCharge(region: Region): string {
  return `if(($g-=${region.gas})<0)$oog();`;
}

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
const UNARY: Readonly<Record<string, string>> = { "-": "$neg", "+": "$num", "~": "$not" };

export function printExpression(node: AnyNode, region: Region): string {
  region.gas += 1;
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
      return `[${node.elements.map((item) => (item === null ? "" : printItem(item, region))).join(",")}]`;
    case "ObjectExpression":
      return `({${node.properties.map((item) => printProperty(item, region)).join(",")}})`;
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return `(${region.printFunction(node, region)})`;
    case "ChainExpression":
      return `(${print(node.expression)})`;
    case "MemberExpression":
      return printMember(node, region);
    case "CallExpression":
    case "NewExpression":
      return printCall(node, region);
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

/** A pattern of a declaration, a parameter or an assignment to names. */
export function printPattern(node: Pattern, region: Region): string {
  region.gas += 1;
  switch (node.type) {
    case "AssignmentPattern":
      return `${printPattern(node.left, region)}=${printExpression(node.right, region)}`;
    case "ArrayPattern":
      return `[${node.elements.map((item) => (item === null ? "" : printPattern(item, region))).join(",")}]`;
    case "ObjectPattern":
      return `{${node.properties
        .map((item) =>
          item.type === "Property"
            ? `${printKey(item, region)}:${printPattern(item.value, region)}`
            : "",
        )
        .join(",")}}`;
    case "Identifier":
      return node.name;
    default:
      return unprintable(node);
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

function printKey(
  node: { readonly computed: boolean; readonly key: AnyNode },
  region: Region,
): string {
  if (node.computed) return `[$key(${printExpression(node.key, region)})]`;
  const { key } = node;
  if (key.type === "Identifier") return JSON.stringify(key.name);
  return key.type === "Literal" ? JSON.stringify(String(key.value)) : unprintable(key);
}

function printMember(node: Extract<AnyNode, { type: "MemberExpression" }>, region: Region): string {
  const target = printTarget(node.object, region);
  const mark = node.optional ? "?." : "";
  if (node.computed) return `${target}${mark}[${printComputed(node.property, region)}]`;
  if (node.property.type !== "Identifier") return unprintable(node.property);
  return `${target}${node.optional ? "?." : "."}${node.property.name}`;
}

/** Parenthesised unless that would end an optional chain, or part a method from its object. */
function printTarget(node: AnyNode, region: Region): string {
  const text = printExpression(node, region);
  const isPlain = ["Identifier", "MemberExpression", "CallExpression"].includes(node.type);
  return isPlain ? text : `(${text})`;
}

function printComputed(node: AnyNode, region: Region): string {
  const text = printExpression(node, region);
  return node.type === "Literal" ? text : `$key(${text})`;
}

function printCall(
  node: Extract<AnyNode, { type: "CallExpression" | "NewExpression" }>,
  region: Region,
): string {
  const args = node.arguments.map((item) => printItem(item, region)).join(",");
  if (node.type === "NewExpression")
    return `(new ${printExpression(node.callee, region)}(${args}))`;
  return `${printTarget(node.callee, region)}${node.optional ? "?." : ""}(${args})`;
}

function printBinary(node: Extract<AnyNode, { type: "BinaryExpression" }>, region: Region): string {
  const left = printExpression(node.left, region);
  const right = printExpression(node.right, region);
  const helper = BINARY[node.operator];
  if (helper !== undefined) return `${helper}(${left},${right})`;
  const isCheap = isShortLiteral(unwrap(node.left)) || isShortLiteral(unwrap(node.right));
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
  const left =
    target.type === "ArrayPattern" || target.type === "ObjectPattern"
      ? printPattern(target, region)
      : printExpression(target, region);
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

/** The whitelist of forms let something through that nothing here prints: our mistake. */
function unprintable(node: AnyNode): never {
  throw new Error(`Broken invariant: ${node.type} passed the whitelist but cannot be printed`);
}
