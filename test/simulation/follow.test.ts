// Goal: no crash, lost connection or lie ever changes the state a node arrives at.
// Method: the real loop, store and sandbox follow a real devnet's history; a seeded world breaks the
//         connection, lies, and kills the node before or after a commit. What is not committed is
//         lost, as in a crash: store and runtime are opened anew. At the end every hash of the chain
//         equals that of a calm run, and no lie moved the cursor.
// Replay: SIMULATION_SEED=<seed> npx vitest run --project simulation
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { networkId } from "../../src/contracts/service-network.ts";
import type { LedgerRange, LedgerSource, RawLedger } from "../../src/ledger/ledger-source.ts";
import { SourcePanel } from "../../src/ledger/source-panel.ts";
import { AceError, isAceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { follow, type Journal } from "../../src/node/follow.ts";
import { ledgersOf } from "../../src/node/ledgers.ts";
import { systemSources } from "../../src/node/system-contracts.ts";
import { openRuntime } from "../../src/runtime/runtime.ts";
import { openStore } from "../../src/store/store.ts";
import { chanceOf, seedsOr } from "../support/chance.ts";
import { type History, makeHistory } from "../support/history.ts";
import { trustLevel } from "../support/trust.ts";

const ROUNDS = 16;
const SEEDS = seedsOr([1, 2, 3, 4, 5]);
const RESTARTS_MAX = 400;

type Fate = "calm" | "lost" | "lie" | "crash-before" | "crash-after";
class Crash extends Error {}

class World implements LedgerSource {
  readonly id = "simulated";
  readonly kind = "rpc";
  readonly #history: History;
  readonly #fate: () => Fate;
  readonly stop = new AbortController();
  lies = 0;

  constructor(history: History, fate: () => Fate) {
    this.#history = history;
    this.#fate = fate;
  }

  async range(): Promise<LedgerRange> {
    return { first: 1, last: this.#history.last };
  }

  async *read(from: number): AsyncIterable<RawLedger> {
    for (let sequence = from; sequence <= this.#history.last; sequence += 1) {
      const fate = this.#fate();
      if (fate === "lost") throw new Crash("the connection is gone");
      const bytes = Uint8Array.from(this.#history.meta(sequence));
      if (fate === "lie") {
        this.lies += 1;
        bytes[60] = (bytes[60] ?? 0) ^ 1;
      }
      yield { kind: "closeMeta", sequence, bytes };
    }
  }

  journal(journal: Journal): Journal {
    return {
      tip: () => journal.tip(),
      commit: (batch) => {
        const fate = this.#fate();
        if (fate === "crash-before") throw new Crash("killed before the commit");
        journal.commit(batch);
        if (batch.at(-1)?.sequence === this.#history.last) this.stop.abort();
        if (fate === "crash-after") throw new Crash("killed after the commit");
      },
    };
  }
}

/** One life of a node: from its start to its end, whatever ends it. */
async function live(history: History, world: World, dir: string): Promise<void> {
  const { network } = history;
  using store = openStore({ dir, networkId: networkId(network) });
  await using runtime = await openRuntime({
    network,
    systemContracts: systemSources(network),
    state: store.state,
    tree: store.tree,
    tip: store.tip(),
    events: silentEvents,
  });
  const before = store.tip()?.sequence;
  const panel = new SourcePanel({ sources: [world], events: silentEvents, pollMs: 1 });
  const trust = trustLevel(0);
  try {
    const journal: Journal = {
      tip: store.tip,
      commit: (batch) => store.commit(...batch),
    };
    const parts = {
      ledgers: ledgersOf({ panel, trust, judge: undefined }, network),
      journal: world.journal(journal),
      machine: runtime,
      vault: network.vault,
      events: silentEvents,
      nowMs: () => 0,
    };
    await follow(parts, world.stop.signal);
  } catch (error) {
    if (error instanceof Crash) return;
    const isCaughtLie =
      isAceError(error, "LEDGER_HASH_MISMATCH") ||
      isAceError(error, "LEDGER_MALFORMED") ||
      isAceError(error, "NETWORK_MISMATCH");
    if (!isCaughtLie) throw error;
    expect(store.tip()?.sequence ?? 0).toBeGreaterThanOrEqual(before ?? 0);
  }
}

async function chainAfter(history: History, fate: () => Fate): Promise<readonly string[]> {
  const dir = mkdtempSync(join(tmpdir(), "ace-sim-"));
  try {
    const world = new World(history, fate);
    for (let start = 0; start < RESTARTS_MAX && !world.stop.signal.aborted; start += 1) {
      await live(history, world, dir);
    }
    using store = openStore({ dir, networkId: networkId(history.network) });
    if (store.tip()?.sequence !== history.last)
      throw new AceError("CHECK_FAILED", "it never arrived");
    const length = history.last - history.first + 1;
    return Array.from({ length }, (_, index) => {
      const link = store.link(history.first + index);
      return `${link?.sequence} ${link?.ledgerHash} ${link?.stateRoot}`;
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const history = makeHistory(ROUNDS);
const calm = await chainAfter(history, () => "calm");

it("has a history with calls, failures and money in it", () => {
  expect(new Set(calm.map((line) => line.split(" ")[2])).size).toBeGreaterThan(ROUNDS / 2);
});

it.each(SEEDS)("arrives at the same chain through any faults, seed %i", async (seed) => {
  const chance = chanceOf(seed);
  const fate = (): Fate => {
    const drawn = chance();
    if (drawn < 0.06) return "lost";
    if (drawn < 0.12) return "lie";
    if (drawn < 0.2) return "crash-before";
    if (drawn < 0.28) return "crash-after";
    return "calm";
  };
  expect(await chainAfter(history, fate), `seed ${seed}`).toEqual(calm);
});
