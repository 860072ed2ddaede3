/** Statements of instrumented code. Whatever may run more or less often than its parent charges itself. */
import type { AnyNode, Statement, VariableDeclaration } from "acorn";
import { gasSchedule } from "../limits.ts";
import { printExpression, printUnused } from "./print-expressions.ts";
import { printDeclarators, printPattern } from "./print-patterns.ts";
import { printCharge, type Region, regionIn } from "./region.ts";
import { boundNames } from "./syntax-tree.ts";

export function printStatement(node: AnyNode, region: Region): string {
  region.gas += 1;
  const expression = (inner: AnyNode): string => printExpression(inner, region);
  switch (node.type) {
    case "BlockStatement":
      return `{${printAll(node.body, region)}}`;
    case "ExpressionStatement":
      return `${printUnused(node.expression, region)};`;
    case "VariableDeclaration":
      return `${printDeclaration(node, region)};`;
    case "FunctionDeclaration":
      return `${region.printFunction(node, region)}\n`;
    case "ReturnStatement":
      return node.argument ? `return ${expression(node.argument)};` : "return;";
    case "ThrowStatement":
      // Thrown by the realm: the engine looks for the place of a throw, the longer the larger the function.
      region.gas += gasSchedule.thrown;
      return `$raise(${expression(node.argument)});`;
    case "BreakStatement":
    case "ContinueStatement": {
      const word = node.type === "BreakStatement" ? "break" : "continue";
      return node.label ? `${word} ${node.label.name};` : `${word};`;
    }
    case "EmptyStatement":
      return ";";
    default:
      return printBranching(node, region);
  }
}

function printAll(nodes: readonly AnyNode[], region: Region): string {
  return nodes.map((node) => printStatement(node, region)).join("");
}

function printBranching(node: AnyNode, region: Region): string {
  const expression = (inner: AnyNode): string => printExpression(inner, region);
  switch (node.type) {
    case "LabeledStatement":
      return `${node.label.name}:${printStatement(node.body, region)}`;
    case "IfStatement": {
      const otherwise = node.alternate ? `else${printRegion(node.alternate, region)}` : "";
      return `if(${expression(node.test)})${printRegion(node.consequent, region)}${otherwise}`;
    }
    case "SwitchStatement":
      return printSwitch(node, region);
    case "TryStatement":
      return printTry(node, region);
    case "WhileStatement":
    case "DoWhileStatement":
    case "ForStatement":
    case "ForOfStatement":
      return printLoop(node, region);
    default:
      throw new Error(`Broken invariant: ${node.type} passed the whitelist but cannot be printed`);
  }
}

/** A statement that charges for itself when it is reached. */
function printRegion(node: Statement, outer: Region, gas = 1, before = ""): string {
  const region = regionIn(outer, gas);
  const body = printStatement(node, region);
  return `{${printCharge(region)}${before}${body}}`;
}

/** Test and update run once a turn, so each turn pays for them. */
function printLoop(node: AnyNode, region: Region): string {
  const turn = regionIn(region, 1);
  switch (node.type) {
    case "WhileStatement": {
      const test = printExpression(node.test, turn);
      region.gas += turn.gas;
      return `while(${test})${printRegion(node.body, region, turn.gas)}`;
    }
    case "DoWhileStatement": {
      const test = printExpression(node.test, turn);
      return `do${printRegion(node.body, region, turn.gas)}while(${test});`;
    }
    case "ForStatement": {
      const init = node.init ? printInit(node.init, region) : "";
      turn.gas += copiedNames(node.init);
      const test = node.test ? printExpression(node.test, turn) : "";
      const update = node.update ? printUnused(node.update, turn) : "";
      region.gas += turn.gas;
      return `for(${init};${test};${update})${printRegion(node.body, region, turn.gas)}`;
    }
    case "ForOfStatement": {
      if (node.left.type !== "VariableDeclaration")
        throw new Error("Broken invariant: a bare loop");
      const source = printExpression(node.right, region);
      const name = `$${region.names.next++}`;
      const own = printLoopVariable(node.left, name, turn);
      const gas = turn.gas + gasSchedule.iteration;
      return `for(const ${name} of $iter(${source}))${printRegion(node.body, region, gas, own)}`;
    }
    default:
      return "";
  }
}

/** A turn of the loop gives each closure variables of its own: it copies them, the first one freely. */
function copiedNames(init: AnyNode | null | undefined): number {
  if (init?.type !== "VariableDeclaration" || init.kind !== "let") return 0;
  return Math.max(0, init.declarations.flatMap(({ id }) => boundNames(id)).length - 1);
}

function printInit(node: AnyNode, region: Region): string {
  return node.type === "VariableDeclaration"
    ? printDeclaration(node, region)
    : printExpression(node, region);
}

function printLoopVariable(node: VariableDeclaration, value: string, region: Region): string {
  const [declarator] = node.declarations;
  if (declarator === undefined) throw new Error("Broken invariant: a loop without a variable");
  return `${node.kind} ${printDeclarators(declarator.id, value, region)};`;
}

function printDeclaration(node: VariableDeclaration, region: Region): string {
  const parts = node.declarations.map(({ id, init }) => {
    if (init) return printDeclarators(id, printExpression(init, region), region);
    return printPattern(id, region, []);
  });
  return `${node.kind} ${parts.join(",")}`;
}

function printSwitch(node: Extract<AnyNode, { type: "SwitchStatement" }>, region: Region): string {
  const subject = printExpression(node.discriminant, region);
  const cases = node.cases.map(({ test, consequent }) => {
    const label = test ? `case ${printExpression(test, region)}:` : "default:";
    const inside = regionIn(region, 1);
    const body = printAll(consequent, inside);
    return `${label}${printCharge(inside)}${body}`;
  });
  return `switch(${subject}){${cases.join("")}}`;
}

/**
 * Once gas is spent every charge throws, so neither a catch nor a finally can swallow it; `$norm`
 * hands a fault of the engine on, and has an error of the engine paid before a finally can drop it.
 */
function printTry(node: Extract<AnyNode, { type: "TryStatement" }>, outer: Region): string {
  const block = printRegion(node.block, outer);
  const param = node.handler?.param;
  const name = param?.type === "Identifier" ? `let ${param.name}=` : "";
  const handler = node.handler
    ? `catch($e)${printRegion(node.handler.body, outer, gasSchedule.caught, `${name}$norm($e);`)}`
    : "";
  if (!node.finalizer) return `try${block}${handler}`;
  const inner = node.handler ? `{try${block}${handler}}` : block;
  const passing = regionIn(outer, gasSchedule.caught);
  const pass = `catch($e){${printCharge(passing)}$raise($norm($e));}`;
  return `try${inner}${pass}finally${printRegion(node.finalizer, outer, gasSchedule.finalised)}`;
}
