/**
 * One file out of several: what the ledger carries, as its author wrote it.
 *
 * A contract of one file stays as it is, less its types. Of several, each file follows what it
 * imports; their imports and exports go, the kit is imported once at the top, and what the entry
 * exports is exported where it is declared.
 */
import type { AnyNode } from "acorn";
import { type BundleNames, type KitImport, nameBundle } from "./bundle-names.ts";
import { type MappedText, MappedWriter } from "./mapped-text.ts";
import { KIT_MODULE, type Module, type Report, reportAt } from "./module.ts";
import type { ModuleGraph } from "./module-graph.ts";
import { declaredNames } from "./references.ts";

const LINE_CHARACTERS_MAX = 100;

export function bundle(graph: ModuleGraph, report: Report): MappedText<Module> {
  const { modules } = graph;
  const names = nameBundle(graph, report);
  const out = new MappedWriter<Module>();
  const isAlone = modules.length === 1;
  if (!isAlone) writeKitImport(names, out);
  for (const module of modules) {
    const edits = editsOf(module, names, { keepsKit: isAlone, report });
    const pieces = piecesOf(module, edits);
    if (pieces.every(({ text }) => text.trim() === "")) continue;
    if (!isAlone) out.write(`\n// ${module.name}\n\n`, module, 0);
    const isTrimmed = !isAlone || module.isTypeScript;
    writePieces(module, isTrimmed ? trimmed(pieces) : pieces, out);
    if (isTrimmed) out.write("\n", module, module.text.length);
  }
  return out.done();
}

function writeKitImport({ kit }: BundleNames, out: MappedWriter<Module>): void {
  const imports = kit
    .map((each) => ({ ...each, word: wordOf(each) }))
    .toSorted((left, right) => (left.word < right.word ? -1 : 1));
  const [first] = imports;
  if (first === undefined) return;
  const line = `import { ${imports.map(({ word }) => word).join(", ")} } from "${KIT_MODULE}";`;
  const isShort = line.length <= LINE_CHARACTERS_MAX;
  const frame = (text: string): void => out.write(text, first.module, 0);
  frame(isShort ? "import { " : "import {\n");
  for (const [index, { word, module, at }] of imports.entries()) {
    const offset = module.code.origin(at)?.offset ?? 0;
    const isLast = index === imports.length - 1;
    out.write(isShort ? word : `  ${word},\n`, module, offset);
    if (isShort && !isLast) frame(", ");
  }
  frame(`${isShort ? " " : ""}} from "${KIT_MODULE}";\n`);
}

function wordOf({ local, name }: KitImport): string {
  return local === name ? name : `${name} as ${local}`;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Editing {
  readonly keepsKit: boolean;
  readonly report: Report;
}

/** In the order of their place, none inside another. */
function editsOf(module: Module, names: BundleNames, editing: Editing): readonly Edit[] {
  const renames = names.renames(module).map(({ name, start, end, isShorthand, to }) => ({
    start,
    end,
    text: isShorthand ? `${name}: ${to}` : to,
  }));
  const statements = module.program.body.flatMap((node) =>
    statementEdits(module, node, names, editing),
  );
  return [...statements, ...renames].toSorted((left, right) => left.start - right.start);
}

function statementEdits(
  module: Module,
  node: AnyNode,
  names: BundleNames,
  { keepsKit, report }: Editing,
): readonly Edit[] {
  const removal = { start: node.start, end: lineEndAfter(module.code.text, node.end), text: "" };
  if (node.type === "ImportDeclaration") {
    return keepsKit && node.source.value === KIT_MODULE ? [] : [removal];
  }
  const declaration = node.type === "ExportNamedDeclaration" ? node.declaration : node;
  if (!declaration) return [removal];
  const declared = declaredNames(declaration);
  const exported = declared.filter(({ name }) => names.isExported(module, name));
  if (exported.length > 0 && exported.length < declared.length) {
    const message = `only some of what this declares is exported: ${exported[0]?.name}`;
    const hint = "Declare what is exported on its own.";
    report(reportAt(module, node.start, { code: "CODE_EXPORT", message, hint }));
  }
  const [isNow, shouldBe] = [declaration !== node, exported.length > 0];
  if (isNow === shouldBe) return [];
  const place = { start: node.start, end: declaration.start };
  return [{ ...place, text: shouldBe ? "export " : "" }];
}

/** With the line break when nothing else follows in the line. */
function lineEndAfter(text: string, end: number): number {
  const rest = /^[ \t]*(?:\n|$)/.exec(text.slice(end));
  return end + (rest?.[0].length ?? 0);
}

interface Piece {
  readonly text: string;
  readonly at: number;
  readonly isCopy: boolean;
}

function piecesOf({ code }: Module, edits: readonly Edit[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let kept = 0;
  for (const { start, end, text } of edits) {
    pieces.push({ text: code.text.slice(kept, start), at: kept, isCopy: true });
    pieces.push({ text, at: start, isCopy: false });
    kept = end;
  }
  pieces.push({ text: code.text.slice(kept), at: kept, isCopy: true });
  return pieces.filter(({ text }) => text !== "");
}

/** Without empty lines at either end. */
function trimmed(pieces: readonly Piece[]): readonly Piece[] {
  const first = pieces.findIndex(({ text }) => text.trim() !== "");
  const last = pieces.findLastIndex(({ text }) => text.trim() !== "");
  return pieces.slice(first, last + 1).map((piece, index, all) => {
    const blank = index === 0 ? (/^\s*\n/.exec(piece.text)?.[0].length ?? 0) : 0;
    const text = piece.text.slice(blank);
    const end = index === all.length - 1 ? text.trimEnd() : text;
    return { ...piece, text: end, at: piece.at + blank };
  });
}

/** Types that went leave the code in pieces of the file: each keeps its own place. */
function writePieces(module: Module, pieces: readonly Piece[], out: MappedWriter<Module>): void {
  for (const { text, at, isCopy } of pieces) {
    if (isCopy) module.code.copyInto(out, module, { start: at, end: at + text.length });
    else out.write(text, module, module.code.origin(at)?.offset ?? 0);
  }
}
