/**
 * One script, run for as long as it takes to trust its outcome:
 *
 *   cold     in a sandbox in which nothing has run yet
 *   warm     again and again in the same sandbox, its state forgotten each time
 *   shared   in another process, whose one sandbox has run every script before this one
 *
 * Receipts and writes of all runs are the same bytes, or the script counts as a difference.
 */
import { AceError } from "../src/lib/errors.ts";
import { invariant } from "../src/lib/invariant.ts";
import type { LedgerOutcome } from "../src/runtime/outcome-frame.ts";
import {
  callVerdict,
  deployCalls,
  deployVerdict,
  type Prepared,
  prepare,
  scriptCall,
  type Verdict,
} from "./prepare.ts";
import { type Rig, Rows, receiptsOf, traceOf } from "./rig.ts";
import type { Script } from "./script.ts";

const LABEL = "script";
/** Enough to warm up what is cheap, and never long for what is dear. */
const WARM_GAS = 2_000_000;
const WARM_RUNS_MIN = 2;
const WARM_RUNS_MAX = 8;

export interface Rigs {
  readonly cold: Rig;
  readonly shared: Rig;
}

export interface Row {
  readonly name: string;
  readonly outcome: Verdict["outcome"];
  readonly code: string;
  readonly gas: number;
  /** All runs gave the same. */
  readonly equal: boolean;
}

export interface ScriptRun {
  readonly row: Row;
  /** The shortest of its calls, from here to the contract process and back; 0 when nothing ran. */
  readonly shortestNs: number;
}

export interface Once {
  readonly verdict: Verdict;
  /** Receipts and writes; empty for what no ledger can carry. */
  readonly trace: string;
}

/** One run in the rig's sandbox as it is. */
export async function runOnce(script: Script, rig: Rig): Promise<Once> {
  const prepared = prepare(script);
  if (prepared.kind === "refused") return { verdict: prepared.verdict, trace: "" };
  return (await watched(rig, () => once(prepared, rig))) ?? { verdict: NODE_FAULT, trace: "" };
}

const NODE_FAULT: Verdict = { outcome: "node-fault", code: "CONTRACT_FAULT", gas: 0n };

export async function runScript(script: Script, rigs: Rigs): Promise<ScriptRun> {
  const prepared = prepare(script);
  if (prepared.kind === "refused") return runOf(script.name, prepared.verdict, true, 0);
  const [alone, beside] = await Promise.all([
    aloneRuns(prepared, rigs.cold),
    watched(rigs.shared, () => once(prepared, rigs.shared)),
  ]);
  if (alone === undefined || beside === undefined) {
    return runOf(script.name, NODE_FAULT, false, 0);
  }
  const isEqual = alone.traces.every((trace) => trace === beside.trace);
  return runOf(script.name, alone.verdict, isEqual, alone.shortestNs);
}

function runOf(name: string, verdict: Verdict, equal: boolean, shortestNs: number): ScriptRun {
  const { outcome, code } = verdict;
  return { row: { name, outcome, code, gas: Number(verdict.gas), equal }, shortestNs };
}

/** Undefined when the process failed, even if a second try went well. */
async function watched<T>(rig: Rig, run: () => Promise<T>): Promise<T | undefined> {
  const before = rig.faults;
  try {
    const found = await run();
    return rig.faults === before ? found : undefined;
  } catch (error) {
    if (error instanceof AceError && error.code === "CONTRACT_FAULT") return undefined;
    throw error;
  }
}

interface Alone {
  readonly verdict: Verdict;
  readonly traces: readonly string[];
  readonly shortestNs: number;
}

function aloneRuns(prepared: Prepared, rig: Rig): Promise<Alone | undefined> {
  return watched(rig, async () => {
    await rig.renew();
    const rows = new Rows();
    const deployed = await deploy(prepared, rig, rows);
    if ("outcome" in deployed) {
      return { verdict: deployed, traces: [deployed.trace], shortestNs: 0 };
    }
    const first = await callOnce(prepared, rig, rows, deployed.contract);
    const [receipt] = receiptsOf(first.outcome);
    invariant(receipt !== undefined, "one call, one receipt");
    const traces = [traceOf(first.outcome)];
    let shortestNs = first.tookNs;
    for (let left = warmRuns(receipt.gasUsed); left > 0; left -= 1) {
      await rig.forget();
      const again = await callOnce(prepared, rig, rows, deployed.contract);
      traces.push(traceOf(again.outcome));
      shortestNs = Math.min(shortestNs, again.tookNs);
    }
    return { verdict: callVerdict(receipt), traces, shortestNs };
  });
}

function warmRuns(gasUsed: bigint): number {
  const runs = Math.ceil(WARM_GAS / Math.max(1, Number(gasUsed)));
  return Math.min(WARM_RUNS_MAX, Math.max(WARM_RUNS_MIN, runs));
}

async function once(prepared: Prepared, rig: Rig): Promise<Once> {
  await rig.forget();
  const rows = new Rows();
  const deployed = await deploy(prepared, rig, rows);
  if ("outcome" in deployed) return { verdict: deployed, trace: deployed.trace };
  const { outcome } = await callOnce(prepared, rig, rows, deployed.contract);
  const [receipt] = receiptsOf(outcome);
  invariant(receipt !== undefined, "one call, one receipt");
  return { verdict: callVerdict(receipt), trace: traceOf(outcome) };
}

type Deployed = { readonly contract: bigint } | (Verdict & { readonly trace: string });

async function deploy(prepared: Prepared, rig: Rig, rows: Rows): Promise<Deployed> {
  const outcome = await rig.apply({ place: 0, calls: deployCalls(prepared, LABEL) }, rows);
  rows.commit(outcome.writes);
  const receipts = receiptsOf(outcome);
  const verdict = deployVerdict(receipts);
  if (verdict !== undefined) return { ...verdict, trace: traceOf(outcome) };
  const contract = receipts.at(-1)?.result;
  invariant(typeof contract === "bigint", "a deployment answers with a number");
  return { contract };
}

interface Timed {
  readonly outcome: LedgerOutcome;
  readonly tookNs: number;
}

async function callOnce(
  prepared: Prepared,
  rig: Rig,
  rows: Rows,
  contract: bigint,
): Promise<Timed> {
  const calls = [scriptCall(prepared, contract, rows, LABEL)];
  const startedMs = performance.now();
  const outcome = await rig.apply({ place: 1, calls }, rows);
  return { outcome, tookNs: (performance.now() - startedMs) * 1e6 };
}
