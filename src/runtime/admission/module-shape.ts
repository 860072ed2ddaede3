/** What a contract's module imports, declares at top level and exports. */
import type { AnyNode, Program } from "acorn";
import { unwrap } from "./syntax-tree.ts";

/** Resolves names of the module without running it. */
export interface Names {
  /** The kit's own name behind a local one. */
  kitName(node: AnyNode): string | undefined;
  /** The node itself, or the value of the top-level `const` that it names. */
  constant(node: AnyNode): AnyNode | undefined;
}

const CONSTANT_STEPS_MAX = 16;

export function namesOf(program: Program): Names {
  const imports = new Map(program.body.flatMap(importedBy));
  const constants = new Map(program.body.flatMap(constantsOf));
  const constant = (node: AnyNode, steps = 0): AnyNode | undefined => {
    const inner = unwrap(node);
    const value = inner.type === "Identifier" ? constants.get(inner.name) : undefined;
    if (value === undefined) return inner;
    return steps > CONSTANT_STEPS_MAX ? undefined : constant(value, steps + 1);
  };
  return {
    constant: (node) => constant(node),
    kitName: (node) => {
      const inner = constant(node);
      return inner?.type === "Identifier" ? imports.get(inner.name) : undefined;
    },
  };
}

function importedBy(node: AnyNode): readonly (readonly [local: string, imported: string])[] {
  if (node.type !== "ImportDeclaration") return [];
  return node.specifiers.flatMap((specifier) =>
    specifier.type === "ImportSpecifier" && specifier.imported.type === "Identifier"
      ? [[specifier.local.name, specifier.imported.name] as const]
      : [],
  );
}

function constantsOf(node: AnyNode): readonly (readonly [name: string, value: AnyNode])[] {
  if (node.type !== "VariableDeclaration" || node.kind !== "const") return [];
  return node.declarations.flatMap(({ id, init }) =>
    id.type === "Identifier" && init ? [[id.name, init] as const] : [],
  );
}

/** The argument of `name(…)` of the kit, if the node is that statement. */
export function kitCall(node: AnyNode, name: string, names: Names): AnyNode | undefined {
  if (node.type !== "ExpressionStatement") return undefined;
  const call = unwrap(node.expression);
  if (call.type !== "CallExpression" || names.kitName(call.callee) !== name) return undefined;
  return call.arguments[0] ?? call;
}

/** Exported functions by name: declarations, and constants that hold a function. */
export function exportedFunctions(program: Program): ReadonlyMap<string, AnyNode> {
  const found = new Map<string, AnyNode>();
  for (const node of program.body) {
    if (node.type !== "ExportNamedDeclaration") continue;
    const { declaration } = node;
    if (declaration?.type === "FunctionDeclaration") found.set(declaration.id.name, declaration);
    if (declaration?.type !== "VariableDeclaration") continue;
    for (const { id } of declaration.declarations) {
      if (id.type === "Identifier") found.set(id.name, id);
    }
  }
  return found;
}
