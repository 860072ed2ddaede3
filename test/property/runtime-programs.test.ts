// Goal: what a contract means does not depend on the engine's mood, and the meter changes no meaning.
// Method: programs of the whole contract language by a seed, each under three engines, cold and warm, and
//         as plain JavaScript. `npm run torture -- programs` makes as many as one likes.
import { expect, it } from "vitest";
import { type Difference, runPrograms } from "../../torture/programs.ts";

const PROGRAMS = 40;
const TIMEOUT_MS = 240_000;
const seed = Number(process.env["ACE_SEED"] ?? 2_026);

it("gives generated programs the same receipts under every engine, cold and warm, and their plain meaning", {
  timeout: TIMEOUT_MS,
}, async () => {
  const found: Difference[] = [];
  const onDifference = (difference: Difference): void => {
    found.push(difference);
  };
  const summary = await runPrograms({ count: PROGRAMS, seed, onDifference });

  expect(found).toEqual([]);
  expect(summary).toMatchObject({ differences: 0, nodeFaults: 0 });
  expect(summary.plain).toBeGreaterThan(PROGRAMS / 2);
});
