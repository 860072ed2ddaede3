/**
 * Which name each thing of a bundle has, so that files that use the same name for different things
 * still mean their own.
 *
 * What the entry exports keeps its name, then what the kit gives, then what files declare, in their
 * order. A name that is taken gets the name of its file: `total` of fees.ts becomes `total_fees`.
 */
import { KIT_MODULE, type Module, type Report, reportAt } from "./module.ts";
import type { ModuleGraph } from "./module-graph.ts";
import { allNames, declaredNames, outerReferences, type Reference } from "./references.ts";

/** What a name stands for: something of the kit, or something that a module declares. */
export interface Meaning {
  /** Undefined for the kit. */
  readonly module: Module | undefined;
  readonly name: string;
}

export interface KitImport {
  readonly local: string;
  readonly name: string;
  readonly module: Module;
  readonly at: number;
}

export interface BundleNames {
  /** Uses of outer names in a module that have another name in the bundle. */
  renames(module: Module): readonly (Reference & { readonly to: string })[];
  /** What is taken from the kit, and where that is first asked for. */
  readonly kit: readonly KitImport[];
  /** Whether the entry exports what the module declares by this name. */
  isExported(module: Module, name: string): boolean;
}

const EXPORT_STEPS_MAX = 64;

export function nameBundle(graph: ModuleGraph, report: Report): BundleNames {
  const names = new BundleNaming(graph, report);
  names.nameAll();
  return names;
}

class BundleNaming implements BundleNames {
  readonly #graph: ModuleGraph;
  readonly #report: Report;
  readonly #declared: ReadonlyMap<Module, ReadonlySet<string>>;
  readonly #references: ReadonlyMap<Module, readonly Reference[]>;
  readonly #texts: ReadonlyMap<Module, ReadonlySet<string>>;
  readonly #meanings = new Map<string, Meaning>();
  readonly #nameOf = new Map<Meaning, string>();
  readonly #taken = new Map<string, Meaning>();
  readonly #exported = new Set<Meaning>();

  constructor(graph: ModuleGraph, report: Report) {
    this.#graph = graph;
    this.#report = report;
    const { modules } = graph;
    const declaredBy = ({ program }: Module): ReadonlySet<string> =>
      new Set(program.body.flatMap(declaredNames).map(({ name }) => name));
    this.#declared = new Map(modules.map((module) => [module, declaredBy(module)]));
    this.#references = new Map(modules.map((module) => [module, outerReferences(module.program)]));
    this.#texts = new Map(modules.map((module) => [module, allNames(module.program)]));
  }

  get kit(): readonly KitImport[] {
    const found = new Map<string, KitImport>();
    for (const module of this.#graph.modules) {
      for (const { from, name, at } of module.imports.values()) {
        const local = this.#nameOf.get(this.#meaning(undefined, name));
        if (from !== KIT_MODULE || local === undefined || found.has(local)) continue;
        found.set(local, { local, name, module, at });
      }
    }
    return [...found.values()];
  }

  isExported(module: Module, name: string): boolean {
    return this.#exported.has(this.#own(module, name));
  }

