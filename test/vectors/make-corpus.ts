// Goal: what every hostile script does, gas and writes included, as data that no engine may change.
// Method: test/fixtures/hostile.jsonl under the engine as it is, with --jitless and with --no-opt; where
//         these differ nothing is written. Raised on purpose only, with the protocol's version.
// Use:    `node test/vectors/make-corpus.ts` writes corpus.json anew (a minute or two).
import { writeFileSync } from "node:fs";
import { scriptsIn } from "../../torture/corpus.ts";
import { digestsOf } from "../../torture/digest.ts";
import { differences, passOver } from "../../torture/pass.ts";
import { ENGINES } from "../../torture/programs.ts";
import { Rig } from "../../torture/rig.ts";
import { strippedCode } from "../../torture/stripped.ts";

const scripts = await Array.fromAsync(scriptsIn("test/fixtures/hostile.jsonl"));
using code = await strippedCode();
const passes = await Promise.all(
  ENGINES.map(async (engineFlags) => {
    await using rig = new Rig({ engineFlags, spawn: code.spawn });
    return await passOver(scripts, rig);
  }),
);
const [first, ...others] = passes;
if (first === undefined) throw new Error("there is an engine");
const odd = differences(first, others);
if (odd.length > 0) throw new Error(`engines differ in: ${odd.join("; ")}`);
const vector = { scripts: scripts.length, digests: digestsOf(first) };
writeFileSync(new URL("corpus.json", import.meta.url), `${JSON.stringify(vector, null, 2)}\n`);
