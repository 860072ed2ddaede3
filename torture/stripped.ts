/**
 * The contract process from plain JavaScript: an engine with `--jitless` has no WebAssembly, and without
 * that nobody strips types from the modules that it loads. The copy lies beside the packages that it
 * needs, and goes when it is disposed of.
 */
import {
  chmodSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { spawnContractProcess } from "../src/runtime/process-spawn.ts";

type Spawn = typeof spawnContractProcess;

export interface StrippedCode extends Disposable {
  readonly spawn: Spawn;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const IMPORT = /((?:from|import\(|import) ?"\.[^"]*)\.ts"/g;
/** The contract process may run as a user of its own. */
const READABLE = 0o755;

/** @param change What is wrong with a copy on purpose, by file such as `runtime/realm/texts.ts`. */
export async function strippedCode(
  change: (file: string, text: string) => string = (_, text) => text,
): Promise<StrippedCode> {
  const cache = join(ROOT, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "torture-"));
  chmodSync(folder, READABLE);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}\n');
  const files = globSync("{lib,contracts,runtime}/**/*.ts", { cwd: join(ROOT, "src") });
  for (const file of files) {
    const source = readFileSync(join(ROOT, "src", file), "utf8");
    const text = withoutTypes(change(file.replaceAll("\\", "/"), source));
    const path = join(folder, file.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const entry = pathToFileURL(join(folder, "runtime", "process-spawn.js")).href;
  const { spawnContractProcess: spawn }: { readonly spawnContractProcess: Spawn } = await import(
    entry
  );
  return {
    spawn,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Plain JavaScript of a module of ours: every line and column stays, imports lead to plain files. */
export function withoutTypes(source: string): string {
  return stripTypeScriptTypes(source).replaceAll(IMPORT, '$1.js"');
}
