/**
 * Instrumentation: an admitted module becomes the text of a factory that the realm evaluates.
 *
 * `(function($ace){ … return {"buy":buy} })`. Each call runs the factory anew, so
 * nothing survives from one call to the next.
 */
import type { AnyNode, Program } from "acorn";
import { limits } from "../limits.ts";
import { calleesOf } from "./known-callees.ts";
import { exportedFunctions, kitCall, namesOf } from "./module-shape.ts";
import { printExpression } from "./print-expressions.ts";
import { printFunction, printHeld } from "./print-functions.ts";
import { printStatement } from "./print-statements.ts";
import { printCharge, type Region } from "./region.ts";

export function instrument(program: Program): string {
  const kitNames = namesOf(program);
  const names = { next: limits.parametersMax };
  const region: Region = {
    gas: 1,
    printFunction,
    printExpression,
    callees: calleesOf(program),
    names,
  };
  const isDeclaration = (node: AnyNode): boolean =>
    kitCall(node, "contract", kitNames) !== undefined;
  const body = program.body
    .filter((node) => !isDeclaration(node))
    .map((node) => printTopLevel(node, region))
    .join("\n");
  const exported = [...exportedFunctions(program).keys()].map(
    (name) => `${JSON.stringify(name)}:${name}`,
  );
  const result = `return {${exported.join(",")}}`;
  return `(function($ace){"use strict";${printCharge(region)}${printHeld(body)}${body}\n${result}})`;
}

function printTopLevel(node: AnyNode, region: Region): string {
  switch (node.type) {
    case "ImportDeclaration": {
      region.gas += node.specifiers.length;
      const parts = node.specifiers.map((specifier) => {
        const imported = specifier.type === "ImportSpecifier" ? specifier.imported : undefined;
        const name = imported?.type === "Identifier" ? imported.name : specifier.local.name;
        return `${JSON.stringify(name)}:${specifier.local.name}`;
      });
      return `const {${parts.join(",")}}=$ace;`;
    }
    case "ExportNamedDeclaration":
      return node.declaration ? printStatement(node.declaration, region) : "";
    default:
      return printStatement(node, region);
  }
}
