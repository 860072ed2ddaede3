/**
 * Goal    Whether a second contract process pays.
 * Method  Two runtimes over state in memory, one with one worker and one with two, apply the same ledgers
 *         in turns: calls of eight contracts that are strangers to one another, once with much gas in
 *         each and once with little. The figure is the median time with one over that with two.
 */
import type { Call } from "../src/contracts/call.ts";
import { silentEvents } from "../src/lib/events.ts";
import { sha256, sha256Hex } from "../src/lib/hash.ts";
import type { StateReader, Write } from "../src/runtime/applied.ts";
import { toByteText } from "../src/runtime/byte-text.ts";
import { openRuntime } from "../src/runtime/runtime.ts";
import type { Runtime } from "../src/runtime/runtime-types.ts";
import { type Figure, median } from "./figure.ts";
import { deployCalls, purchaseCall, purchaseNetwork } from "./runtime-purchase.ts";

const CONTRACTS = 8;
const FIRST_CONTRACT = 256n;
const CALLS = 160;
const ROUNDS = 24;
const WARM_UP = 8;
const START_S = 1_800_000_000;

const source = `import { contract, state, int } from "ace-node/contract";
contract({ name: "work", methods: { work: { args: [int], returns: int } } });
const sum = state.value("sum", int);
export function work(times) {
  let all = sum.get() ?? 0n;
  for (let left = times; left > 0n; left -= 1n) all = (all * 31n + left) % 1000000007n;
  sum.set(all);
  return all;
}`;

export async function workerFigures(): Promise<readonly Figure[]> {
  await using one = await Bench.open(1);
  await using two = await Bench.open(2);
  const figures: Figure[] = [];
  for (const [name, times] of [
    ["runtime.workers_speedup", 10_000n],
    ["runtime.workers_speedup.light", 10n],
  ] as const) {
    const [alone, shared]: [number[], number[]] = [[], []];
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
      const [aloneMs, sharedMs] = [await one.work(times, round), await two.work(times, round)];
      if (round < WARM_UP) continue;
      alone.push(aloneMs);
      shared.push(sharedMs);
    }
    const ratio = Number((median(alone) / median(shared)).toFixed(2));
    const peer = Number(median(alone).toFixed(1));
    figures.push({ name, value: Number(median(shared).toFixed(1)), unit: "ms", peer, ratio });
  }
  return figures;
}

class Bench implements AsyncDisposable {
  readonly #runtime: Runtime;
  readonly #rows: Map<string, Uint8Array>;
  #sequence = purchaseNetwork.genesisLedger;

  private constructor(runtime: Runtime, rows: Map<string, Uint8Array>) {
    this.#runtime = runtime;
    this.#rows = rows;
  }

  static async open(workers: number): Promise<Bench> {
    const rows = new Map<string, Uint8Array>();
    // Nothing here scans.
    const state: StateReader = { get: (key) => rows.get(toByteText(key)), scan: () => [] };
    const parts = { network: purchaseNetwork, systemContracts: [], state, tip: undefined };
    const runtime = await openRuntime({ ...parts, workers, events: silentEvents });
    const bench = new Bench(runtime, rows);
    const bytes = Buffer.from(source);
    const hash = sha256(bytes);
    const [put, deploy] = deployCalls();
    if (put === undefined || deploy === undefined)
      throw new Error("two calls put code on the ledger");
    for (let made = 0; made < CONTRACTS; made += 1) {
      const own = { txHash: sha256Hex(Buffer.from(`deploy ${made}`)) };
      await bench.#close([
        { ...put, ...own, args: [hash, 0n, bytes] },
        { ...deploy, ...own, index: 1, args: [hash, []] },
      ]);
    }
    return bench;
  }

  /** How long one ledger takes, in ms. */
  async work(times: bigint, round: number): Promise<number> {
    const nothing = { paid: [], transfers: [], locks: [], method: "work", args: [times] };
    const calls = Array.from({ length: CALLS }, (_, index): Call => {
      const contract = FIRST_CONTRACT + BigInt(index % CONTRACTS);
      return { ...purchaseCall(index, round), ...nothing, contract, gasLimit: 1_000_000n };
    });
    const startedMs = performance.now();
    await this.#close(calls);
    return performance.now() - startedMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runtime[Symbol.asyncDispose]();
  }

  async #close(calls: readonly Call[]): Promise<void> {
    const sequence = this.#sequence;
    this.#sequence += 1;
    const headerHash = sha256Hex(Buffer.from(`header ${sequence}`));
    const closeTime = BigInt(START_S + 5 * sequence);
    const applied = await this.#runtime.apply({ sequence, closeTime, headerHash, calls });
    const [failed] = applied.receipts.filter(({ ok }) => !ok);
    if (failed !== undefined) throw new Error(failed.code);
    this.#commit(applied.writes);
    this.#runtime.committed(sequence);
  }

  #commit(writes: readonly Write[]): void {
    for (const { key, value } of writes) {
      if (value === undefined) this.#rows.delete(toByteText(key));
      else this.#rows.set(toByteText(key), value);
    }
  }
}
