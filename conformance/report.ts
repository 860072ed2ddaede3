/** The result of a conformance run for a person to read. */
import type { Output } from "../src/cli/output.ts";
import type { Conformance } from "./conformance.ts";

const MISSES_SHOWN = 20;
const MS_PER_SECOND = 1_000;

export function printConformance(
  output: Output,
  found: Conformance,
  tookMs: number | undefined,
): void {
  const { classic, soroban } = found;
  output.table(
    [
      ["classic transactions exact", classic.exact, `of ${classic.total}`],
      [
        "ledgers with our result hash",
        found.ledgersWithExactResultHash,
        `of ${found.ledgersWithClassic} that hold a classic transaction`,
      ],
      [
        "ledgers with our fee pool",
        found.ledgersWithExactFeePool,
        `of ${Math.max(0, found.ledgers - 1)}`,
      ],
      [
        "entries that differ",
        found.entriesDifferingAtCheckpoints,
        `at ${found.checkpoints} checkpoints, ${found.entriesComparedAtLast} entries at the last`,
      ],
      ["contracts' results copied", soroban.copied, "not counted above"],
      [
        "entries put right",
        soroban.reloaded,
        `of ${soroban.foreignEntries} entries that contracts may have touched`,
      ],
    ],
    ["what", "count", ""],
  );
  const misses = Object.entries(found.misses).sort(([, left], [, right]) => right - left);
  for (const [kind, count] of misses.slice(0, MISSES_SHOWN)) {
    output.line(`${count} x expected ${kind}`, "warn");
  }
  if (tookMs !== undefined) output.line(`${(tookMs / MS_PER_SECOND).toFixed(1)} s`, "dim");
}
