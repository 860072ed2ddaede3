// Goal: a script that attacks the sandbox has one outcome and one price, whatever ran before it.
// Method: all of test/fixtures/hostile.jsonl in two contract processes, in opposite orders, and again
//         in the first; outcomes are held against those that the file expects.
import { expect, it } from "vitest";
import { scriptsIn } from "../../torture/corpus.ts";
import { differences, passOver } from "../../torture/pass.ts";
import { Rig } from "../../torture/rig.ts";

const TIMEOUT_MS = 300_000;
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
  const warm = await passOver(scripts, forwards);

  expect(new Set(scripts.map(({ name }) => name)).size).toBe(scripts.length);
  expect(differences(cold, [turned, warm])).toEqual([]);
  const ended = scripts.map(({ name }) => {
    const { outcome, code } = cold.get(name)?.verdict ?? { outcome: "", code: "" };
    return { name, outcome, code };
  });
  expect(ended).toEqual(scripts.map(({ name, expect: pinned }) => ({ name, ...pinned })));
  expect([forwards.faults, backwards.faults]).toEqual([0, 0]);
});
