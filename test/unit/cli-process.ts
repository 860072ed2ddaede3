// The real `ace` as a child process in a home of its own, with nobody at a terminal.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const BIN = join(import.meta.dirname, "..", "..", "bin", "ace.mjs");

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface AceOptions {
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Another way to start: program and first arguments. */
  readonly command?: readonly [program: string, ...args: string[]];
  readonly folder?: string;
}

export interface Home extends Disposable {
  readonly path: string;
  ace(args: readonly string[], options?: AceOptions): Promise<Ended>;
  /** Writes a file of the given mode and returns its path. */
  file(name: string, text: string, mode?: number): string;
}

/** Points at ports where nothing listens, so that no test meets a real node or network. */
const NOWHERE = "http://127.0.0.1:9";

export function makeHome(): Home {
  const path = mkdtempSync(join(tmpdir(), "ace-cli-"));
  return {
    path,
    ace: (args, options = {}) => run(args, path, options),
    file: (name, text, mode = 0o600) => {
      const file = join(path, name);
      writeFileSync(file, text, { mode });
      return file;
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

async function run(args: readonly string[], home: string, options: AceOptions): Promise<Ended> {
  const [program, ...first] = options.command ?? [process.execPath, BIN];
  const child = spawn(program, [...first, ...args], {
    cwd: options.folder ?? home,
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      ACE_HOME: home,
      ACE_RPC: NOWHERE,
      ACE_NODE: NOWHERE,
      ...options.environment,
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.on("error", reject);
  child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
  child.stdin.end(options.stdin ?? "");
  return promise;
}
