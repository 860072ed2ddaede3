/**
 * Members and calls of instrumented code: whether a step can fail is asked before it is taken.
 *
 * An error that the engine itself makes costs as much as the whole function that it stands in: the
 * engine parses that again, for a sentence that contracts never see. `$bad` fails at no such price.
 */
import type { AnyNode, Expression, SpreadElement } from "acorn";
import type { Callees } from "./known-callees.ts";

type Member = Extract<AnyNode, { type: "MemberExpression" }>;
type Call = Extract<AnyNode, { type: "CallExpression" }>;

export interface LinkPrinter {
  readonly callees: Callees;
  expression(node: AnyNode): string;
  args(nodes: readonly (Expression | SpreadElement)[]): string;
  /** What stands between the brackets. */
  computed(node: AnyNode): string;
  /** Counts a member or a call. */
  count(node: AnyNode): void;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * A member, a call, or what of them is inside an optional chain. `$t` holds a value between the
 * question and the step; nothing runs in between, so one for a function is enough.
 */
export function printLinks(node: AnyNode, printer: LinkPrinter): string {
  const links: (Member | Call)[] = [];
  let base = node;
  while (base.type === "MemberExpression" || base.type === "CallExpression") {
    links.unshift(base);
    base = base.type === "MemberExpression" ? base.object : base.callee;
  }
  for (const link of links) printer.count(link);
  const value = printer.expression(base);
  return follow(base.type === "Identifier" ? value : `(${value})`, { links, printer }, 0);
}

interface Way {
  readonly links: readonly (Member | Call)[];
  readonly printer: LinkPrinter;
}

function follow(value: string, way: Way, at: number): string {
  const link = way.links[at];
  const next = way.links[at + 1];
  if (link === undefined) return value;
  if (link.type === "CallExpression") return called(value, link, way, at);
  if (next?.type === "CallExpression") return methodCalled({ value, link, next }, way, at);
  if (!link.optional) return follow(`${guarded(value)}${access(link, way)}`, way, at + 1);
  return `(($t=${value})==null?void 0:${follow(`$t${access(link, way)}`, way, at + 1)})`;
}

function guarded(value: string): string {
  return `(${value}??$bad())`;
}

function access(link: Member, { printer }: Way): string {
  return link.computed ? `[${printer.computed(link.property)}]` : `.${nameOf(link)}`;
}

function nameOf({ property }: Member): string {
  if (property.type === "Identifier") return property.name;
  throw new Error(`Broken invariant: ${property.type} names a member`);
}

function called(value: string, call: Call, way: Way, at: number): string {
  const { callees } = way.printer;
  const args = way.printer.args(call.arguments);
  const rest = (callee: string): string => follow(`${callee}(${args})`, way, at + 1);
  if (NAME.test(value) && callees.isFunction(value)) return rest(value);
  const isName = NAME.test(value);
  const callee = isName ? value : "$t";
  const first = isName ? value : `($t=${value})`;
  if (!call.optional) return `(typeof ${first}==="function"?${rest(callee)}:$bad())`;
  return `(${first}==null?void 0:(typeof ${callee}==="function"?${rest(callee)}:$bad()))`;
}

interface MethodCall {
  readonly value: string;
  readonly link: Member;
  readonly next: Call;
}

function methodCalled({ value, link, next }: MethodCall, way: Way, at: number): string {
  if (link.computed) return computedCalled({ value, link, next }, way, at);
  const method = nameOf(link);
  const args = way.printer.args(next.arguments);
  const rest = (object: string): string => follow(`${object}.${method}(${args})`, way, at + 2);
  if (way.printer.callees.hasMethod(value, method)) return rest(value);
  const isName = NAME.test(value) && !link.optional;
  const object = isName ? value : "$t";
  const isFunction = (first: string): string =>
    `(typeof ${first}?.${method}==="function"?${rest(object)}:$bad())`;
  const step = (first: string): string =>
    next.optional
      ? `((${first}??$bad()).${method}==null?void 0:${isFunction(object)})`
      : isFunction(first);
  if (link.optional) return `(($t=${value})==null?void 0:${step("$t")})`;
  return step(isName ? value : `($t=${value})`);
}

/** The key is evaluated between object and call, so the call is the realm's. */
function computedCalled({ value, link, next }: MethodCall, way: Way, at: number): string {
  const { printer } = way;
  const rest = (object: string): string => {
    const key = printer.expression(link.property);
    return follow(`$inv(${object},${key},[${printer.args(next.arguments)}])`, way, at + 2);
  };
  return link.optional ? `(($t=${value})==null?void 0:${rest("$t")})` : rest(value);
}
