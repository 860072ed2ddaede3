/**
 * Goal    The whole way of a ledger of purchases, and how long one call takes alone.
 * Method  A real store in a folder of its own, the real runtime with its contract process, and the
 *         follower's rule: the next ledger queued behind the one that runs, up to eight committed at
 *         once. Each round is a run of ledgers, in turns with the EVM over a Merkle state with caches;
 *         the median of the rounds counts. The cold call is the first that a new contract process runs:
 *         the process stands, the contract is neither admitted nor known, and the clock stops when its
 *         receipt is committed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Call } from "../src/contracts/call.ts";
import { networkId } from "../src/contracts/service-network.ts";
import { toHex } from "../src/lib/bytes.ts";
import { silentEvents } from "../src/lib/events.ts";
import { sha256 } from "../src/lib/hash.ts";
import type { Applied, LedgerInput } from "../src/runtime/applied.ts";
import { openRuntime } from "../src/runtime/runtime.ts";
import type { Runtime } from "../src/runtime/runtime-types.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { type Figure, median } from "./figure.ts";
import { evmPeer } from "./runtime-peers.ts";
import { deployCalls, purchaseCall, purchaseNetwork } from "./runtime-purchase.ts";

const CALLS = 1_000;
const LEDGERS = 8;
const BUYERS = 4_000;
const ROUNDS = 7;
const WARM_UP = 3;
const EVM_CALLS = 100;
const COLD_CALLS = 7;
/** How long the new process has stood before it is called. */
const STANDS_MS = 1_000;
const START_S = 1_800_000_000;

export async function pipelineFigures(): Promise<readonly Figure[]> {
  const evm = await evmPeer("merkle");
  const [ours, theirs]: [number[], number[]] = [[], []];
  await using line = await Pipeline.open();
  await line.run([deployCalls()]);
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const ledgers = Array.from({ length: LEDGERS }, (_, ledger) =>
      purchases(round * LEDGERS + ledger),
    );
    const own = await rateOf(LEDGERS * CALLS, () => line.run(ledgers));
    const buyers = Array.from({ length: EVM_CALLS }, (_, index) => (round * 997 + index) % BUYERS);
    const peer = await rateOf(EVM_CALLS, () => evm(buyers, START_S + round));
    if (round < WARM_UP) continue;
    ours.push(own);
    theirs.push(peer);
  }
  const value = Math.round(median(ours));
  const peer = Math.round(median(theirs));
  const ratio = Number((value / peer).toFixed(1));
  return [
    { name: "runtime.pipeline_per_s", value, unit: "calls/s" },
    { name: "runtime.pipeline_vs_evm_merkle", value: ratio, unit: "×", peer, ratio },
  ];
}

export async function coldFigures(): Promise<readonly Figure[]> {
  const tookMs: number[] = [];
  await using line = await Pipeline.open();
  await line.run([deployCalls(), purchases(0)]);
  for (let call = 0; call < COLD_CALLS; call += 1) {
    await line.reopen();
    await sleep(STANDS_MS);
    const startedMs = performance.now();
    await line.run([[purchaseCall(BUYERS + call, call)]]);
    tookMs.push(performance.now() - startedMs);
  }
  const value = Number(median(tookMs).toFixed(1));
  return [{ name: "runtime.cold_call_ms", value, unit: "ms" }];
}

function purchases(ledger: number): readonly Call[] {
  return Array.from({ length: CALLS }, (_, index) =>
    purchaseCall((ledger * CALLS + index * 7) % BUYERS, ledger),
  );
}

async function rateOf(calls: number, work: () => Promise<void> | void): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (calls * 1_000) / (performance.now() - startedMs);
}

class Pipeline implements AsyncDisposable {
  readonly #folder: string;
  readonly #store: Store;
  #runtime: Runtime;
  #sequence = purchaseNetwork.genesisLedger;

  private constructor(folder: string, store: Store, runtime: Runtime) {
    this.#folder = folder;
    this.#store = store;
    this.#runtime = runtime;
  }

  static async open(): Promise<Pipeline> {
    const folder = mkdtempSync(join(tmpdir(), "ace-bench-runtime-"));
    const store = openStore({ dir: folder, networkId: networkId(purchaseNetwork) });
    return new Pipeline(folder, store, await openOver(store));
  }

  /** A new contract process, which has answered once and knows nothing. */
  async reopen(): Promise<void> {
    await this.#runtime[Symbol.asyncDispose]();
    this.#runtime = await openOver(this.#store);
    await this.#runtime.reset();
  }

  /** Ledgers as the follower would take them: one ahead, all committed at once. */
  async run(ledgers: readonly (readonly Call[])[]): Promise<void> {
    const running: Promise<Applied>[] = [];
    const done: Applied[] = [];
    for (const calls of ledgers) {
      running.push(this.#runtime.apply(this.#input(calls)));
      if (running.length < 2) continue;
      const [oldest] = running.splice(0, 1);
      if (oldest !== undefined) done.push(await oldest);
    }
    done.push(...(await Promise.all(running)));
    this.#store.commit(...done);
    this.#runtime.committed(this.#sequence - 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runtime[Symbol.asyncDispose]();
    this.#store[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #input(calls: readonly Call[]): LedgerInput {
    const sequence = this.#sequence;
    this.#sequence += 1;
    const headerHash = toHex(sha256(Buffer.from(`header ${sequence}`)));
    return { sequence, closeTime: BigInt(START_S + 5 * sequence), headerHash, calls };
  }
}

function openOver(store: Store): Promise<Runtime> {
  return openRuntime({
    network: purchaseNetwork,
    systemContracts: [],
    state: store.state,
    tree: store.tree,
    isRehearsed: true,
    tip: store.tip(),
    events: silentEvents,
  });
}
