/** One file of a contract: read, its types gone, its imports and exports known. */
import type { AnyNode, Program } from "acorn";
import { parseSource } from "../runtime/admission/parse-source.ts";
import { collectRefusals } from "../runtime/admission/refusal.ts";
import { type MappedText, MappedWriter, offsetAt, positionAt } from "./mapped-text.ts";
import type { Problem } from "./problem.ts";
import { declaredNames } from "./references.ts";
import { stripTypes } from "./strip-types.ts";

export const KIT_MODULE = "ace-node/contract";

export interface Import {
  /** As it is written after `from`. */
  readonly from: string;
  readonly name: string;
  readonly at: number;
}

/** A name of the module itself, or one that it passes on. */
export type Export =
  | { readonly kind: "own"; readonly name: string; readonly at: number }
  | ({ readonly kind: "from" } & Import);

export interface Module {
  /** Beside the entry: `prices.ts`, `../common/fees.ts`. */
  readonly name: string;
  /** For messages. */
  readonly file: string;
  readonly text: string;
  readonly isTypeScript: boolean;
  /** The JavaScript, and where it stands in `text`. */
  readonly code: MappedText<undefined>;
  readonly program: Program;
  /** By local name. */
  readonly imports: ReadonlyMap<string, Import>;
  /** By the name that others import. */
  readonly exports: ReadonlyMap<string, Export>;
  /** What it imports from, in order, each once. */
  readonly sources: readonly { readonly from: string; readonly at: number }[];
}

export type Report = (problem: Problem) => void;

const ONE_BY_ONE = "Name what you import: `import { first, second } from …`.";
const BY_NAME = "Export by name: `export function …`, `export const …`.";

/** Undefined when it cannot be read as a module; the reason is reported. */
export function readModule(
  { name, file, text }: Pick<Module, "name" | "file" | "text">,
  report: Report,
): Module | undefined {
  const isTypeScript = file.endsWith(".ts");
  const fault = (line: number, column: number, code: string, message: string, hint: string) =>
    report({ file, text, line, column, code, message, hint });
  const stripped = isTypeScript ? stripTypes(text) : { ok: true as const, mapped: copied(text) };
  if (!stripped.ok) {
    const { line, column, message } = stripped;
    fault(line, column, "CODE_SYNTAX", message, "Types are only stripped, never compiled.");
    return undefined;
  }
  const { mapped: code } = stripped;
  const refusals = collectRefusals(code.text);
  const program = parseSource(code.text, refusals);
  if (program === undefined) {
    for (const refusal of refusals.found) {
      const { offset } = code.origin(offsetAt(code.text, refusal)) ?? { offset: 0 };
      const { line, column } = positionAt(text, offset);
      const { message, hint } = withJson(refusal, text, line);
      fault(line, column, refusal.code, message, hint);
    }
    return undefined;
  }
  const common = { name, file, text, isTypeScript, code, program };
  return { ...common, ...linksOf(common, report) };
}

/** Reports at an offset of the module's JavaScript. */
export function reportAt(
  { file, text, code }: Pick<Module, "file" | "text" | "code">,
  at: number,
  what: Pick<Problem, "code" | "message" | "hint">,
): Problem {
  const { offset } = code.origin(at) ?? { offset: 0 };
  return { file, text, ...positionAt(text, offset), ...what };
}

function copied(text: string): MappedText<undefined> {
  const out = new MappedWriter<undefined>();
  out.copy(text, undefined, 0);
  return out.done();
}

const NO_JSON =
  "JSON knows no bigint: write the values into a .ts file and export them from there.";

/** An import of JSON needs words that the language of contracts does not have. */
function withJson(
  { message, hint }: Pick<Problem, "message" | "hint">,
  text: string,
  line: number,
): Pick<Problem, "message" | "hint"> {
  const isJson = /\.json["'] (?:with|assert)\b/.test(text.split("\n")[line - 1] ?? "");
  return isJson ? { message: "a contract cannot import JSON", hint: NO_JSON } : { message, hint };
}

type Bare = Pick<Module, "file" | "text" | "code" | "program">;
type Links = Pick<Module, "imports" | "exports" | "sources">;

function linksOf(module: Bare, report: Report): Links {
  const { body } = module.program;
  for (const node of body) {
    const fault = formFault(node);
    if (fault !== undefined)
      report(reportAt(module, node.start, { code: "CODE_IMPORT", ...fault }));
  }
  const sources = new Map<string, number>();
  for (const node of body) {
    const source = "source" in node ? node.source : undefined;
    const from = `${source?.value ?? ""}`;
    if (source && !sources.has(from)) sources.set(from, source.start);
  }
  return {
    imports: new Map(body.flatMap(importsOf)),
    exports: new Map(body.flatMap(exportsOf)),
    sources: [...sources].map(([from, at]) => ({ from, at })),
  };
}

function formFault(node: AnyNode): Pick<Problem, "message" | "hint"> | undefined {
  if (node.type === "ExportDefaultDeclaration") {
    return { message: "a contract has no default export", hint: BY_NAME };
  }
  if (node.type === "ExportAllDeclaration") {
    const hint = "Name each: `export { … } from …`.";
    return { message: "`export *` does not say what it exports", hint };
  }
  if (node.type !== "ImportDeclaration") return undefined;
  if (`${node.source.value}`.endsWith(".json")) {
    return { message: "a contract cannot import JSON", hint: NO_JSON };
  }
  const isNamed = node.specifiers.every(({ type }) => type === "ImportSpecifier");
  return isNamed ? undefined : { message: "an import must name what it takes", hint: ONE_BY_ONE };
}

function importsOf(node: AnyNode): readonly (readonly [string, Import])[] {
  if (node.type !== "ImportDeclaration") return [];
  const from = `${node.source.value}`;
  return node.specifiers.flatMap((specifier) => {
    if (specifier.type !== "ImportSpecifier") return [];
    const { imported, local, start: at } = specifier;
    return [[local.name, { from, name: nameIn(imported), at }] as const];
  });
}

function exportsOf(node: AnyNode): readonly (readonly [string, Export])[] {
  if (node.type !== "ExportNamedDeclaration") return [];
  const own = declaredNames(node).map(({ name, start: at }): [string, Export] => [
    name,
    { kind: "own", name, at },
  ]);
  const from = node.source?.value;
  const listed = node.specifiers.map(({ local, exported, start: at }): [string, Export] => {
    const name = nameIn(local);
    const passed: Export = { kind: "from", from: `${from}`, name, at };
    return [nameIn(exported), from === undefined ? { kind: "own", name, at } : passed];
  });
  return [...own, ...listed];
}

function nameIn(node: AnyNode): string {
  if (node.type === "Identifier") return node.name;
  return node.type === "Literal" ? `${node.value}` : "";
}
