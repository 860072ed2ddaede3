/** The whitelist of syntax: a form that is not listed is refused, and so is what we do not meter. */
import type { AnyNode, Function as FunctionNode } from "acorn";
import { limits } from "../limits.ts";
import type { Refusals } from "./refusal.ts";
import { childrenOf, frameNodes, unwrap } from "./syntax-tree.ts";

const ALLOWED: ReadonlySet<string> = new Set(
  `Program ImportDeclaration ImportSpecifier ExportNamedDeclaration FunctionDeclaration
  FunctionExpression ArrowFunctionExpression VariableDeclaration VariableDeclarator
  ExpressionStatement BlockStatement EmptyStatement IfStatement ForStatement ForOfStatement
  WhileStatement DoWhileStatement SwitchStatement SwitchCase BreakStatement ContinueStatement
  LabeledStatement ReturnStatement ThrowStatement TryStatement CatchClause Identifier Literal
  TemplateLiteral TemplateElement ArrayExpression ObjectExpression Property SpreadElement
  MemberExpression CallExpression NewExpression UnaryExpression BinaryExpression LogicalExpression
  UpdateExpression AssignmentExpression ConditionalExpression SequenceExpression ChainExpression
  ParenthesizedExpression ArrayPattern ObjectPattern AssignmentPattern RestElement`.split(/\s+/),
);

const PLAIN_OBJECTS = "Use functions and plain objects.";
const NAMED_IMPORT = 'Write `import { … } from "ace-node/contract"`.';
const NAMED_EXPORT = "Write `export function` before each method.";

/** What authors call the forms that are refused, and what to write instead. */
const REFUSED: Readonly<Record<string, readonly [words: string, instead: string]>> = {
  ClassDeclaration: ["`class`", PLAIN_OBJECTS],
  ClassExpression: ["`class`", PLAIN_OBJECTS],
  ThisExpression: ["`this`", "Pass the object as a parameter."],
  Super: ["`super`", PLAIN_OBJECTS],
  AwaitExpression: ["`await`", "Everything in a contract happens at once: drop `await`."],
  YieldExpression: ["`yield`", "Build an array and return it."],
  ForInStatement: ["`for … in`", "Use `for (const name of Object.keys(value))`."],
  WithStatement: ["`with`", "Name the object each time."],
  DebuggerStatement: ["`debugger`", "Leave it out."],
  TaggedTemplateExpression: ["a tagged template", "Call the function with plain arguments."],
  ImportExpression: ["`import(…)`", 'Use one `import { … } from "ace-node/contract"` at the top.'],
  MetaProperty: ["`import.meta` or `new.target`", "Leave it out."],
  ImportDefaultSpecifier: ["an import without braces", NAMED_IMPORT],
  ImportNamespaceSpecifier: ["`import * as …`", NAMED_IMPORT],
  ImportAttribute: ["`with` after an import", NAMED_IMPORT],
  ExportDefaultDeclaration: ["`export default`", "Export each method by its name."],
  ExportAllDeclaration: ["`export *`", "Export each method by its name."],
  ExportSpecifier: ["`export { … }`", NAMED_EXPORT],
  PrivateIdentifier: ["a private name", PLAIN_OBJECTS],
};
const OTHER_FORM = ["this", "Leave it out."] as const;
const CONSTRUCTORS: ReadonlySet<string> = new Set([
  "Map",
  "Set",
  "Error",
  "TypeError",
  "RangeError",
]);
const LITERAL_CASE_MAX = 64;
const INT_DIGITS_MAX = 77;

/** Refuses every form that is not allowed. The tree must not be deeper than the limit. */
export function checkForms(root: AnyNode, refusals: Refusals): void {
  const visit = (node: AnyNode): void => {
    checkForm(node, refusals);
    // Inside a form that is refused every further fault would only repeat the first.
    if (isAllowedForm(node)) for (const child of childrenOf(node)) visit(child);
  };
  visit(root);
}

export function isAllowedForm(node: AnyNode): boolean {
  return ALLOWED.has(node.type);
}

