/**
 * What can be called without asking first whether it is a function: a name that the module declares
 * once, as a function, and never assigns; a method of a built-in, of the kit or of a place of state.
 */
import type { AnyNode, Program, VariableDeclaration } from "acorn";
import { globals } from "../realm/globals.ts";
import { boundNames, childrenOf, isFunction, unwrap } from "./syntax-tree.ts";

export interface Callees {
  isFunction(name: string): boolean;
  hasMethod(name: string, method: string): boolean;
}

const KIT_FUNCTIONS: ReadonlySet<string> = new Set(
  "bytes list record optional oneOf take pay emit call fail sha256 verify".split(" "),
);
const KIT_METHODS: Readonly<Record<string, readonly string[]>> = {
  state: ["value", "map"],
  ctx: ["paid", "balance"],
};
const PLACE_METHODS: Readonly<Record<string, readonly string[]>> = {
  value: ["get", "set", "has", "delete"],
  map: ["get", "set", "has", "delete", "scan"],
};

/** What one walk over the module finds. */
interface Found {
  /** How often each name is declared or assigned: once means that it is always the same thing. */
  readonly bindings: Map<string, number>;
  readonly functions: Set<string>;
  /** The kit's name behind a local one. */
  readonly imports: Map<string, string>;
  /** Constants that are made by a call of a method: `const m = state.map(…)`. */
  readonly made: Map<string, readonly [object: string, method: string]>;
}

export function calleesOf(program: Program): Callees {
  const found: Found = {
    bindings: new Map(),
    functions: new Set(),
    imports: new Map(),
    made: new Map(),
  };
  const queue: AnyNode[] = [program];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    note(node, found);
    for (const child of childrenOf(node)) queue.push(child);
  }
  const isFixed = (name: string): boolean => found.bindings.get(name) === 1;
  const kitName = (name: string): string =>
    (isFixed(name) ? found.imports.get(name) : undefined) ?? "";
  return {
    isFunction: (name) =>
      typeof globals[name] === "function" ||
      KIT_FUNCTIONS.has(kitName(name)) ||
      (isFixed(name) && found.functions.has(name)),
    hasMethod: (name, method) => {
      const [object, maker] = (isFixed(name) ? found.made.get(name) : undefined) ?? ["", ""];
      const place = kitName(object) === "state" ? listed(PLACE_METHODS, maker) : [];
      return (
        isBuiltIn(name, method) ||
        listed(KIT_METHODS, kitName(name)).includes(method) ||
        place.includes(method)
      );
    },
  };
}

function note(node: AnyNode, found: Found): void {
  const { bindings, functions, imports } = found;
  for (const name of boundBy(node)) bindings.set(name, (bindings.get(name) ?? 0) + 1);
  if (node.type === "FunctionDeclaration") functions.add(node.id?.name ?? "");
  if (node.type === "ImportSpecifier" && node.imported.type === "Identifier") {
    imports.set(node.local.name, node.imported.name);
  }
  if (node.type === "VariableDeclaration" && node.kind === "const") noteConstants(node, found);
}

function noteConstants(node: VariableDeclaration, { functions, made }: Found): void {
  for (const { id, init } of node.declarations) {
    if (id.type !== "Identifier" || !init) continue;
    const value = unwrap(init);
    if (isFunction(value)) functions.add(id.name);
    const maker = makerOf(value);
    if (maker !== undefined) made.set(id.name, maker);
  }
}

/** Names that a node declares or assigns. */
function boundBy(node: AnyNode): readonly string[] {
  switch (node.type) {
    case "VariableDeclarator":
      return boundNames(node.id).map(({ name }) => name);
    case "ImportSpecifier":
      return [node.local.name];
    case "CatchClause":
      return node.param ? boundNames(node.param).map(({ name }) => name) : [];
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression": {
      const params = node.params.flatMap(boundNames).map(({ name }) => name);
      return node.type !== "ArrowFunctionExpression" && node.id
        ? [node.id.name, ...params]
        : params;
    }
    case "AssignmentExpression":
      return assignedNames(unwrap(node.left));
    case "UpdateExpression":
      return assignedNames(unwrap(node.argument));
    default:
      return [];
  }
}

function assignedNames(target: AnyNode): readonly string[] {
  const isPattern =
    target.type === "Identifier" ||
    target.type === "ArrayPattern" ||
    target.type === "ObjectPattern";
  return isPattern ? boundNames(target).map(({ name }) => name) : [];
}

function makerOf(value: AnyNode): readonly [string, string] | undefined {
  if (value.type !== "CallExpression") return undefined;
  const { callee } = value;
  if (callee.type !== "MemberExpression" || callee.computed) return undefined;
  const { object, property } = callee;
  if (object.type !== "Identifier" || property.type !== "Identifier") return undefined;
  return [object.name, property.name];
}

/** Contracts cannot declare the names of built-ins. */
function isBuiltIn(name: string, method: string): boolean {
  const holder: unknown = Object.hasOwn(globals, name) ? globals[name] : undefined;
  const isObject = (typeof holder === "object" && holder !== null) || typeof holder === "function";
  return (
    isObject && Object.hasOwn(holder, method) && typeof Reflect.get(holder, method) === "function"
  );
}

function listed(table: Readonly<Record<string, readonly string[]>>, name: string) {
  return (Object.hasOwn(table, name) ? table[name] : undefined) ?? [];
}
