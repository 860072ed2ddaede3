/** Functions of instrumented code: each charges, counts its depth, and gives the depth back. */
import type { Function as FunctionNode, Pattern } from "acorn";
import { gasSchedule, limits } from "../limits.ts";
import {
  printCharge,
  printExpression,
  printPattern,
  type Region,
  regionIn,
} from "./print-expressions.ts";
import { printStatement } from "./print-statements.ts";
import { frameNodes } from "./syntax-tree.ts";

export function printFunction(node: FunctionNode, outer: Region): string {
  outer.gas += 2;
  const region = regionIn(outer, gasSchedule.functionCall + node.params.length);
  const parameters = printParameters(node.params, region);
  const body = printBody(node, region);
  const weight = 1 + Math.floor(frameNodes(node) / limits.frameNodes);
  const depth = `if(($d+=${weight})>${limits.callDepthMax})$deep(${weight});`;
  const run = `{${printCharge(region)}${depth}try{${parameters.prologue}${body}}finally{$d-=${weight}}}`;
  const list = `(${parameters.names.join(",")})`;
  if (node.type === "ArrowFunctionExpression") return `${list}=>${run}`;
  return `function ${node.id?.name ?? ""}${list}${run}`;
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
    return { names: params.map((param) => printPattern(param, region)), prologue: "" };
  }
  const names = params.map(({ type }, index) => `${type === "RestElement" ? "..." : ""}$${index}`);
  const prologue = params.map((param, index) => {
    if (param.type === "RestElement")
      return `let ${printPattern(param.argument, region)}=$${index};`;
    if (param.type !== "AssignmentPattern") return `let ${printPattern(param, region)}=$${index};`;
    const fallback = printExpression(param.right, region);
    return `let ${printPattern(param.left, region)}=$${index}===void 0?${fallback}:$${index};`;
  });
  return { names, prologue: prologue.join("") };
}

function printBody(node: FunctionNode, region: Region): string {
  if (node.body.type === "BlockStatement") return printStatement(node.body, region);
  return `return ${printExpression(node.body, region)};`;
}
