/** Names: each must be declared, imported from the kit, or one of the realm's globals. */
import type { AnyNode, ImportSpecifier, Program } from "acorn";
import { isAllowedForm } from "./check-forms.ts";
import type { Refusals } from "./refusal.ts";
import { boundNames, childrenOf, type Identifier, unwrap } from "./syntax-tree.ts";

const GLOBALS: ReadonlySet<string> = new Set(
  `Object Array Number BigInt String Boolean Map Set Math Error TypeError RangeError
  undefined NaN Infinity`.split(/\s+/),
);

/** Everything that `ace-node/contract` exports to a contract. */
const KIT: ReadonlySet<string> = new Set(
  `int bool text account asset hash bytes list record optional oneOf XLM contract state ctx
  take pay emit call fail sha256 verify`.split(/\s+/),
);
const KIT_MODULE = "ace-node/contract";
const AT_ONCE = "Everything in a contract happens at once.";
const NOTHING_OUTSIDE = "A contract reaches nothing outside of itself.";
/** What to write instead of the names that authors miss most, each in lower case. */
const INSTEAD: Readonly<Record<string, string>> = {
  console: "Use `emit`, or a test.",
  date: "`ctx.time` is the close time of the ledger.",
  eval: "Write the code itself.",
  fetch: NOTHING_OUTSIDE,
  globalthis: NOTHING_OUTSIDE,
  json: "Declare the type of a value instead of writing it as text.",
  process: NOTHING_OUTSIDE,
  promise: AT_ONCE,
  regexp: "Compare text step by step.",
  settimeout: AT_ONCE,
};
const ASCII_NAME = /^[A-Za-z_][A-Za-z0-9_$]*$/;

type Kind = "local" | "constant" | "import";
type Scope = { readonly names: ReadonlyMap<string, Kind>; readonly outer: Scope | undefined };

export function checkNames(program: Program, refusals: Refusals): void {
  checkImports(program, refusals);
  visit(program, undefined, refusals);
}

function checkImports(program: Program, refusals: Refusals): void {
  const imports = program.body.filter((node) => node.type === "ImportDeclaration");
  for (const node of imports) {
    if (node.source.value !== KIT_MODULE) {
      const hint = `A contract is one file; it imports only "${KIT_MODULE}".`;
      refusals.refuse("CODE_IMPORT", node, `import from "${node.source.value}"`, hint);
    }
    for (const specifier of node.specifiers) {
      // Anything but a name in braces is a form that is refused.
      if (specifier.type !== "ImportSpecifier" || isOfKit(specifier)) continue;
      const hint = "docs/contracts.md lists what the kit offers.";
      refusals.refuse("CODE_IMPORT", specifier, `the kit has no "${nameOf(specifier)}"`, hint);
    }
  }
}

function nameOf({ imported }: ImportSpecifier): string {
  return imported.type === "Identifier" ? imported.name : String(imported.value);
}

function isOfKit({ imported }: ImportSpecifier): boolean {
  return imported.type === "Identifier" && KIT.has(imported.name);
}

function visit(node: AnyNode, scope: Scope | undefined, refusals: Refusals): void {
  if (!isAllowedForm(node)) return;
  const declared = declarations(node);
  for (const { name, at } of declared) checkDeclared(name, at, refusals);
  if (node.type === "LabeledStatement") checkDeclared(node.label.name, node.label, refusals);
  const names = new Map(declared.map(({ name, kind }) => [name, kind]));
  const inner = names.size === 0 && scope !== undefined ? scope : { names, outer: scope };
  if (node.type === "Identifier") checkReference(node, inner, refusals);
  checkAssigned(node, inner, refusals);
  for (const child of expressionsOf(node)) visit(child, inner, refusals);
}

interface Declared {
  readonly name: string;
  readonly kind: Kind;
  readonly at: AnyNode;
}

