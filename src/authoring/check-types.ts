/**
 * Types of a contract, checked by TypeScript: against the kit, and each method against what its
 * declaration promises.
 *
 * The compiler is the author's own where there is one; it is no part of this package, so that a node
 * need not carry it.
 *
 * Errors  `TYPES_WRONG` with every place; `TYPESCRIPT_MISSING`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { AceError } from "../lib/errors.ts";
import type { BuiltContract } from "./build-contract.ts";
import { declaredMethods } from "./declared-methods.ts";
import { missingBuiltins } from "./missing-builtins.ts";
import { type Problem, problemError } from "./problem.ts";
import { typeHint } from "./type-hints.ts";

const CHECK_MS_MAX = 120_000;
const OUTPUT_BYTES_MAX = 16_777_216;
const PROBLEMS_MAX = 20;
const DECLARED = "declared.ts";
const extension = import.meta.url.endsWith(".ts") ? "ts" : "d.ts";
const KIT = fileURLToPath(new URL(`../contracts/kit.${extension}`, import.meta.url));

/** Nothing to check in plain JavaScript. */
export function checkTypes(entryFile: string, built: BuiltContract): void {
  if (!entryFile.endsWith(".ts")) return;
  const entry = resolve(entryFile);
  const compiler = findCompiler(dirname(entry));
  const folder = mkdtempSync(join(tmpdir(), "ace-types-"));
  try {
    const methods = declaredMethods(entry, built);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(configOf(entry)));
    writeFileSync(join(folder, DECLARED), methods.text);
    const output = compile(compiler, folder, dirname(entry));
    const findings = findingsIn(output);
    const wrong = findings.map((finding) =>
      finding.file.endsWith(DECLARED)
        ? methods.problem(finding)
        : problemOf(finding, dirname(entryFile)),
    );
    const problems = [...missingBuiltins(built), ...wrong];
    if (problems.length > 0) throw problemError("TYPES_WRONG", problems.slice(0, PROBLEMS_MAX));
    if (output.trim() !== "") throw new AceError("TYPES_WRONG", output.trim());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `tsc` says about one place. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
}

function findCompiler(folder: string): string {
  for (const from of [join(folder, "contract.ts"), import.meta.url]) {
    try {
      const found = createRequire(from).resolve("typescript/package.json");
      const compiler = join(dirname(found), "bin", "tsc");
      if (existsSync(compiler)) return compiler;
    } catch {
      // Not there: the next place may have it.
    }
  }
  throw new AceError("TYPESCRIPT_MISSING", `there is no TypeScript in ${folder} or above it`);
}

function configOf(entry: string): unknown {
  return {
    compilerOptions: {
      noEmit: true,
      strict: true,
      noUncheckedIndexedAccess: true,
      target: "es2023",
      lib: ["es2023"],
      types: [],
      module: "esnext",
      moduleResolution: "bundler",
      moduleDetection: "force",
      allowImportingTsExtensions: true,
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      skipLibCheck: true,
      paths: { "ace-node/contract": [KIT] },
    },
    files: [entry, DECLARED],
  };
}

function compile(compiler: string, project: string, folder: string): string {
  const words = [compiler, "-p", project, "--pretty", "false"];
  const { stdout, stderr, error, status } = spawnSync(process.execPath, words, {
    cwd: folder,
    encoding: "utf8",
    timeout: CHECK_MS_MAX,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  if (error === undefined && (status === 0 || stdout.trim() !== "")) return stdout;
  const why = error?.message ?? stderr.trim();
  throw new AceError("TYPESCRIPT_MISSING", `TypeScript did not run: ${why}`, { cause: error });
}

const FINDING = /^(.+)\((\d+),(\d+)\): error (TS\d+): (.*)$/;

/** Lines that begin with a space go on about the finding before them. */
function findingsIn(output: string): readonly Finding[] {
  const findings: Finding[] = [];
  for (const text of output.split(/\r?\n/)) {
    const [matched, file = "", line, column, code = "", message = ""] = FINDING.exec(text) ?? [];
    const last = findings.at(-1);
    if (matched !== undefined) {
      findings.push({ file, line: Number(line), column: Number(column), code, message });
    } else if (/^\s+\S/.test(text) && last !== undefined) {
      findings[findings.length - 1] = { ...last, message: `${last.message} ${text.trim()}` };
    }
  }
  return findings;
}

function problemOf({ file, message, ...place }: Finding, shown: string): Problem {
  const path = join(shown, file);
  const text = existsSync(path) ? readFileSync(path, "utf8").replaceAll("\r\n", "\n") : "";
  return { file: path, text, ...place, message, hint: typeHint(place.code, message) };
}
