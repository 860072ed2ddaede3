/** Names that a module uses from its own top level, or from outside: those of inner scopes left out. */
import type { AnyNode, Program } from "acorn";
import { boundNames, childrenOf, type Identifier } from "../runtime/admission/syntax-tree.ts";

export interface Reference {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** `{ fee }`: the name stands for a property as well. */
  readonly isShorthand: boolean;
}

interface Scope {
  readonly names: ReadonlySet<string>;
  readonly outer: Scope | undefined;
}

const EMPTY: ReadonlySet<string> = new Set();

/** In source order; where a top-level name is declared counts as a use of it. */
export function outerReferences(program: Program): readonly Reference[] {
  const found: Reference[] = [];
  const visit = (node: AnyNode, scope: Scope | undefined, isShorthand: boolean): void => {
    const names = innerNames(node);
    const inner = names.size === 0 ? scope : { names, outer: scope };
    if (node.type === "Identifier" && !isDeclared(node.name, inner)) {
      found.push({ name: node.name, start: node.start, end: node.end, isShorthand });
    }
    const isShort = node.type === "Property" && node.shorthand;
    for (const child of usesOf(node)) {
      const isLeft = node.type === "AssignmentPattern" && child === node.left && isShorthand;
      visit(child, inner, isShort || isLeft);
    }
  };
  for (const node of program.body) visit(node, undefined, false);
  return found;
}

/** Every name that stands anywhere in the module, those of other modules left out. */
export function allNames(node: AnyNode): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (inside: AnyNode): void => {
    if (inside.type === "ImportDeclaration" || inside.type === "ExportSpecifier") return;
    if (inside.type === "Identifier") names.add(inside.name);
    for (const child of childrenOf(inside)) visit(child);
  };
  visit(node);
  return names;
}

/** Names that a statement declares in the block it stands in. */
export function declaredNames(node: AnyNode): readonly Identifier[] {
  switch (node.type) {
    case "VariableDeclaration":
      return node.declarations.flatMap(({ id }) => boundNames(id));
    case "FunctionDeclaration":
    case "ClassDeclaration":
      return node.id ? [node.id] : [];
    case "ExportNamedDeclaration":
      return node.declaration ? declaredNames(node.declaration) : [];
    default:
      return [];
  }
}

function isDeclared(name: string, scope: Scope | undefined): boolean {
  for (let place = scope; place !== undefined; place = place.outer) {
    if (place.names.has(name)) return true;
  }
  return false;
}

/** What a node declares for everything inside it. */
function innerNames(node: AnyNode): ReadonlySet<string> {
  switch (node.type) {
    case "BlockStatement":
    case "StaticBlock":
      return nameSet(node.body.flatMap(declaredNames));
    case "SwitchStatement":
      return nameSet(node.cases.flatMap(({ consequent }) => consequent.flatMap(declaredNames)));
    case "ForStatement":
      return node.init ? nameSet(declaredNames(node.init)) : EMPTY;
    case "ForOfStatement":
    case "ForInStatement":
      return nameSet(declaredNames(node.left));
    case "CatchClause":
      return node.param ? nameSet(boundNames(node.param)) : EMPTY;
    case "FunctionExpression":
    case "ArrowFunctionExpression":
    case "FunctionDeclaration": {
      const own = node.type === "FunctionExpression" && node.id ? [node.id] : [];
      return nameSet([...own, ...node.params.flatMap(boundNames)]);
    }
    case "ClassExpression":
      return node.id ? nameSet([node.id]) : EMPTY;
    default:
      return EMPTY;
  }
}

function nameSet(identifiers: readonly Identifier[]): ReadonlySet<string> {
  return identifiers.length === 0 ? EMPTY : new Set(identifiers.map(({ name }) => name));
}

/** Children without the names that are no variables: of properties, labels, imports and exports. */
function usesOf(node: AnyNode): readonly AnyNode[] {
  switch (node.type) {
    case "MemberExpression":
      return node.computed ? [node.object, node.property] : [node.object];
    case "Property":
      return node.computed ? [node.key, node.value] : [node.value];
    case "MethodDefinition":
    case "PropertyDefinition": {
      const value = node.value ? [node.value] : [];
      return node.computed ? [node.key, ...value] : value;
    }
    case "LabeledStatement":
      return [node.body];
    case "ExportNamedDeclaration":
      return node.declaration ? [node.declaration] : [];
    case "BreakStatement":
    case "ContinueStatement":
    case "ImportDeclaration":
    case "MetaProperty":
      return [];
    default:
      return childrenOf(node);
  }
}
