/**
 * What hostile scripts do to a node: outcomes that differ between runs, and memory that is not given back.
 *
 * Goal    `runtime.corpus_differences` 0; `runtime.corpus_growth_mb` at most 16 MB in the host.
 * Method  10,000 runs of `test/fixtures/hostile.jsonl` in one contract process, forwards and backwards in
 *         turn, every other round in a new sandbox; a run differs when its receipts or writes are not
 *         those of the first round, or the process fails. Growth is resident memory of this process
 *         after a collection, against the same after the first round.
 */
import { residentBytes } from "../torture/contracts.ts";
import { scriptsIn } from "../torture/corpus.ts";
import { differences, type Pass, passOver } from "../torture/pass.ts";
import { Rig } from "../torture/rig.ts";
import type { Figure } from "./figure.ts";

const RUNS = 10_000;
const CORPUS = "test/fixtures/hostile.jsonl";
const MIB = 1024 * 1024;

export async function corpusFigures(): Promise<readonly Figure[]> {
  const scripts = await Array.fromAsync(scriptsIn(CORPUS));
  await using rig = new Rig();
  const first = await passOver(scripts, rig);
  const settledBytes = residentBytes();
  const odd = new Set(differences(first, []));
  for (let done = scripts.length, round = 1; done < RUNS; done += scripts.length, round += 1) {
    if (round % 2 === 0) await rig.renew();
    const some = scripts.slice(0, RUNS - done);
    const pass = await passOver(round % 2 === 0 ? some : some.toReversed(), rig);
    const before: Pass = new Map([...first].filter(([name]) => pass.has(name)));
    for (const name of differences(before, [pass])) odd.add(name);
  }
  const grownMb = Math.max(0, residentBytes() - settledBytes) / MIB;
  const input = `${RUNS} runs of ${scripts.length} scripts`;
  return [
    { name: "runtime.corpus_differences", value: odd.size + rig.faults, unit: "scripts", input },
    {
      name: "runtime.corpus_growth_mb",
      value: Math.round(grownMb * 10) / 10,
      unit: "MB",
      input,
    },
  ];
}
