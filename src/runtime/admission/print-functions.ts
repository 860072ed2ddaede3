/** Functions of instrumented code: each charges, counts its depth, and gives the depth back. */
import type { Function as FunctionNode, Pattern } from "acorn";
import { gasSchedule, limits } from "../limits.ts";
import { printExpression } from "./print-expressions.ts";
import { printDeclarators, printPattern } from "./print-patterns.ts";
import { printStatement } from "./print-statements.ts";
import { printCharge, type Region, regionIn } from "./region.ts";
import { frameNodes } from "./syntax-tree.ts";

export function printFunction(node: FunctionNode, outer: Region): string {
  outer.gas += node.type === "FunctionDeclaration" ? gasSchedule.closure : 2;
  const region = regionIn(outer, gasSchedule.functionCall + node.params.length);
  const parameters = printParameters(node.params, region);
  const body = printBody(node, region);
  const weight = 1 + Math.floor(frameNodes(node) / limits.frameNodes);
  const depth = `if(($d+=${weight})>${limits.callDepthMax})$deep(${weight});`;
  const inside = parameters.prologue + body;
  const run = `{${printCharge(region)}${depth}${printHeld(inside)}try{${inside}}finally{$d-=${weight}}}`;
  const list = `(${parameters.names.join(",")})`;
  if (node.type === "ArrowFunctionExpression") return `${list}=>${run}`;
  return `function ${node.id?.name ?? ""}${list}${run}`;
}

/** Declares what holds a value between two steps, where the text has such steps. */
export function printHeld(text: string): string {
  return text.includes("$t=") ? "let $t;" : "";
}

interface Parameters {
  readonly names: readonly string[];
  /** Declares what the parameters hold, after the charge. */
  readonly prologue: string;
}

/**
 * Defaults and patterns run in the body: in the list they would run before the charge, and a default
 * that calls its own function would never reach it.
 */
function printParameters(params: readonly Pattern[], region: Region): Parameters {
  if (params.every(({ type }) => type === "Identifier")) {
    return { names: params.map((param) => printPattern(param, region, [])), prologue: "" };
  }
  const names = params.map(({ type }, index) => `${type === "RestElement" ? "..." : ""}$${index}`);
  const declared = (pattern: Pattern, value: string): string =>
    `let ${printDeclarators(pattern, value, region)};`;
  const prologue = params.map((param, index) => {
    if (param.type === "RestElement") return declared(param.argument, `$${index}`);
    if (param.type !== "AssignmentPattern") return declared(param, `$${index}`);
    const fallback = printExpression(param.right, region);
    return declared(param.left, `($${index}===void 0?${fallback}:$${index})`);
  });
  return { names, prologue: prologue.join("") };
}

function printBody(node: FunctionNode, region: Region): string {
  if (node.body.type === "BlockStatement") return printStatement(node.body, region);
  return `return ${printExpression(node.body, region)};`;
}
