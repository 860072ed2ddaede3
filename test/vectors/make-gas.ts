// Goal: the outcome and the price of every hostile script as data.
// Method: each is deployed and called once in the real runtime. The prices are what the schedule says
//         today: a change of them is a change of the protocol.
// Use:    `node test/vectors/make-gas.ts` writes gas.json anew.
import { writeFileSync } from "node:fs";
import { contractOf, hostileScripts } from "../support/hostile-scripts.ts";
import { RuntimeKit } from "../support/runtime-kit.ts";

await using kit = await RuntimeKit.open();
const lines: string[] = [];
for (const script of hostileScripts) {
  const contract = await kit.deploy(contractOf(script));
  const { code, gasUsed } = await kit.one({ contract, method: "f" });
  lines.push(
    `  { "name": ${JSON.stringify(script.name)}, "code": "${code}", "gasUsed": ${gasUsed} }`,
  );
}
writeFileSync(new URL("gas.json", import.meta.url), `[\n${lines.join(",\n")}\n]\n`);
