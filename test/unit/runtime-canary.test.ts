// Goal: what the suites of the sandbox are there to catch, they catch.
// Method: two copies of the contract process with one fault each, put in on purpose: a function that gives
//         another answer the second time, and one that forgot to charge.
import { expect, it } from "vitest";
import { digestsOf } from "../../torture/digest.ts";
import { differences, passOver } from "../../torture/pass.ts";
import { Rig } from "../../torture/rig.ts";
import { readScript, type Script } from "../../torture/script.ts";
import { strippedCode } from "../../torture/stripped.ts";

const TIMEOUT_MS = 120_000;
const GLOBALS = "runtime/realm/globals.ts";
const scripts = [
  script("canary: signs", "export const f = () => [1, 2, 3].map((x) => Math.sign(-x));"),
  script("canary: filling", "export const f = () => [1, 2, 3].fill(4);"),
];

function script(name: string, source: string): Script {
  const read = readScript(JSON.stringify({ name, source, method: "f" }));
  if (typeof read === "string") throw new Error(read);
  return read;
}

/** Changes one place of one file, which must be there. */
function change(file: string, from: string, to: string) {
  return (path: string, text: string): string => {
    if (path !== file) return text;
    expect(text).toContain(from);
    return text.replace(from, to);
  };
}

it("catches a function whose answer depends on what ran before", {
  timeout: TIMEOUT_MS,
}, async () => {
  const odd = change(
    GLOBALS,
    "sign: numeric(sign)",
    "sign: numeric(((turn) => (x: number) => sign(x) * ((turn++ & 4) + 1))(0))",
  );
  using code = await strippedCode(odd);
  await using rig = new Rig({ spawn: code.spawn });
  const cold = await passOver(scripts, rig);
  const warm = await passOver(scripts, rig);

  expect(differences(cold, [warm])).toEqual(["canary: signs"]);
});

it("catches a function that costs nothing", { timeout: TIMEOUT_MS }, async () => {
  const free = change(
    "runtime/realm/arrays.ts",
    "apply(fill, list(this, MAKE_GAS)",
    "apply(fill, list(this, 0)",
  );
  using code = await strippedCode(free);
  await using mutated = new Rig({ spawn: code.spawn });
  await using real = new Rig();
  const [found, expected] = [await passOver(scripts, mutated), await passOver(scripts, real)];

  expect(digestsOf(found)).not.toEqual(digestsOf(expected));
  expect(differences(expected, [found])).toEqual(["canary: filling"]);
});
