/**
 * A source without a `contract(…)` literal gets one, made from its exports: the method that is called
 * with the types of its arguments, the others without any.
 *
 * The method is called through a function of ours that emits what it returns, numbers as text, so that
 * two runs can be compared; it costs a little gas. Everything is added behind the source, so that lines
 * and columns stay. What cannot be parsed stays as it is: admission says why.
 */
import type { AnyNode, Program } from "acorn";
import type { AbiType } from "../src/contracts/abi.ts";
import { parseSource } from "../src/runtime/admission/parse-source.ts";
import { collectRefusals } from "../src/runtime/admission/refusal.ts";

const KIT_MODULE = "ace-node/contract";
const KIT = "contract emit int bool text account asset hash bytes list record optional oneOf".split(
  " ",
);
const METHOD = /^[a-zA-Z][a-zA-Z0-9]{0,31}$/;

export interface Callable {
  readonly source: string;
  readonly method: string;
}

/** @param types Of the arguments of `method`. */
export function withLiteral(
  source: string,
  method: string,
  types: readonly AbiType[],
  isPayable: boolean,
): Callable {
  // By admission's own rules: how deep a source may be does not depend on the stack of this process.
  const program = parseSource(source, collectRefusals(source));
  if (program === undefined || hasLiteral(program)) return { source, method };
  const exported = exportsOf(program);
  const prefix = unusedPrefix(source);
  const runs = exported.includes(method) ? `${prefix}Run` : undefined;
  const declared = exported.filter((name) => METHOD.test(name));
  const own = (name: string): string =>
    name === method || name === runs ? types.map((type) => typeText(type, prefix)).join(", ") : "";
  const all = runs === undefined ? declared : [...declared, runs];
  const payable = isPayable ? ", payable: true" : "";
  const methods = all.map((name) => `${name}: { args: [${own(name)}]${payable} }`);
  const imports = KIT.map((name) => `${name} as ${prefix}${name}`);
  const text = `${source}
import { ${imports.join(", ")} } from "${KIT_MODULE}";
${prefix}contract({ name: "corpus", methods: { ${methods.join(", ")} } });
${runs === undefined ? "" : shown({ prefix, runs, method, count: types.length })}`;
  return { source: text, method: runs ?? method };
}

interface Shown {
  readonly prefix: string;
  readonly runs: string;
  readonly method: string;
  readonly count: number;
}

function shown({ prefix, runs, method, count }: Shown): string {
  const names = Array.from({ length: count }, (_, index) => `${prefix}${index}`).join(", ");
  return `function ${prefix}Plain(value, depth) {
  if (typeof value === "number") return \`\${value}\`;
  if (value === undefined) return null;
  if (depth > 3 || !Array.isArray(value)) return value;
  const items = [];
  for (const item of value) items.push(${prefix}Plain(item, depth + 1));
  return items;
}
export function ${runs}(${names}) {
  const value = ${method}(${names});
  try { ${prefix}emit("result", ${prefix}Plain(value, 0)); } catch (_) {}
}
`;
}

/** A call of `contract` at top level, whatever it is called there. */
function hasLiteral(program: Program): boolean {
  const names = new Set(["contract", ...program.body.flatMap(importedAsContract)]);
  return program.body.some((node) => {
    if (node.type !== "ExpressionStatement") return false;
    const call = node.expression.type === "CallExpression" ? node.expression.callee : undefined;
    return call?.type === "Identifier" && names.has(call.name);
  });
}

function importedAsContract(node: AnyNode): readonly string[] {
  if (node.type !== "ImportDeclaration") return [];
  return node.specifiers.flatMap((specifier) => {
    const imported = specifier.type === "ImportSpecifier" ? specifier.imported : undefined;
    const isContract = imported?.type === "Identifier" && imported.name === "contract";
    return isContract ? [specifier.local.name] : [];
  });
}

function exportsOf(program: Program): readonly string[] {
  return program.body.flatMap((node) => {
    if (node.type !== "ExportNamedDeclaration") return [];
    const { declaration } = node;
    if (declaration?.type === "VariableDeclaration") {
      return declaration.declarations.flatMap(({ id }) =>
        id.type === "Identifier" ? [id.name] : [],
      );
    }
    return declaration?.id ? [declaration.id.name] : [];
  });
}

/** Letters that occur nowhere in the source, so that no name of ours is one of its own. */
function unusedPrefix(source: string): string {
  let prefix = "corpus";
  while (source.includes(prefix)) prefix += "x";
  return prefix;
}

function typeText(type: AbiType, prefix: string): string {
  const inner = (item: AbiType): string => typeText(item, prefix);
  switch (type.kind) {
    case "bytes":
      return `${prefix}bytes(${type.length})`;
    case "list":
      return `${prefix}list(${inner(type.item)}, ${type.max})`;
    case "record":
      return `{ ${type.fields.map(([name, field]) => `${name}: ${inner(field)}`).join(", ")} }`;
    case "optional":
      return `${prefix}optional(${inner(type.type)})`;
    case "oneOf":
      return `${prefix}oneOf(${type.names.map((name) => JSON.stringify(name)).join(", ")})`;
    default:
      return prefix + type.kind;
  }
}
