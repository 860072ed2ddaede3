/**
 * A folder to start from: a contract that works, its test, and what editor, tests and build need.
 *
 * The folder finds this package where it runs from: a checkout is linked, so that what is tried there
 * is what is tested, and an installed package is named by its version.
 *
 * Errors  `TEMPLATE_UNKNOWN`, `USAGE` for a folder that is there, or a name that cannot be one.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { AceError } from "../lib/errors.ts";

interface Template {
  /** The folder in `contracts-examples`, which names its main file. */
  readonly example: string;
  /** Contracts of other folders that its tests deploy. */
  readonly beside?: readonly string[];
}

/** By the word after `--from`. */
const TEMPLATES: Readonly<Record<string, Template>> = {
  licence: { example: "licence", beside: ["revenue-split"] },
  split: { example: "revenue-split" },
  vote: { example: "dao-vote" },
  tips: { example: "tip-jar" },
  empty: { example: "counter" },
};
export const templateNames: readonly string[] = Object.keys(TEMPLATES);

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLES = join(ROOT, "contracts-examples");
const TOOLS = ["typescript", "vitest"] as const;
/** What npm takes as the name of a package. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,100}$/;

const Package = z.object({
  version: z.string(),
  devDependencies: z.record(z.string(), z.string()),
  optionalDependencies: z.record(z.string(), z.string()),
});

export interface NewContract {
  readonly folder: string;
  /** The contract's main file. */
  readonly source: string;
  readonly files: readonly string[];
}

export function newContract(folder: string, word: string): NewContract {
  const template = Object.hasOwn(TEMPLATES, word) ? TEMPLATES[word] : undefined;
  if (template === undefined) {
    const known = templateNames.join(", ");
    throw new AceError("TEMPLATE_UNKNOWN", `no template "${word}"; there are ${known}`);
  }
  const name = basename(resolve(folder));
  if (folder === "" || existsSync(folder)) {
    throw new AceError("USAGE", `"${folder}" is there already; give another folder`);
  }
  if (!NAME.test(name)) {
    throw new AceError("USAGE", `"${name}" cannot name a package: use a-z, 0-9 and -`);
  }
  const main = `${template.example}.ts`;
  const made = new Map([
    ...sourcesOf(template),
    ["README.md", readme(name, main, textOf(template.example, "README.md"))],
    ["package.json", json(packageOf(name, main, folder))],
    ["tsconfig.json", json(TSCONFIG)],
    [".gitignore", "node_modules/\n"],
  ]);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of made) writeFileSync(join(folder, file), text);
  return { folder, source: join(folder, main), files: [...made.keys()].toSorted() };
}

/** All in one folder: what the example finds in its neighbour's is here beside it. */
function sourcesOf({ example, beside = [] }: Template): readonly (readonly [string, string])[] {
  const own = globSync("*.ts", { cwd: join(EXAMPLES, example) }).toSorted();
  const files = [
    ...own.map((file) => [example, file] as const),
    ...beside.map((other) => [other, `${other}.ts`] as const),
  ];
  return files.map(([from, file]) => {
    const text = textOf(from, file);
    return [file, beside.reduce((moved, other) => moved.replaceAll(`../${other}/`, "./"), text)];
  });
}

function textOf(example: string, file: string): string {
  return readFileSync(join(EXAMPLES, example, file), "utf8");
}

/** Whether this package runs from its sources, whose build others need first. */
export function unbuiltCheckout(): string | undefined {
  const isBuilt = existsSync(join(ROOT, "dist", "authoring", "contract-testing.js"));
  return isInstalled() || isBuilt ? undefined : ROOT;
}

function isInstalled(): boolean {
  return ROOT.split(sep).includes("node_modules");
}

function packageOf(name: string, main: string, folder: string): unknown {
  const text = readFileSync(join(ROOT, "package.json"), "utf8");
  const { version, devDependencies, optionalDependencies } = Package.parse(JSON.parse(text));
  const path = relative(resolve(folder), ROOT).replaceAll("\\", "/");
  const tools = TOOLS.map((tool) => [tool, devDependencies[tool] ?? "latest"]);
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    scripts: {
      dev: `ace contract dev ${main}`,
      test: "ace contract test",
      build: `ace contract build ${main}`,
    },
    devDependencies: {
      "ace-node": isInstalled() ? version : `file:${path}`,
      ...Object.fromEntries(tools),
    },
    // The Node that contracts run under: npm takes the one that fits, and runs scripts with it.
    optionalDependencies,
  };
}

const TSCONFIG = {
  compilerOptions: {
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    target: "es2023",
    lib: ["es2023", "esnext.disposable"],
    types: [],
    module: "esnext",
    moduleResolution: "bundler",
    moduleDetection: "force",
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    skipLibCheck: true,
  },
  include: ["*.ts"],
};

function readme(name: string, main: string, about: string): string {
  return `# ${name}

    npm install                       # once
    npx ace contract dev ${main}      # builds, checks and tests at every change; Ctrl-C ends it
    npx ace contract test             # the tests, and the gas of every method
    npx ace contract build ${main}    # ${main.replace(/\.ts$/, ".js")}: what the ledger will carry
    npx ace contract deploy ${main} --help

${about.replace(/^# /, "## ").replaceAll(/contracts-examples\/[\w-]+\//g, "")}`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
