/**
 * `ace contract dev`: builds, checks and tests at every change until Ctrl-C, and deploys when asked.
 *
 * Units  `QUIET_MS` is milliseconds: an editor writes a file in several steps.
 */
import { existsSync } from "node:fs";
import { watch } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { buildContract } from "../authoring/build-contract.ts";
import { checkTypes } from "../authoring/check-types.ts";
import { runTests } from "../authoring/run-tests.ts";
import { AceError, isAceError } from "../lib/errors.ts";
import type { Context } from "./context.ts";
import { deployContract } from "./deploy-contract.ts";
import type { Flags } from "./flags.ts";
import { reportGas } from "./test-contract.ts";

const QUIET_MS = 150;
/** Screen, what has scrolled off it, and the cursor back to the top. */
const CLEAR_SCREEN = "\u001b[2J\u001b[3J\u001b[H";
const TOLERANCE_PERCENT = 5;

interface DevWords {
  readonly file: string;
  readonly args: readonly string[];
}

export async function devContract(
  context: Context,
  { file, args }: DevWords,
  flags: Flags,
): Promise<unknown> {
  const isDeployed = flags.isOn("deploy");
  if (args.length > 0 && !isDeployed) {
    throw new AceError("USAGE", "arguments are for --deploy: they go to setup");
  }
  if (!existsSync(file)) throw new AceError("FILE_UNREADABLE", `there is no ${file}`);
  const { signal, output, settings } = context;
  const round = { file, args, isDeployed, isChecked: !flags.isOff("check") };
  let rounds = 0;
  const turn = async (): Promise<void> => {
    rounds += 1;
    if (process.stderr.isTTY && !settings.json) process.stderr.write(CLEAR_SCREEN);
    await goRound(context, round);
    output.note(`waiting for changes in ${dirname(file)}; Ctrl-C ends it`, "dim");
  };
  await atEachChange(watch(dirname(file), { recursive: true, signal }), turn, signal);
  return { rounds };
}

interface Round extends DevWords {
  readonly isDeployed: boolean;
  readonly isChecked: boolean;
}

/** One turn from source to receipt; what stops it is told, and the next change is waited for. */
async function goRound(context: Context, round: Round): Promise<void> {
  const { output, signal } = context;
  const { file, args, isChecked, isDeployed } = round;
  try {
    const built = buildContract(file);
    if (isChecked) checkTypes(file, built);
    const bytes = Buffer.byteLength(built.source);
    output.line(`${built.abi.name}: ${bytes} bytes, code hash ${built.codeHash}`, "good");
    await testsBeside(context, file, signal);
    if (isDeployed) await deployContract(context, file, args);
  } catch (error) {
    if (signal.aborted) return;
    if (!isAceError(error)) throw error;
    const [first = "", ...rest] = error.message.split("\n");
    output.note(`error[${error.code}]: ${first}`, "bad");
    for (const line of rest) output.note(`  ${line}`);
    output.note(`  hint: ${error.hint}`);
  }
}

async function testsBeside(context: Context, file: string, signal: AbortSignal): Promise<void> {
  try {
    const tolerancePercent = TOLERANCE_PERCENT;
    const outcome = await runTests({
      paths: [dirname(file)],
      tolerancePercent,
      isShown: true,
      signal,
    });
    if (!outcome.isPassed) throw new AceError("TESTS_FAILED", `${outcome.failed} failed`);
    reportGas(context, outcome, { isUpdate: false, tolerance: tolerancePercent });
  } catch (error) {
    if (!isAceError(error, "TESTS_MISSING")) throw error;
    context.output.note("no tests yet: name them *.test.ts");
  }
}

type Changes = AsyncIterable<{ readonly filename: string | null }>;

/** Once at first, and again after each change: one that comes while a turn lasts counts as well. */
async function atEachChange(
  changes: Changes,
  turn: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let wake = Promise.withResolvers<void>();
  const listening = listen(changes, () => wake.resolve(), signal);
  // Seen below, and not before the first turn is over.
  listening.catch(() => undefined);
  await turn();
  while (!signal.aborted) {
    await Promise.race([wake.promise, listening]);
    if (signal.aborted) break;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    wake = Promise.withResolvers<void>();
    await turn();
  }
}

async function listen(changes: Changes, onChange: () => void, signal: AbortSignal): Promise<void> {
  try {
    for await (const { filename } of changes) if (isSource(filename)) onChange();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Not what we write ourselves, and not what npm does. */
function isSource(name: string | null): boolean {
  if (name === null) return true;
  const isOfTools = /(?:^|[\\/])(?:node_modules|\.[^\\/]*)(?:[\\/]|$)/.test(name);
  return !isOfTools && /\.[jt]s$/.test(basename(name));
}