/** What a node declares for everything inside it. */
function declarations(node: AnyNode): readonly Declared[] {
  switch (node.type) {
    case "Program":
    case "BlockStatement":
      return node.body.flatMap(declaredBy);
    case "SwitchStatement":
      return node.cases.flatMap(({ consequent }) => consequent.flatMap(declaredBy));
    case "ForStatement":
      return node.init?.type === "VariableDeclaration" ? declaredBy(node.init) : [];
    case "ForOfStatement":
      return declaredBy(node.left);
    case "CatchClause":
      return node.param ? locals(boundNames(node.param)) : [];
    case "FunctionExpression":
    case "ArrowFunctionExpression":
    case "FunctionDeclaration": {
      const own = node.type === "FunctionExpression" && node.id ? [node.id] : [];
      return [...named(own, "constant"), ...locals(node.params.flatMap(boundNames))];
    }
    default:
      return [];
  }
}

function declaredBy(node: AnyNode): readonly Declared[] {
  switch (node.type) {
    case "VariableDeclaration":
      return named(
        node.declarations.flatMap(({ id }) => boundNames(id)),
        node.kind === "const" ? "constant" : "local",
      );
    case "FunctionDeclaration":
      return node.id ? locals([node.id]) : [];
    case "ExportNamedDeclaration":
      return node.declaration ? declaredBy(node.declaration) : [];
    case "ImportDeclaration":
      return node.specifiers.map(({ local }) => ({ name: local.name, kind: "import", at: local }));
    default:
      return [];
  }
}

function locals(identifiers: readonly Identifier[]): readonly Declared[] {
  return named(identifiers, "local");
}

function named(identifiers: readonly Identifier[], kind: Kind): readonly Declared[] {
  return identifiers.map((at) => ({ name: at.name, kind, at }));
}

/** Children that hold references, patterns and statements; plain property names are neither. */
function expressionsOf(node: AnyNode): readonly AnyNode[] {
  switch (node.type) {
    case "MemberExpression":
      return node.computed ? [node.object, node.property] : [node.object];
    case "Property":
      return node.computed ? [node.key, node.value] : [node.value];
    case "LabeledStatement":
      return [node.body];
    case "BreakStatement":
    case "ContinueStatement":
    case "ImportDeclaration":
      return [];
    default:
      return childrenOf(node);
  }
}

function checkDeclared(name: string, at: AnyNode, refusals: Refusals): void {
  const hint = "Choose another name: letters, digits and _, not starting with a digit.";
  if (GLOBALS.has(name)) refusals.refuse("CODE_NAME", at, `"${name}" hides a built-in`, hint);
  else if (!ASCII_NAME.test(name)) {
    refusals.refuse("CODE_NAME", at, `"${name}" cannot be a name here`, hint);
  }
}

function checkReference(node: Identifier, scope: Scope, refusals: Refusals): void {
  if (kindOf(node.name, scope) !== undefined || GLOBALS.has(node.name)) return;
  const key = node.name.toLowerCase();
  const instead = Object.hasOwn(INSTEAD, key) ? INSTEAD[key] : undefined;
  const hint = instead ?? `Declare it, or import it from "${KIT_MODULE}".`;
  refusals.refuse("CODE_NAME", node, `"${node.name}" is not known`, hint);
}

function checkAssigned(node: AnyNode, scope: Scope, refusals: Refusals): void {
  const target = assignedIn(node);
  for (const { name } of target) {
    const kind = kindOf(name, scope);
    if (kind === "local" || (kind === undefined && !GLOBALS.has(name))) continue;
    const hint = kind === "constant" ? "Declare it with `let`." : "Declare a name of your own.";
    refusals.refuse("CODE_NAME", node, `"${name}" cannot be assigned`, hint);
  }
}

function assignedIn(node: AnyNode): readonly Identifier[] {
  if (node.type === "AssignmentExpression") {
    const target = unwrap(node.left);
    if (target.type === "Identifier") return [target];
    return target.type === "ArrayPattern" || target.type === "ObjectPattern"
      ? boundNames(target)
      : [];
  }
  if (node.type !== "UpdateExpression") return [];
  const target = unwrap(node.argument);
  return target.type === "Identifier" ? [target] : [];
}

function kindOf(name: string, scope: Scope | undefined): Kind | undefined {
  for (let place = scope; place !== undefined; place = place.outer) {
    const kind = place.names.get(name);
    if (kind !== undefined) return kind;
  }
  return undefined;
}
