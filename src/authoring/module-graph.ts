/**
 * A contract's entry file and all that it imports, in the order in which JavaScript runs them.
 *
 * Files are named by their path beside the entry, and line ends are made one, so that the same
 * sources are the same graph in every folder and on every system.
 *
 * Errors  `FILE_UNREADABLE` for the entry; everything else is reported with its place.
 */
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { AceError } from "../lib/errors.ts";
import { KIT_MODULE, type Module, type Report, readModule, reportAt } from "./module.ts";
import type { Problem } from "./problem.ts";

export interface ModuleGraph {
  /** Each after what it imports, the entry last. */
  readonly modules: readonly Module[];
  readonly entry: Module;
  /** The module that `from` means in `module`; undefined for the kit, and where it is reported. */
  target(module: Module, from: string): Module | undefined;
}

const MODULES_MAX = 200;

/** Undefined when the entry itself cannot be read as a module. */
export function readGraph(entryFile: string, report: Report): ModuleGraph | undefined {
  if (!/\.[jt]s$/.test(entryFile)) {
    throw new AceError("FILE_UNREADABLE", `${entryFile} is no .ts or .js file`);
  }
  const folder = dirname(realOf(resolve(entryFile)));
  const shown = dirname(entryFile);
  const known = new Map<string, Module | undefined>();
  const targets = new Map<Module, ReadonlyMap<string, Module>>();
  const modules: Module[] = [];
  const entry = add(realOf(resolve(entryFile)), entryFile, readText(entryFile));
  if (entry === undefined) return undefined;
  return { modules, entry, target: (module, from) => targets.get(module)?.get(from) };

  function add(path: string, file: string, text: string): Module | undefined {
    const name = relative(folder, path).replaceAll("\\", "/");
    const module = readModule({ name, file, text: normalised(text) }, report);
    known.set(path, module);
    if (module === undefined) return undefined;
    const own = new Map<string, Module>();
    targets.set(module, own);
    for (const { from, at } of module.sources) {
      const found = from === KIT_MODULE ? undefined : load(module, path, from, at);
      if (found !== undefined) own.set(from, found);
    }
    modules.push(module);
    return module;
  }

  function load(module: Module, path: string, from: string, at: number): Module | undefined {
    // Its import is refused by name where it is read.
    if (from.endsWith(".json")) return undefined;
    const wanted = join(dirname(path), from);
    const found = fileOf(wanted);
    const problem = faultOf(from, wanted, found) ?? (known.size < MODULES_MAX ? undefined : FULL);
    if (problem !== undefined) report(reportAt(module, at, { code: "CODE_IMPORT", ...problem }));
    if (found === undefined || problem !== undefined) return undefined;
    const real = realOf(found);
    if (known.has(real)) return known.get(real);
    return add(real, join(shown, relative(folder, real)), readText(real));
  }
}

type Fault = Pick<Problem, "message" | "hint">;

const FULL: Fault = {
  message: `more than ${MODULES_MAX} files`,
  hint: "A contract has 64 KB in all.",
};

function faultOf(from: string, wanted: string, found: string | undefined): Fault | undefined {
  if (!/^\.\.?\//.test(from)) return { message: `import from "${from}"`, hint: hintFor(from) };
  if (found === undefined) {
    const near = [".ts", ".js", "/index.ts"].find((end) => existsSync(`${wanted}${end}`));
    const whole = near && `Write the whole name: "${from}${near}".`;
    return { message: `there is no ${from}`, hint: whole ?? "Paths begin at this file." };
  }
  if (/\.[jt]s$/.test(found)) return undefined;
  return { message: `${from} is no .ts or .js file`, hint: "A contract is made of those alone." };
}

function hintFor(from: string): string {
  const kit = `Packages are not on the ledger: import "${KIT_MODULE}" and files of your own.`;
  if (from.startsWith("/")) return "Begin the path with ./ so that it is the same everywhere.";
  return existsSync(from) ? `If you mean the file, write "./${from}". ${kit}` : kit;
}

/** `./fees.js` may mean fees.ts, as compilers have it. */
function fileOf(wanted: string): string | undefined {
  const names = [wanted, ...(wanted.endsWith(".js") ? [wanted.replace(/\.js$/, ".ts")] : [])];
  return names.find((name) => statSync(name, { throwIfNoEntry: false })?.isFile() === true);
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Reading it will tell why.
    return path;
  }
}

function readText(path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(readFileSync(path));
  } catch (cause) {
    const isText = cause instanceof TypeError;
    const why = isText ? "is not UTF-8 text" : "cannot be read";
    throw new AceError("FILE_UNREADABLE", `${path} ${why}`, { cause });
  }
}

function normalised(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
