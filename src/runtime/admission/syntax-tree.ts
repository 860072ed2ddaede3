/** Walking the syntax tree of a contract. Nothing here recurses into trees of unchecked depth. */
import type { AnyNode, Function as FunctionNode, Node, Pattern, Program } from "acorn";

/** Members of nodes that never hold nodes. */
const PLAIN: ReadonlySet<string> = new Set(["type", "start", "end", "loc", "name", "operator"]);

/** Children of a node in source order. A hot loop: every check walks all nodes. */
export function childrenOf(node: AnyNode): readonly AnyNode[] {
  const children: AnyNode[] = [];
  for (const name in node) {
    if (PLAIN.has(name)) continue;
    const value: unknown = Reflect.get(node, name);
    if (typeof value !== "object" || value === null) continue;
    if (Array.isArray(value)) pushNodes(children, value);
    else if (isNode(value)) children.push(value);
  }
  return children;
}

function pushNodes(children: AnyNode[], values: readonly unknown[]): void {
  for (const value of values) if (isNode(value)) children.push(value);
}

/** The first node that lies deeper than `depthMax`, found without recursion. */
export function findTooDeep(root: AnyNode, depthMax: number): Node | undefined {
  let level: readonly AnyNode[] = [root];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > depthMax) return level[0];
    level = level.flatMap(childrenOf);
  }
  return undefined;
}

/** Identifiers that a pattern declares, or assigns to. */
export function boundNames(pattern: Pattern): readonly Identifier[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern];
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => (element === null ? [] : boundNames(element)));
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === "Property" ? property.value : property.argument),
      );
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "RestElement":
      return boundNames(pattern.argument);
    case "MemberExpression":
      return [];
  }
}

/** Nodes of a function or a module, those of functions inside it left out. */
export function frameNodes(frame: FunctionNode | Program): number {
  const inside = (node: AnyNode): number =>
    isFunction(node) ? 1 : 1 + childrenOf(node).reduce((sum, child) => sum + inside(child), 0);
  const own = isNode(frame) ? childrenOf(frame) : [];
  return own.reduce((sum, node) => sum + inside(node), 1);
}

export type Identifier = Extract<AnyNode, { type: "Identifier" }>;

export function isFunction(node: AnyNode): boolean {
  return (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression"
  );
}

/** The expression inside any number of parentheses. */
export function unwrap<N extends AnyNode>(node: N): AnyNode {
  let inner: AnyNode = node;
  while (inner.type === "ParenthesizedExpression") inner = inner.expression;
  return inner;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
