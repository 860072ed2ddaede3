/** `ace contract test`: the author's tests, and what the contract's methods cost beside before. */
import { type GasRow, SNAPSHOT_FILE, saveSnapshot } from "../authoring/gas-snapshot.ts";
import { runTests, type TestOutcome } from "../authoring/run-tests.ts";
import { AceError } from "../lib/errors.ts";
import type { Context } from "./context.ts";
import type { Flags } from "./flags.ts";
import type { Output } from "./output.ts";

const TOLERANCE_PERCENT = 5;

export async function testContract(
  context: Context,
  paths: readonly string[],
  flags: Flags,
): Promise<unknown> {
  const { output, signal, settings } = context;
  const tolerance = flags.whole("tolerance", { min: 0, max: 1_000 }) ?? TOLERANCE_PERCENT;
  const outcome = await runTests({
    paths,
    tolerancePercent: tolerance,
    isShown: !settings.json && !settings.quiet,
    signal,
  });
  output.result(outcome);
  if (!outcome.isPassed) throw new AceError("TESTS_FAILED", failureText(outcome));
  reportGas(context, outcome, { isUpdate: flags.isOn("update"), tolerance });
  return undefined;
}

interface Reporting {
  readonly isUpdate: boolean;
  readonly tolerance: number;
}

/** Gas of tests that failed says nothing, so this comes after they passed. */
export function reportGas(
  { output, environment }: Pick<Context, "output" | "environment">,
  { gas, folder }: TestOutcome,
  { isUpdate, tolerance }: Reporting,
): void {
  showGas(output, gas);
  const changed = isUpdate ? [] : gas.filter(({ isChanged }) => isChanged);
  // A machine that checks a change must not agree to it.
  const maySave = isUpdate || (environment["CI"] ?? "") === "";
  if (maySave && saveSnapshot(folder, gas, isUpdate)) output.note(`wrote ${SNAPSHOT_FILE}`);
  if (changed.length === 0) return;
  const lines = changed.map(
    (row) => `${row.contract} ${row.method}: ${row.before} → ${row.most} (${changeText(row)})`,
  );
  const what = `gas has changed by more than ${tolerance} % since ${SNAPSHOT_FILE}`;
  throw new AceError("GAS_CHANGED", [what, ...lines].join("\n"));
}

function showGas(output: Output, rows: readonly GasRow[]): void {
  if (rows.length === 0) return;
  const cells = rows.map((row) => [
    row.contract,
    row.method,
    row.calls,
    row.least,
    row.most,
    row.before === undefined ? "new" : changeText(row),
  ]);
  output.table(cells, ["contract", "method", "calls", "gas least", "gas most", "since before"]);
}

function changeText({ before, most }: GasRow): string {
  if (before === undefined || before === most) return "same";
  const percent = before === 0 ? 100 : ((most - before) / before) * 100;
  return `${most > before ? "+" : ""}${percent.toFixed(1)} %`;
}

function failureText({ failed, passed, failures }: TestOutcome): string {
  const count = failed === 0 ? "the tests did not run" : `${failed} of ${failed + passed} failed`;
  const lines = failures.flatMap(({ test, message }) => [test, ...message.split("\n")]);
  return [count, ...lines].filter((line) => line.trim() !== "").join("\n");
}
