// Goal: a script that attacks the sandbox has one outcome and one price, whatever the engine's mood.
// Method: each runs cold, warm and in a fresh process, and is held against the vectors.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import type { Receipt } from "../../src/runtime/applied.ts";
import { contractOf, hostileScripts } from "../support/hostile-scripts.ts";
import { RuntimeKit } from "../support/runtime-kit.ts";

const vectors = z
  .array(z.object({ name: z.string(), code: z.string(), gasUsed: z.int() }))
  .parse(JSON.parse(readFileSync("test/vectors/gas.json", "utf8")));

let kit: RuntimeKit;
beforeAll(async () => {
  kit = await RuntimeKit.open();
});
afterAll(() => kit[Symbol.asyncDispose]());

it("gives every hostile script the same outcome cold, warm and in a fresh process", async () => {
  const deployed = await kit.close(
    ...hostileScripts.flatMap((script) => kit.deployCalls(contractOf(script))),
  );
  const numbers = deployed.receipts.flatMap(({ result }) =>
    typeof result === "bigint" ? [result] : [],
  );
  expect(numbers).toHaveLength(hostileScripts.length);
  const calls = (): ReturnType<RuntimeKit["call"]>[] =>
    numbers.map((contract) => kit.call({ contract, method: "f" }));
  const cold = outcomes((await kit.close(...calls())).receipts);
  const warm = outcomes((await kit.close(...calls())).receipts);
  for (const pid of kit.runtime.pids) if (pid !== undefined) process.kill(pid, "SIGKILL");
  const fresh = outcomes((await kit.close(...calls())).receipts);

  expect(warm).toEqual(cold);
  expect(fresh).toEqual(cold);
  const expected = vectors.map(({ name, code, gasUsed }) => [name, code, BigInt(gasUsed)]);
  expect(cold).toEqual(expected);
});

function outcomes(receipts: readonly Receipt[]): unknown[] {
  return receipts.map(({ code, gasUsed }, index) => [hostileScripts[index]?.name, code, gasUsed]);
}
