/**
 * `torture programs`: programs by a seed, each under several engines, cold and warm, and as plain
 * JavaScript. Receipts and writes are the same bytes everywhere; what ran to its end within the limits
 * told the same events as plain JavaScript.
 */
import type { Call } from "../src/contracts/call.ts";
import { AceError } from "../src/lib/errors.ts";
import { invariant } from "../src/lib/invariant.ts";
import type { Receipt } from "../src/runtime/applied.ts";
import { eventsText, plainRun } from "./plain-run.ts";
import { deployCalls, deployVerdict, type Prepared, scriptCall } from "./prepare.ts";
import { type ProgramText, programText } from "./program-text.ts";
import { Rig, Rows, receiptsOf, traceOf } from "./rig.ts";
import { strippedCode } from "./stripped.ts";

/** The engine as it is; as an interpreter that makes no machine code; without the optimising compiler. */
export const ENGINES = [[], ["--jitless"], ["--no-opt"]] as const;

/** Programs of one ledger. */
const BATCH = 50;
const SEED_STEP = 0x9e37_79b1;

export interface ProgramOptions {
  readonly count: number;
  readonly seed: number;
  readonly watchdogMs?: number;
  readonly onProgress?: (done: number) => void;
  readonly onDifference?: (difference: Difference) => void;
}

export interface Difference {
  /** Of the program, for `programText`. */
  readonly seed: number;
  readonly kind: "refused" | "engine" | "warm" | "plain" | "fault";
  readonly about: string;
}

export interface ProgramSummary {
  readonly programs: number;
  readonly seed: number;
  /** Ran to their end, and how many others. */
  readonly ok: number;
  readonly failed: number;
  /** Compared with plain JavaScript. */
  readonly plain: number;
  readonly differences: number;
  readonly nodeFaults: number;
}

export async function runPrograms(options: ProgramOptions): Promise<ProgramSummary> {
  const { count, seed, watchdogMs, onProgress, onDifference } = options;
  const limit = watchdogMs === undefined ? {} : { watchdogMs };
  await using stack = new AsyncDisposableStack();
  const { spawn } = stack.use(await strippedCode());
  const rigs = ENGINES.map((engineFlags) => stack.use(new Rig({ engineFlags, spawn, ...limit })));
  const sums = { ok: 0, failed: 0, plain: 0, differences: 0 };
  for (let done = 0; done < count; done += BATCH) {
    const seeds = Array.from({ length: Math.min(BATCH, count - done) }, (_, index) =>
      seedOf(seed, done + index),
    );
    const batch = await runSafely(seeds, rigs);
    for (const difference of batch.differences) onDifference?.(difference);
    sums.ok += batch.ok;
    sums.failed += seeds.length - batch.ok;
    sums.plain += batch.plain;
    sums.differences += batch.differences.length;
    onProgress?.(done + seeds.length);
  }
  const nodeFaults = rigs.reduce((sum, { faults }) => sum + faults, 0);
  return { programs: count, seed, ...sums, nodeFaults };
}

function seedOf(seed: number, place: number): number {
  return (seed + Math.imul(place + 1, SEED_STEP)) >>> 0;
}

interface BatchRun {
  readonly ok: number;
  readonly plain: number;
  readonly differences: readonly Difference[];
}

/** Where a process fails, each program runs alone, so that the one at fault has a name. */
async function runSafely(seeds: readonly number[], rigs: readonly Rig[]): Promise<BatchRun> {
  try {
    return await runBatch(seeds, rigs);
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    const [seed = 0] = seeds;
    const difference = { seed, kind: "fault", about: error.message } as const;
    if (seeds.length === 1) return { ok: 0, plain: 0, differences: [difference] };
  }
  const all = { ok: 0, plain: 0, differences: [] as Difference[] };
  for (const seed of seeds) {
    const { ok, plain, differences } = await runSafely([seed], rigs);
    all.ok += ok;
    all.plain += plain;
    all.differences.push(...differences);
  }
  return all;
}

async function runBatch(seeds: readonly number[], rigs: readonly Rig[]): Promise<BatchRun> {
  const programs = seeds.map((seed) => ({ seed, text: programText(seed) }));
  const runs = await Promise.all(rigs.map((rig) => engineRun(programs, rig)));
  const found = programs.map((program, place) => judge(program, place, runs));
  return {
    ok: found.filter(({ isOk }) => isOk).length,
    plain: found.filter(({ isPlain }) => isPlain).length,
    differences: found.flatMap((one) => one.differences),
  };
}

