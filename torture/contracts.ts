/** `torture contracts`: every script of a corpus, one row each, and a summary. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { AceError } from "../src/lib/errors.ts";
import { judgeCorpus, scriptsIn } from "./corpus.ts";
import { Rig } from "./rig.ts";
import { type Rigs, type Row, runScript } from "./run-script.ts";
import type { Script } from "./script.ts";

const MIB = 1024 * 1024;
/** Growth is counted from here on: before, the engine of the host still takes what it needs. */
const SETTLED_AFTER = 200;
const BASE_RUNS = 8;
/** What a call costs beside its gas is known to some ten microseconds: below this it would be a guess. */
const TIMED_GAS_MIN = 20_000;
/** A script that seems slower is timed again before that is believed: the machine may have been busy. */
const SLOW_NS_PER_GAS = 15;
const TIMES = 3;

export interface CorpusOptions {
  readonly corpus: string;
  readonly watchdogMs?: number;
  readonly onRow: (row: Row, done: number, total: number) => void;
}

export interface CorpusSummary {
  readonly scripts: number;
  readonly ok: number;
  readonly refused: number;
  readonly failed: number;
  readonly nodeFaults: number;
  readonly differences: number;
  /** Scripts that gave another outcome than their line expects. */
  readonly unexpected: number;
  readonly hostGrowthMb: number;
  readonly worstNsPerGas: number;
  readonly worst: string;
  readonly tookMs: number;
}

export async function runCorpus(options: CorpusOptions): Promise<CorpusSummary> {
  const { corpus, watchdogMs } = options;
  const total = await judgeCorpus(corpus);
  const startedMs = performance.now();
  const rigOptions = watchdogMs === undefined ? {} : { watchdogMs };
  await using cold = new Rig(rigOptions);
  await using shared = new Rig(rigOptions);
  const rigs = { cold, shared };
  const baseNs = await baseNsOf(rigs);
  const tally = await runAll({ ...options, total, rigs, baseNs });
  const { counts, settledBytes, worst } = tally;
  return {
    ...counts,
    hostGrowthMb: Math.round(Math.max(0, residentBytes() - settledBytes) / (MIB / 10)) / 10,
    worstNsPerGas: Math.round(worst.nsPerGas * 10) / 10,
    worst: worst.name,
    tookMs: Math.round(performance.now() - startedMs),
  };
}

type Counts = Pick<
  CorpusSummary,
  "scripts" | "ok" | "refused" | "failed" | "nodeFaults" | "differences" | "unexpected"
>;

interface Tally {
  readonly counts: Counts;
  readonly settledBytes: number;
  readonly worst: { readonly name: string; readonly nsPerGas: number };
}

interface Run extends CorpusOptions {
  readonly total: number;
  readonly rigs: Rigs;
  /** Of a call that does nothing. */
  readonly baseNs: number;
}

async function runAll({ corpus, onRow, total, rigs, baseNs }: Run): Promise<Tally> {
  const counts = {
    scripts: 0,
    ok: 0,
    refused: 0,
    failed: 0,
    nodeFaults: 0,
    differences: 0,
    unexpected: 0,
  };
  const settledAfter = Math.min(SETTLED_AFTER, Math.ceil(total / 10));
  let settledBytes = residentBytes();
  let worst = { name: "", nsPerGas: 0 };
  for await (const script of scriptsIn(corpus)) {
    const { row, shortestNs } = await runScript(script, rigs);
    const nsPerGas = await surely((shortestNs - baseNs) / timedGas(row), async () => {
      const again = await runScript(script, rigs);
      return (again.shortestNs - baseNs) / timedGas(row);
    });
    counts.scripts += 1;
    counts[row.outcome === "node-fault" ? "nodeFaults" : row.outcome] += 1;
    if (!row.equal && row.outcome !== "node-fault") counts.differences += 1;
    if (!isExpected(script, row)) counts.unexpected += 1;
    if (nsPerGas > worst.nsPerGas) worst = { name: row.name, nsPerGas };
    if (counts.scripts === settledAfter) settledBytes = residentBytes();
    onRow(row, counts.scripts, total);
  }
  return { counts, settledBytes, worst };
}

const timedGas = ({ gas }: Row): number => Math.max(gas, TIMED_GAS_MIN);

/** The shortest of several times, where the first is long. */
async function surely(first: number, again: () => Promise<number>): Promise<number> {
  let shortest = first;
  for (let time = 1; time < TIMES && shortest > SLOW_NS_PER_GAS; time += 1) {
    shortest = Math.min(shortest, await again());
  }
  return shortest;
}

function isExpected({ expect }: Script, { outcome, code }: Row): boolean {
  return expect === undefined || (expect.outcome === outcome && expect.code === code);
}

/** What a call takes that does nothing, from here to the contract process and back. */
async function baseNsOf(rigs: Rigs): Promise<number> {
  const plain = { args: [], others: [], pays: [], gasLimit: 1_000_000 };
  const script = { name: "nothing", source: "export function f() {}", method: "f", ...plain };
  const took: number[] = [];
  for (let left = BASE_RUNS; left > 0; left -= 1) {
    const { row, shortestNs } = await runScript(script, rigs);
    if (row.outcome === "ok") took.push(shortestNs);
  }
  if (took.length === 0) throw new AceError("CONTRACT_FAULT", "not even an empty call succeeds");
  return Math.min(...took);
}

/** After a collection, so that only what is held counts. */
export function residentBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return process.memoryUsage.rss();
}
