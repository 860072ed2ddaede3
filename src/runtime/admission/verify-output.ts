/**
 * A second look at instrumented code, by other means than those that made it: the output is parsed
 * again, and every place that can repeat or be entered must begin with its charge.
 */
import type { AnyNode, Statement } from "acorn";
import { parseText } from "./quick-parser.ts";
import { childrenOf, isFunction } from "./syntax-tree.ts";

const HELPERS: ReadonlySet<string> = new Set(
  `$g $d $e $ace $oog $deep $norm $add $sub $mul $div $mod $pow $shl $shr $ushr $and $or $xor $neg
  $num $not $inc $dec $lt $le $gt $ge $eq $in $key $old $all $set $ref $upd $step $spread
  $iter $text $t $bad $raise $isa $inv`.split(/\s+/),
);
const PARAMETER = /^\$\d+$/;
/** Enough for a brace, the directive and the longest charge. */
const HEAD_CHARACTERS = 64;
const CHARGE = /^if\(\(\$g-=\d+\)<0\)\$oog\(\);/;

/** What is wrong with the output, or undefined. */
export function outputFault(code: string): string | undefined {
  let root: AnyNode;
  try {
    root = parseText(code, { ecmaVersion: 2023, sourceType: "script" });
  } catch (error) {
    return error instanceof SyntaxError ? `the output does not parse: ${error.message}` : "no tree";
  }
  const queue: AnyNode[] = [root];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    const fault = nodeFault(node, code);
    if (fault !== undefined) return fault;
    for (const child of childrenOf(node)) queue.push(child);
  }
  return undefined;
}

function nodeFault(node: AnyNode, code: string): string | undefined {
  if (node.type === "Identifier" && node.name.startsWith("$")) {
    const isKnown = HELPERS.has(node.name) || PARAMETER.test(node.name);
    return isKnown ? undefined : `unknown helper ${node.name}`;
  }
  const body = chargedPart(node);
  if (body === undefined) return undefined;
  const text = code
    .slice(body.start, body.start + HEAD_CHARACTERS)
    .replace(/^\{("use strict";)?/, "");
  return CHARGE.test(text) ? undefined : `${node.type} without a charge`;
}

/** The part that must begin with a charge. */
function chargedPart(node: AnyNode): AnyNode | undefined {
  switch (node.type) {
    case "WhileStatement":
    case "DoWhileStatement":
    case "ForStatement":
    case "ForOfStatement":
    case "CatchClause":
      return node.body;
    case "SwitchCase":
      return node.consequent[0] ?? node;
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return isFunction(node) ? node.body : undefined;
    case "TryStatement":
      return isOwnDepth(node.finalizer) ? undefined : (node.finalizer ?? undefined);
    default:
      return undefined;
  }
}

/** The finally that gives call depth back is ours, and must run without gas. */
function isOwnDepth(
  finalizer: { readonly body: readonly Statement[] } | null | undefined,
): boolean {
  const [only, more] = finalizer?.body ?? [];
  return (
    more === undefined &&
    only?.type === "ExpressionStatement" &&
    only.expression.type === "AssignmentExpression" &&
    only.expression.left.type === "Identifier" &&
    only.expression.left.name === "$d"
  );
}