interface Judged {
  readonly isOk: boolean;
  /** Whether it was compared with plain JavaScript. */
  readonly isPlain: boolean;
  readonly differences: readonly Difference[];
}

function judge({ seed, text }: Program, place: number, runs: readonly EngineRun[]): Judged {
  const [first, ...others] = runs;
  invariant(first !== undefined, "there is an engine");
  const receipt = first.receipts[place];
  if (receipt === undefined) {
    const differences = [{ seed, kind: "refused", about: first.refusal(place) }] as const;
    return { isOk: false, isPlain: false, differences };
  }
  const plain = againstPlain(text, receipt);
  const isWarm = runs.every(({ cold, warm }) => cold[place] === warm[place]);
  const odd = others.findIndex(({ cold }) => cold[place] !== first.cold[place]);
  const differences: Difference[] = [];
  if (!isWarm) differences.push({ seed, kind: "warm", about: receipt.code });
  if (odd >= 0) differences.push({ seed, kind: "engine", about: ENGINES[odd + 1]?.join() ?? "" });
  if ((plain ?? "") !== "") differences.push({ seed, kind: "plain", about: plain ?? "" });
  return { isOk: receipt.ok, isPlain: plain !== undefined, differences };
}

/** What differs, empty for nothing; undefined where a limit ended it, which plain JavaScript has not. */
function againstPlain({ plain }: ProgramText, { ok, code, events }: Receipt): string | undefined {
  if (!ok && code !== "STOP" && code !== "CAUGHT" && code !== "THROWN") return undefined;
  const expected = plainRun(plain);
  if (expected.code !== code) return `ended in ${code || "ok"}, plain in ${expected.code || "ok"}`;
  if (!ok) return "";
  const told = eventsText(events.map(({ topic, data }) => [topic, data]));
  return told === expected.events ? "" : `${told} is not ${expected.events}`;
}

interface EngineRun {
  /** By place; absent for a program that was refused. */
  readonly receipts: readonly (Receipt | undefined)[];
  readonly cold: readonly string[];
  readonly warm: readonly string[];
  readonly refusal: (place: number) => string;
}

interface Program {
  readonly seed: number;
  readonly text: ProgramText;
}

/** All programs in a new sandbox, and again in the same one. */
async function engineRun(programs: readonly Program[], rig: Rig): Promise<EngineRun> {
  await rig.renew();
  const rows = new Rows();
  const prepared = programs.map(({ text }) => preparedOf(text.source));
  const deploys = prepared.map((one, place) => deployCalls(one, `program ${place}`));
  const deployed = await rig.apply({ place: 0, calls: deploys.flat() }, rows);
  rows.commit(deployed.writes);
  const receipts = receiptsOf(deployed);
  const numbers = prepared.map((_, place) => receipts[2 * place + 1]?.result);
  const calls: Call[] = [];
  const places = numbers.map((number, place) => {
    const one = prepared[place];
    if (typeof number !== "bigint" || one === undefined) return undefined;
    return calls.push(scriptCall(one, number, rows, `call ${place}`)) - 1;
  });
  const cold = await rig.apply({ place: 1, calls }, rows);
  await rig.forget();
  const warm = await rig.apply({ place: 1, calls }, rows);
  const found = receiptsOf(cold);
  const told = (outcome: typeof cold): readonly string[] =>
    places.map((place) =>
      place === undefined
        ? ""
        : traceOf({ ...outcome, receipts: outcome.receipts.slice(place, place + 1) }),
    );
  return {
    receipts: places.map((place) => (place === undefined ? undefined : found[place])),
    cold: told(cold),
    warm: told(warm),
    refusal: (place) => deployVerdict(receipts.slice(2 * place, 2 * place + 2))?.code ?? "",
  };
}

function preparedOf(source: string): Prepared {
  const plain = { args: [], others: [], pays: [], gasLimit: 1_000_000 };
  return {
    kind: "prepared",
    script: { name: "program", source, method: "f", ...plain },
    method: "f",
    args: { types: [], json: [] },
    sources: [source],
  };
}
