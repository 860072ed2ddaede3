/**
 * Goal    No operation costs more than ten times the plain loop in nanoseconds per gas, so that the gas
 *         of a ledger bounds its time whatever contracts do.
 * Method  A probe for every name that the realm prices, in the real sandbox, in processor time, ranked
 *         against the plain loop of the same run: warm against warm, the first call of a fresh isolate
 *         against the loop's first. What is above the bound is measured twice more before it counts.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type Figure, median } from "./figure.ts";

const RATIO_MAX = 10;
const REPEATS = 2;
const PLAIN = "plain loop";
const Measured = z.object({ title: z.string(), warm: z.number(), cold: z.number() });

interface Ratios {
  readonly title: string;
  readonly ns: number;
  readonly warm: number;
  readonly cold: number;
}

export function gasFigures(): readonly Figure[] {
  let found = ratiosOf([]);
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const dear = found.filter((item) => worst(item) > RATIO_MAX).map(({ title }) => title);
    if (dear.length === 0) break;
    const again = new Map(ratiosOf(dear).map((item) => [item.title, item]));
    found = found.map((item) => cheaper(item, again.get(item.title) ?? item));
  }
  const ranked = found.toSorted((left, right) => worst(right) - worst(left));
  const [top] = ranked;
  if (top !== undefined && worst(top) > RATIO_MAX) process.exitCode = 1;
  const figures = ranked.map(figureOf);
  return top === undefined ? figures : [...figures, { ...figureOf(top), name: "gas.worst" }];
}

function worst({ warm, cold }: Ratios): number {
  return Math.max(warm, cold);
}

function cheaper(left: Ratios, right: Ratios): Ratios {
  return worst(left) < worst(right) ? left : right;
}

function figureOf(item: Ratios): Figure {
  const warm = `${item.warm.toFixed(1)}× the plain loop warm`;
  return {
    name: `gas.${item.title}`,
    value: Number(item.ns.toFixed(2)),
    unit: "ns per gas",
    ratio: Number(worst(item).toFixed(1)),
    input: `${warm}, ${item.cold.toFixed(1)}× cold`,
  };
}

/** Flags as the contract process has them. */
function ratiosOf(titles: readonly string[]): readonly Ratios[] {
  const script = fileURLToPath(new URL("./gas-run.ts", import.meta.url));
  const flags = ["--no-node-snapshot", "--no-sparkplug", "--disable-warning=ExperimentalWarning"];
  const { stdout, status } = spawnSync(process.execPath, [...flags, script, ...titles], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error("the probes did not run to their end");
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  const measured = lines.map((line) => Measured.parse(JSON.parse(line)));
  const loops = measured.filter(({ title }) => title === PLAIN);
  const warm = median(loops.map((loop) => loop.warm));
  const cold = median(loops.map((loop) => loop.cold));
  return measured
    .filter(({ title }) => title !== PLAIN)
    .map((item) => ({
      title: item.title,
      ns: item.warm,
      warm: item.warm / warm,
      cold: item.cold / cold,
    }));
}