function checkForm(node: AnyNode, refusals: Refusals): void {
  const refuse = (message: string, hint: string): void =>
    refusals.refuse("CODE_FORM", node, message, hint);
  if (!isAllowedForm(node)) {
    const [words, instead] = REFUSED[node.type] ?? OTHER_FORM;
    refuse(`${words} is not part of the contract language`, instead);
    return;
  }
  const fault = expressionFault(node) ?? statementFault(node);
  if (fault !== undefined) refuse(...fault);
}

type Fault = readonly [message: string, hint: string];

function expressionFault(node: AnyNode): Fault | undefined {
  switch (node.type) {
    case "Literal":
      return literalFault(node);
    case "Property":
      return propertyFault(node);
    case "MemberExpression":
      return isNamed(node.property, "__proto__")
        ? ["`__proto__` cannot be reached", "Use a Map, or copy the fields."]
        : undefined;
    case "ArrayExpression":
      return node.elements.includes(null)
        ? ["an array with a hole", "Write undefined."]
        : undefined;
    case "UnaryExpression":
      return node.operator === "delete"
        ? ["`delete` is not part of the contract language", "Use a Map, or build a new object."]
        : undefined;
    case "BinaryExpression":
      return equalityFault(node);
    case "NewExpression":
      return isConstructor(node.callee) ? callFault(node) : notConstructor;
    case "CallExpression":
      return callFault(node);
    case "AssignmentExpression":
      return assignmentFault(node);
    case "UpdateExpression":
      return targetFault(unwrap(node.argument));
    default:
      return undefined;
  }
}

function statementFault(node: AnyNode): Fault | undefined {
  switch (node.type) {
    case "Program":
      return frameNodes(node) > limits.functionNodesMax ? moduleFault : undefined;
    case "VariableDeclaration":
      return declarationFault(node.kind);
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return functionFault(node);
    case "ForOfStatement":
      return node.await || node.left.type !== "VariableDeclaration" ? loopFault : undefined;
    case "ObjectPattern":
    case "ArrayPattern":
      return childrenOf(node).some(({ type }) => type === "RestElement") ? restFault : undefined;
    default:
      return partFault(node);
  }
}

function partFault(node: AnyNode): Fault | undefined {
  switch (node.type) {
    case "CatchClause":
      return !node.param || node.param.type === "Identifier" ? undefined : catchFault;
    case "SwitchCase":
      return !node.test || isShortLiteral(unwrap(node.test)) ? undefined : caseFault;
    default:
      return undefined;
  }
}

const moduleFault: Fault = [
  "too much stands outside of functions",
  "All of that runs in every call: move it into the functions that need it.",
];
const notConstructor: Fault = [
  "`new` only makes Map, Set, Error, TypeError or RangeError",
  "Write a function that returns an object.",
];
const catchFault: Fault = ["`catch` takes a plain name", "Take the error apart inside the block."];
const caseFault: Fault = ["`case` takes a short literal", "Use `if` and `===` for anything else."];
const loopFault: Fault = [
  "this loop must declare its variable",
  "Write `for (const item of items)`.",
];
const restFault: Fault = [
  "the rest of a pattern is not part of the contract language",
  "Use `slice`, or name the fields.",
];
const lengthFault: Fault = [
  "`length` cannot be assigned",
  "Use `push`, `pop`, `slice` or `splice`.",
];

function declarationFault(kind: string): Fault | undefined {
  if (kind === "const" || kind === "let") return undefined;
  return [`\`${kind}\` is not part of the contract language`, "Use `let` or `const`."];
}

function literalFault(node: Extract<AnyNode, { type: "Literal" }>): Fault | undefined {
  if (node.regex !== undefined && node.regex !== null) {
    return [
      "regular expressions are not part of the contract language",
      "Compare text step by step.",
    ];
  }
  const { value } = node;
  if (typeof value === "bigint" && value.toString().length > INT_DIGITS_MAX) {
    return ["this integer does not fit into 256 bits", "Use a smaller one."];
  }
  return typeof value === "string" && value.length > limits.textCharactersMax
    ? ["this text is too long", `At most ${limits.textCharactersMax} characters.`]
    : undefined;
}

