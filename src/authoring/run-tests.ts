/**
 * Tests of contracts, run by the author's own vitest under the Node that contracts run under.
 *
 * Errors  `TEST_RUNNER_MISSING`, `TESTS_MISSING`.
 */
import { spawn } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { AceError } from "../lib/errors.ts";
import { GAS_FOLDER_VARIABLE } from "./gas-notes.ts";
import { type GasRow, gasRows } from "./gas-snapshot.ts";

export interface TestRun {
  /** Files or folders; everything below the current folder when there are none. */
  readonly paths: readonly string[];
  readonly tolerancePercent: number;
  /** Shows the runner's own words. */
  readonly isShown: boolean;
  readonly signal: AbortSignal;
}

export interface TestOutcome {
  /** Where package.json is, and the snapshot of gas. */
  readonly folder: string;
  readonly isPassed: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly { readonly test: string; readonly message: string }[];
  readonly gas: readonly GasRow[];
}

/** A contract process starts with the first test, on a busy machine in more than the runner's own five seconds. */
const TEST_MS_MAX = 60_000;

const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().optional(),
      status: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

export async function runTests(run: TestRun): Promise<TestOutcome> {
  const folder = folderOf(run.paths);
  const files = testFiles(run.paths);
  demandKit(folder);
  const runner = findRunner(folder);
  const scratch = mkdtempSync(join(tmpdir(), "ace-tests-"));
  try {
    const report = join(scratch, "report.json");
    const gas = join(scratch, "gas");
    const words = [
      ...[runner, "run", "--root", folder],
      ...["--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
      ...[`--testTimeout=${TEST_MS_MAX}`, `--hookTimeout=${TEST_MS_MAX}`],
      ...files.map((file) => relative(folder, resolve(file)).replaceAll("\\", "/")),
    ];
    const status = await execute(words, { ...run, folder, gas });
    return {
      folder,
      ...outcomeIn(report, status),
      gas: gasRows(gas, folder, run.tolerancePercent),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The folder itself, or the one above the first file that has a package.json. */
function folderOf([first = "."]: readonly string[]): string {
  const path = resolve(first);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const start = isFolder ? path : dirname(path);
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return isFolder ? start : folder;
    if (dirname(folder) === folder) return start;
  }
}

function testFiles(paths: readonly string[]): readonly string[] {
  const files = (paths.length === 0 ? ["."] : paths).flatMap((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) throw new AceError("FILE_UNREADABLE", `there is no ${path}`);
    if (!found.isDirectory()) return [path];
    const inside = { cwd: path, exclude: ["**/node_modules/**"] };
    return globSync("**/*.test.{ts,js}", inside).map((file) => join(path, file));
  });
  if (files.length > 0) return files;
  throw new AceError("TESTS_MISSING", `there are no tests in ${paths.join(", ") || "this folder"}`);
}

function findRunner(folder: string): string {
  for (const from of [join(folder, "package.json"), import.meta.url]) {
    try {
      return join(dirname(createRequire(from).resolve("vitest/package.json")), "vitest.mjs");
    } catch {
      // Not there: the next place may have it.
    }
  }
  throw new AceError("TEST_RUNNER_MISSING", `there is no vitest in ${folder} or above it`);
}

/** Without it each test fails at its first line, in words about packages. */
function demandKit(folder: string): void {
  const own = join(folder, "package.json");
  if (!existsSync(own)) return;
  try {
    createRequire(own).resolve("ace-node/contract-testing");
  } catch {
    throw new AceError("TEST_RUNNER_MISSING", `ace-node is not installed in ${folder}`);
  }
}

interface Execution extends Pick<TestRun, "isShown" | "signal"> {
  readonly folder: string;
  readonly gas: string;
}

/** Ends with the runner; Ctrl-C reaches it as well, and it ends its own processes. */
function execute(words: readonly string[], execution: Execution): Promise<number> {
  const { folder, gas, isShown, signal } = execution;
  const { promise, resolve: done, reject } = Promise.withResolvers<number>();
  const child = spawn(process.execPath, words, {
    cwd: folder,
    // What people read goes to stderr: stdout is for data.
    stdio: ["ignore", isShown ? 2 : "ignore", isShown ? 2 : "ignore"],
    env: { ...process.env, [GAS_FOLDER_VARIABLE]: gas },
  });
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  child.on("error", reject);
  child.on("exit", (status) => {
    signal.removeEventListener("abort", stop);
    if (signal.aborted) reject(signal.reason);
    else done(status ?? 1);
  });
  return promise;
}

type Counts = Pick<TestOutcome, "isPassed" | "passed" | "failed" | "failures">;

function outcomeIn(path: string, status: number): Counts {
  if (!existsSync(path)) {
    const failures = [{ test: "", message: "the tests did not run" }];
    return { isPassed: false, passed: 0, failed: 0, failures };
  }
  const report = Report.parse(JSON.parse(readFileSync(path, "utf8")));
  const failures = report.testResults.flatMap(({ name, message = "", status: ended, ...file }) => {
    const failed = file.assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0 && ended === "failed") return [{ test: name, message }];
    return failed.map(({ fullName, failureMessages }) => ({
      test: fullName,
      message: (failureMessages ?? []).join("\n").split("\n    at ")[0] ?? "",
    }));
  });
  const { numPassedTests: passed, numFailedTests: failed } = report;
  return { isPassed: status === 0 && report.success, passed, failed, failures };
}
