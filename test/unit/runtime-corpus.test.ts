// Goal: a script that attacks the sandbox has one outcome and one price, whatever ran before it.
// Method: all of test/fixtures/hostile.jsonl in two contract processes, in opposite orders, and again
//         in the first; outcomes are held against those that the file expects, and all that they did
//         against the vector. Some of each class also run under other engines.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { scriptsIn } from "../../torture/corpus.ts";
import { digestsOf } from "../../torture/digest.ts";
import { differences, passOver } from "../../torture/pass.ts";
import { ENGINES } from "../../torture/programs.ts";
import { Rig } from "../../torture/rig.ts";
import { strippedCode } from "../../torture/stripped.ts";

const TIMEOUT_MS = 300_000;
/** Of so many scripts one runs under each engine; `test/vectors/make-corpus.ts` runs all. */
const EVERY = 12;
/** Every one of them runs warm when the others have run before it: backwards it does. */
const WARM_EVERY = 4;
const scripts = await Array.fromAsync(scriptsIn("test/fixtures/hostile.jsonl"));

it("gives every hostile script the same receipt cold, warm and after any others", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using forwards = new Rig();
  await using backwards = new Rig();
  const [cold, turned] = await Promise.all([
    passOver(scripts, forwards),
    passOver(scripts.toReversed(), backwards),
  ]);
  const again = await passOver(scripts.filter(takes(WARM_EVERY)), forwards);
  const warm = new Map([...cold, ...again]);

  expect(new Set(scripts.map(({ name }) => name)).size).toBe(scripts.length);
  expect(differences(cold, [turned, warm])).toEqual([]);
  const ended = scripts.map(({ name }) => {
    const { outcome, code } = cold.get(name)?.verdict ?? { outcome: "", code: "" };
    return { name, outcome, code };
  });
  expect(ended).toEqual(scripts.map(({ name, expect: pinned }) => ({ name, ...pinned })));
  expect([forwards.faults, backwards.faults]).toEqual([0, 0]);
  const vector: unknown = JSON.parse(readFileSync("test/vectors/corpus.json", "utf8"));
  expect({ scripts: scripts.length, digests: digestsOf(cold) }).toEqual(vector);
});

it("gives the same receipts without machine code and without the optimising compiler", {
  timeout: TIMEOUT_MS,
}, async () => {
  const some = scripts.filter(takes(EVERY));
  using code = await strippedCode();
  const passes = await Promise.all(
    ENGINES.map(async (engineFlags) => {
      await using rig = new Rig({ engineFlags, spawn: code.spawn });
      return await passOver(some, rig);
    }),
  );
  const [first, ...others] = passes;

  expect(others).toHaveLength(2);
  expect(first && differences(first, others)).toEqual([]);
});

function takes(every: number): (script: unknown, index: number) => boolean {
  return (_, index) => index % every === 0;
}