function propertyFault(node: Extract<AnyNode, { type: "Property" }>): Fault | undefined {
  if (node.kind !== "init") return ["getters and setters are refused", "Write a function."];
  if (node.computed || !isNamed(node.key, "__proto__")) return undefined;
  return ["`__proto__` cannot be set", "Copy the fields."];
}

function equalityFault(node: Extract<AnyNode, { type: "BinaryExpression" }>): Fault | undefined {
  if (node.operator !== "==" && node.operator !== "!=") return undefined;
  if (isNothing(unwrap(node.left)) || isNothing(unwrap(node.right))) return undefined;
  return [`\`${node.operator}\` compares only with null`, `Write \`${node.operator}=\`.`];
}

function callFault(node: Extract<AnyNode, { arguments: unknown }>): Fault | undefined {
  const { length } = node.arguments;
  if (node.type === "CallExpression" && node.optional && isComputed(node.callee)) {
    return ["`?.(` behind a computed key", "Read the function into a name first."];
  }
  if (length > limits.argumentsMax) return ["too many arguments", "Pass one array."];
  const spreads = node.arguments.filter(({ type }) => type === "SpreadElement").length;
  return spreads > 1 ? ["more than one spread in a call", "Join the arrays first."] : undefined;
}

function assignmentFault(
  node: Extract<AnyNode, { type: "AssignmentExpression" }>,
): Fault | undefined {
  const target = unwrap(node.left);
  const isLogical = ["||=", "&&=", "??="].includes(node.operator);
  if (isLogical && target.type === "MemberExpression" && target.computed) {
    return [`\`${node.operator}\` on a computed key`, "Read, decide, then assign."];
  }
  return targetFault(target);
}

/** A write goes to a name, to a property, or to a pattern of names. */
function targetFault(target: AnyNode): Fault | undefined {
  switch (target.type) {
    case "Identifier":
      return undefined;
    case "MemberExpression":
      return !target.computed && isNamed(target.property, "length") ? lengthFault : undefined;
    case "ArrayPattern":
    case "ObjectPattern":
      return isOfNames(target)
        ? undefined
        : ["a pattern assigns only to names", "Assign what is inside by itself."];
    default:
      return ["this cannot be assigned to", "Assign to a name or a property."];
  }
}

/** Names and their defaults, one level deep. */
function isOfNames(pattern: Extract<AnyNode, { type: "ArrayPattern" | "ObjectPattern" }>): boolean {
  const inside = pattern.type === "ArrayPattern" ? pattern.elements : pattern.properties;
  return inside.every((item) => {
    const target = item?.type === "Property" ? item.value : item;
    const name = target?.type === "AssignmentPattern" ? target.left : target;
    return name === null || name?.type === "Identifier";
  });
}

function isComputed(callee: AnyNode): boolean {
  return callee.type === "MemberExpression" && callee.computed;
}

function functionFault(node: FunctionNode): Fault | undefined {
  if (frameNodes(node) > limits.functionNodesMax) {
    return ["this function is too large", "Split it into several functions."];
  }
  if (node.async || node.generator) {
    return ["async functions and generators are refused", "Write a plain function."];
  }
  return node.params.length > limits.parametersMax
    ? ["too many parameters", "Pass one object."]
    : undefined;
}

function isConstructor(callee: AnyNode): boolean {
  return callee.type === "Identifier" && CONSTRUCTORS.has(callee.name);
}

function isNamed(node: AnyNode, name: string): boolean {
  if (node.type === "Identifier") return node.name === name;
  return node.type === "Literal" && node.value === name;
}

function isNothing(node: AnyNode): boolean {
  if (node.type === "Identifier") return node.name === "undefined";
  return node.type === "Literal" && node.value === null && node.regex === undefined;
}

/** Literals that cost the same to compare whatever they are compared with. */
export function isShortLiteral(node: AnyNode): boolean {
  if (node.type !== "Literal") return false;
  return typeof node.value !== "string" || node.value.length <= LITERAL_CASE_MAX;
}
