/** All probes. `test/unit/gas-probes.test.ts` demands one for every name that the realm prices. */
import type { Probe } from "./gas-probe.ts";
import { builtinProbes } from "./gas-probes-builtins.ts";
import { formProbes } from "./gas-probes-forms.ts";
import { kitProbes } from "./gas-probes-kit.ts";
import { operatorProbes } from "./gas-probes-operators.ts";
import { valueProbes } from "./gas-probes-values.ts";

export const probes: readonly Probe[] = [
  ...builtinProbes,
  ...valueProbes,
  ...operatorProbes,
  ...formProbes,
  ...kitProbes,
];
