/**
 * Goal    What a hostile contract leaves behind for the next call of another: collections that are due,
 *         code that the engine gave up, caches that know too many shapes, state that was forgotten.
 * Method  One real sandbox. A ledger of purchases, then a ledger in which one kind of mischief uses up a
 *         call's gas, then the same purchases again, timed; in turns with a ledger of mischief that does
 *         nothing, and the median of the turns. The figure is the worst kind's time over the calm one's.
 *
 * isolated-vm wants `--no-node-snapshot`, so this runs in a process of its own and prints JSON.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Call } from "../src/contracts/call.ts";
import { sha256, sha256Hex } from "../src/lib/hash.ts";
import { admitSource } from "../src/runtime/admit.ts";
import { fromByteText, toByteText } from "../src/runtime/byte-text.ts";
import { readOutcome, wholeReceipts } from "../src/runtime/outcome-frame.ts";
import { openSandbox } from "../src/runtime/process-sandbox.ts";
import { encodeLedger } from "../src/runtime/wire.ts";
import { type Figure, median } from "./figure.ts";
import { deployCalls, purchaseCall, vault } from "./runtime-purchase.ts";

const PURCHASES = 50;
const ROUNDS = 24;
const WARM_UP = 8;
const MISCHIEF_GAS = 5_000_000n;
const MISCHIEF = 257n;
const START_S = 1_800_000_000;

const source = `import { contract, state, int, text } from "ace-node/contract";
contract({ name: "mischief", methods: { calm: { args: [] }, junk: { args: [] }, texts: { args: [] },
  shapes: { args: [] }, types: { args: [] }, reads: { args: [] }, deep: { args: [] } } });
const many = state.map("many", int, text);
export function calm() {}
export function junk() { let all = []; for (;;) { all.push([1n, { a: 2n }]); if (all.length > 50000) all = []; } }
export function texts() { const all = []; for (let i = 0; ; i += 1) { let t = "t" + i; while (t.length < 4000) t = t + t; all.push(t); } }
export function shapes() { for (let i = 0; ; i += 1) { const o = {}; for (let k = 0; k < 20; k += 1) o["k" + i % 50 + k] = k; } }
export function types() { const odd = [1, 1n, "a", [], {}, true, undefined]; for (let i = 0; ; i += 1) {
  for (const one of odd) { try { [one].map((x) => x + one).sort(); } catch (error) {} } } }
export function reads() { for (let i = 0n; ; i += 1n) many.get(i); }
export function deep() { const down = (n) => n === 0 ? 0 : 1 + down(n - 1); for (;;) { try { down(200); } catch (error) {} } }`;
const KINDS = ["junk", "texts", "shapes", "types", "reads", "deep"];

export function neighbourFigures(): readonly Figure[] {
  const script = fileURLToPath(import.meta.url);
  const { stdout } = spawnSync(process.execPath, ["--no-node-snapshot", script], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ratios = z.record(z.string(), z.number()).parse(JSON.parse(stdout));
  const figures = Object.entries(ratios).map(([input, ratio]) => ({ input, ratio }));
  const [worst, ...others] = figures.toSorted((left, right) => right.ratio - left.ratio);
  const figureOf = (name: string, { input, ratio }: (typeof figures)[number]): Figure => ({
    name,
    value: Number(ratio.toFixed(2)),
    unit: "× of the time after a calm ledger",
    input,
  });
  if (worst === undefined) return [];
  const name = "runtime.neighbour_slowdown";
  return [figureOf(name, worst), ...others.map((one) => figureOf(`${name}.${one.input}`, one))];
}

function measure(): Readonly<Record<string, number>> {
  const rows = new Map<string, string>();
  const sandbox = openSandbox({
    admit: admitSource,
    read: (key) => rows.get(key) ?? "",
    scan: (prefix) => JSON.stringify([...rows].filter(([key]) => key.startsWith(prefix)).flat()),
    sha256: (bytes) => sha256Hex(fromByteText(bytes)),
    verify: () => "",
    begin: () => {},
  });
  let sequence = 0;
  const run = (calls: readonly Call[]): number => {
    sequence += 1;
    const closeTime = BigInt(START_S + 5 * sequence);
    const ledger = { sequence, closeTime, vault, systemContracts: [], calls };
    const text = toByteText(encodeLedger(ledger));
    const startedMs = performance.now();
    const told = sandbox.apply(text, false);
    const tookMs = performance.now() - startedMs;
    for (const { key, value } of readOutcome(wholeReceipts(told)).writes) {
      rows.set(toByteText(key), value === undefined ? "" : toByteText(value));
    }
    return tookMs;
  };
  run(deployCalls());
  run(mischiefCode());
  const after = (kind: string, round: number): number => {
    run([mischief(kind, round)]);
    return run(Array.from({ length: PURCHASES }, (_, buyer) => purchaseCall(buyer, round)));
  };
  for (let round = 0; round < 20 * WARM_UP; round += 1) after("calm", round);
  const ratios: Record<string, number> = {};
  for (const kind of KINDS) {
    const [calm, hostile]: [number[], number[]] = [[], []];
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
      const [calmMs, hostileMs] = [after("calm", round), after(kind, round)];
      if (round < WARM_UP) continue;
      calm.push(calmMs);
      hostile.push(hostileMs);
    }
    ratios[kind] = median(hostile) / median(calm);
  }
  return ratios;
}

function mischiefCode(): readonly Call[] {
  const bytes = Buffer.from(source);
  const hash = sha256(bytes);
  const [put, deploy] = deployCalls();
  if (put === undefined || deploy === undefined)
    throw new Error("two calls put code on the ledger");
  return [
    { ...put, args: [hash, 0n, bytes] },
    { ...deploy, args: [hash, []] },
  ];
}

function mischief(method: string, round: number): Call {
  const call = purchaseCall(0, round);
  const nothing = { paid: [], transfers: [], locks: [] };
  return { ...call, ...nothing, contract: MISCHIEF, method, gasLimit: MISCHIEF_GAS };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(measure()));
}
