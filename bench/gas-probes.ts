/** All probes. `test/unit/gas-probes.test.ts` demands one for every name that the realm prices. */
import type { Probe } from "./gas-probe.ts";
import { builtinProbes } from "./gas-probes-builtins.ts";
import { kitProbes } from "./gas-probes-kit.ts";
import { languageProbes } from "./gas-probes-language.ts";

export const probes: readonly Probe[] = [...builtinProbes, ...languageProbes, ...kitProbes];
