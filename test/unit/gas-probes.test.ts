// Goal: no operation that contracts can reach is left out when gas is measured.
// Method: the realm's own tables name what there is; each name must stand in a probe. Probes are admitted.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { probeSource } from "../../bench/gas-probe.ts";
import { probes } from "../../bench/gas-probes.ts";
import { admitSource } from "../../src/runtime/admit.ts";
import { gasSchedule } from "../../src/runtime/limits.ts";
import { arrayMethods } from "../../src/runtime/realm/arrays.ts";
import { mapMethods, setMethods } from "../../src/runtime/realm/collections.ts";
import { bigintMethods, globals, numberMethods } from "../../src/runtime/realm/globals.ts";
import { textMethods } from "../../src/runtime/realm/texts.ts";

const priced: ReadonlySet<string> = new Set(probes.flatMap(({ prices }) => prices));

const named = (prefix: string, members: object): readonly string[] =>
  Object.keys(members).map((name) => `${prefix}.${name}`);

function membersOfGlobals(): readonly string[] {
  return Object.entries(globals).flatMap(([name, value]) => {
    const members = Object.entries(value ?? {}).filter(
      ([, member]) => typeof member === "function",
    );
    const own = typeof value === "function" ? [name] : [];
    return [...own, ...members.map(([member]) => `${name}.${member}`)];
  });
}

/** Gas that stands for a form of the language rather than for a name. */
const FORMS: ReadonlySet<string> = new Set(
  `functionCall closure literal member iteration propertyComputed propertyOfMany thrown caught
  finalised engineError`.split(/\s+/),
);
/** Of the registry: measured as a deployment. */
const REGISTRY = /^registry/;

describe("a probe of gas", () => {
  it.each([
    ["methods of arrays", named("array", arrayMethods)],
    ["methods of texts", named("text", textMethods)],
    ["methods of Map", named("map", mapMethods)],
    ["methods of Set", named("set", setMethods)],
    ["methods of numbers", named("number", numberMethods)],
    ["methods of integers", named("bigint", bigintMethods)],
    ["built-in functions", membersOfGlobals()],
    ["prices of the kit", scheduled()],
    ["operators", operatorNames()],
  ])("stands for each of the %s", (_kind, names) => {
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !priced.has(name))).toEqual([]);
  });

  it("is admitted as a contract", () => {
    const refused = probes.flatMap((item) => {
      const admission = admitSource(probeSource(item));
      return admission.ok ? [] : [[item.title, admission.refusals[0]?.message]];
    });
    expect(refused).toEqual([]);
  });
});

function scheduled(): readonly string[] {
  return Object.keys(gasSchedule)
    .filter((name) => !FORMS.has(name) && !REGISTRY.test(name))
    .map((name) => `gas.${name}`);
}

/** What instrumented code calls: the script scope of the realm, but for what the host calls. */
function operatorNames(): readonly string[] {
  const text = readFileSync("src/runtime/realm/main.ts", "utf8");
  const found = [...text.matchAll(/^ {2}(\$[a-z]+):/gm)].map(([, name = ""]) => name);
  return found.filter((name) => !["$install", "$run", "$audit"].includes(name));
}