  renames(module: Module): readonly (Reference & { readonly to: string })[] {
    const references = this.#references.get(module) ?? [];
    return references.flatMap((reference) => {
      const meaning = this.#meaningOf(module, reference.name);
      const to = meaning === undefined ? reference.name : (this.#nameOf.get(meaning) ?? "");
      return to === reference.name || to === "" ? [] : [{ ...reference, to }];
    });
  }

  nameAll(): void {
    const { modules, entry } = this.#graph;
    for (const [name, { at }] of entry.exports) this.#export(name, at);
    for (const module of modules) this.#checkImports(module);
    for (const module of modules) this.#checkUnknown(module);
    const uses = modules.flatMap((module) =>
      [...module.imports.keys()].map((name) => this.#meaningOf(module, name)),
    );
    for (const meaning of uses) if (meaning?.module === undefined) this.#assign(meaning);
    for (const module of modules.toReversed()) {
      for (const name of this.#declared.get(module) ?? []) this.#assign(this.#own(module, name));
    }
  }

  #export(name: string, at: number): void {
    const { entry } = this.#graph;
    const meaning = this.#exportOf(entry, name);
    const fault = this.#exportFault(name, meaning);
    if (fault !== undefined) this.#report(reportAt(entry, at, { code: "CODE_EXPORT", ...fault }));
    if (meaning === undefined || fault !== undefined) return;
    this.#exported.add(meaning);
    this.#nameOf.set(meaning, name);
    this.#taken.set(name, meaning);
  }

  #exportFault(name: string, meaning: Meaning | undefined) {
    if (meaning === undefined) {
      return { message: `"${name}" is not there to export`, hint: "Declare it." };
    }
    if (meaning.module === undefined) {
      const hint = "Export what the contract itself declares.";
      return { message: `"${name}" is the kit's`, hint };
    }
    if (!this.#exported.has(meaning)) return undefined;
    const hint = "Write a second function for it.";
    return { message: `"${name}" is exported by two names`, hint };
  }

  /** What is imported must be exported where it comes from. */
  #checkImports(module: Module): void {
    for (const { from, name, at } of module.imports.values()) {
      const target = this.#graph.target(module, from);
      if (target === undefined || this.#exportOf(target, name) !== undefined) continue;
      const isType = new RegExp(`\\b(?:interface|type)\\s+${name}\\b`).test(target.text);
      const isThere = this.#declared.get(target)?.has(name) === true;
      const hint = isThere ? `Write \`export\` before it in ${target.name}.` : "Look at its name.";
      this.#report(
        reportAt(module, at, {
          code: "CODE_IMPORT",
          message: `${target.name} exports no "${name}"`,
          hint: isType ? `It is a type: write \`import type { ${name} }\`.` : hint,
        }),
      );
    }
  }

  /** In one bundle a name that a file forgot to import would silently be that of another file. */
  #checkUnknown(module: Module): void {
    for (const { name, start } of this.#references.get(module) ?? []) {
      if (this.#meaningOf(module, name) !== undefined || module.imports.has(name)) continue;
      const other = this.#graph.modules.find((each) => this.#declared.get(each)?.has(name));
      if (other === undefined) continue;
      const hint = `Import it from ${other.name}, or declare it here.`;
      const message = `"${name}" is not known in this file`;
      this.#report(reportAt(module, start, { code: "CODE_NAME", message, hint }));
    }
  }

  #assign(meaning: Meaning | undefined): void {
    if (meaning === undefined || this.#nameOf.has(meaning)) return;
    const { module, name } = meaning;
    const stem = module === undefined ? "kit" : stemOf(module.name);
    let chosen = name;
    for (let count = 1; !this.#isFree(chosen, meaning); count += 1) {
      chosen = count === 1 ? `${name}_${stem}` : `${name}_${stem}${count}`;
    }
    this.#nameOf.set(meaning, chosen);
    this.#taken.set(chosen, meaning);
  }

  /** Not the name of something else, nor of anything where this is called differently. */
  #isFree(candidate: string, meaning: Meaning): boolean {
    if (this.#taken.has(candidate)) return false;
    return this.#graph.modules.every((module) => {
      const texts = this.#texts.get(module);
      if (texts?.has(candidate) !== true) return true;
      if (this.#meaningOf(module, candidate) === meaning) return true;
      const isUsed = [...module.imports.keys(), ...(this.#declared.get(module) ?? [])].some(
        (local) => this.#meaningOf(module, local) === meaning,
      );
      return !isUsed && candidate === meaning.name;
    });
  }

  #meaningOf(module: Module, local: string, steps = 0): Meaning | undefined {
    const found = module.imports.get(local);
    if (found !== undefined) return this.#imported(module, found, steps);
    return this.#declared.get(module)?.has(local) ? this.#own(module, local) : undefined;
  }

  #imported(
    module: Module,
    { from, name }: { readonly from: string; readonly name: string },
    steps: number,
  ): Meaning | undefined {
    if (from === KIT_MODULE) return this.#meaning(undefined, name);
    const target = this.#graph.target(module, from);
    return target === undefined ? undefined : this.#exportOf(target, name, steps + 1);
  }

  #exportOf(module: Module, name: string, steps = 0): Meaning | undefined {
    const found = module.exports.get(name);
    if (found === undefined || steps > EXPORT_STEPS_MAX) return undefined;
    if (found.kind === "own") return this.#meaningOf(module, found.name, steps + 1);
    return this.#imported(module, found, steps);
  }

  #own(module: Module, name: string): Meaning {
    return this.#meaning(module, name);
  }

  #meaning(module: Module | undefined, name: string): Meaning {
    const key = `${module?.name ?? ""}:${name}`;
    const known = this.#meanings.get(key);
    if (known !== undefined) return known;
    const meaning = { module, name };
    this.#meanings.set(key, meaning);
    return meaning;
  }
}

/** `../common/fee-table.ts` is `fee_table`. */
function stemOf(name: string): string {
  const file = name.slice(name.lastIndexOf("/") + 1);
  return file.replace(/\.[jt]s$/, "").replaceAll(/[^A-Za-z0-9]/g, "_");
}
