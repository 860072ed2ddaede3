// Goal: what a contract holds is counted to the byte, whatever fails, nests or is taken back.
// Method: random calls that write, delete, call one another, catch and fail; after each ledger the count
//         is that of the entries in state, and no contract holds more than it declared.
import fc from "fast-check";
import { expect, it } from "vitest";
import { invariant } from "../../src/lib/invariant.ts";
import { contractInfo } from "../../src/runtime/contract-info.ts";
import { contractText, RuntimeKit, vault } from "../support/runtime-kit.ts";

const SEED = Number(process.env["ACE_SEED"] ?? 20_260);
const BOUND = 700;

/** Each step is [kind, key, size]: write, delete, call the other contract, the same and catch, fail. */
const source = contractText(
  "run: { args: [int, list(list(int, 3), 12)] }, size: { args: [], returns: int, view: true }",
  `const rows = state.map("row", int, text);
   function step(other, [kind, key, size], rest) {
     if (kind === 0n) rows.set(key, "x".repeat(Number(size)));
     if (kind === 1n) rows.delete(key);
     if (kind === 2n && other > 0n) call(other, "run", [0n, rest]);
     if (kind === 3n && other > 0n) {
       try { call(other, "run", [0n, rest]); } catch (error) { rows.set(99n, "y"); }
     }
     if (kind === 4n) fail("STOPPED");
     if (kind === 5n) {
       try { rows.set(key, "z".repeat(Number(size) * 4)); } catch (error) { rows.delete(key); }
     }
   }
   export function run(other, steps) {
     steps.forEach((one, index) => step(other, one, steps.slice(index + 1)));
   }
   export function size() { return 0n; }`,
).replace('name: "test"', `name: "test", storageBytes: ${BOUND}`);

const steps = fc.array(
  fc.tuple(
    fc.oneof({ weight: 6, arbitrary: fc.constant(0n) }, fc.bigInt({ min: 1n, max: 5n })),
    fc.bigInt({ min: 0n, max: 6n }),
    fc.bigInt({ min: 0n, max: 90n }),
  ),
  { minLength: 1, maxLength: 8 },
);
const ledgers = fc.array(
  fc.array(fc.record({ first: fc.boolean(), steps }), { minLength: 1, maxLength: 4 }),
  { minLength: 4, maxLength: 4 },
);

function demandCount(kit: RuntimeKit, number: bigint): number {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64BE(number);
  const rows = kit.state.scan(prefix, undefined, 1_000);
  const bytes = rows.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  const info = contractInfo(kit.state, vault, number);
  invariant(info !== undefined, "the contract is deployed");
  expect(info.stateBytes).toBe(bytes);
  expect(bytes).toBeLessThanOrEqual(BOUND);
  expect(info.stateBytesMax).toBe(BOUND);
  return bytes;
}

it("counts what each contract holds to the byte, and lets none grow past what it declared", async () => {
  await using kit = await RuntimeKit.open();
  const [one, two] = [await kit.deploy(source), await kit.deploy(source)];
  const codes = new Set<string>();
  let most = 0;
  const property = fc.asyncProperty(ledgers, async (history) => {
    for (const calls of history) {
      const made = calls.map(({ first, steps: own }) => {
        const [contract, other] = first ? [one, two] : [two, one];
        return kit.call({ contract, method: "run", args: [other, own.map((step) => [...step])] });
      });
      const { receipts } = await kit.close(...made);
      for (const { code } of receipts) codes.add(code);
      most = Math.max(most, demandCount(kit, one), demandCount(kit, two));
    }
  });
  await fc.assert(property, { numRuns: 25, seed: SEED });
  // The histories must reach what they are about.
  expect([...codes]).toEqual(expect.arrayContaining(["", "STOPPED", "STORAGE_FULL"]));
  expect(most).toBeGreaterThan(BOUND / 2);
}, 60_000);
