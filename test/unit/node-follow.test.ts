// Goal: quiet ledgers share a commit, and what a failed commit loses is followed again.
// Method: the real loop, store and runtime over a devnet's history; the journal fails when it is told to.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { networkId } from "../../src/contracts/service-network.ts";
import type { ClosedLedger } from "../../src/ledger/closed-ledger.ts";
import { scanLedger } from "../../src/ledger/scan.ts";
import { verifyLedger } from "../../src/ledger/verify-ledger.ts";
import { AceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { follow, type Journal, type Ledgers } from "../../src/node/follow.ts";
import { systemSources } from "../../src/node/system-contracts.ts";
import { openRuntime } from "../../src/runtime/runtime.ts";
import { openStore } from "../../src/store/store.ts";
import { makeHistory } from "../support/history.ts";

const QUIET_LEDGERS = 30;
const history = makeHistory(2, QUIET_LEDGERS);
const { network } = history;
const folder = mkdtempSync(join(tmpdir(), "ace-follow-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const closed: readonly ClosedLedger[] = Array.from(
  { length: history.last - history.first + 1 },
  (_, index) => {
    const { passphrase, vault } = network;
    return scanLedger(verifyLedger(history.meta(history.first + index), { passphrase }), [vault]);
  },
);

const ledgers: Ledgers = {
  async *after(tip) {
    yield* closed.filter(({ sequence }) => sequence > (tip?.sequence ?? 0));
  },
};

/** Breaks off after every ledger, at once: while what it gave is still applied. */
const failing: Ledgers = {
  async *after(tip, signal) {
    for await (const ledger of ledgers.after(tip, signal)) {
      yield ledger;
      throw new AceError("LEDGER_NO_SOURCE", "made for this test");
    }
  },
};

interface Faults {
  readonly failing?: (commits: number) => boolean;
  readonly source?: Ledgers;
}

async function run(name: string, faults: Faults): Promise<readonly number[]> {
  using store = openStore({ dir: join(folder, name), networkId: networkId(network) });
  await using runtime = await openRuntime({
    network,
    systemContracts: systemSources(network),
    state: store.state,
    tree: store.tree,
    tip: store.tip(),
    events: silentEvents,
  });
  const sizes: number[] = [];
  const journal: Journal = {
    tip: store.tip,
    commit: (batch) => {
      sizes.push(batch.length);
      if (faults.failing?.(sizes.length) === true)
        throw new AceError("DISK_FULL", "made for this test");
      store.commit(...batch);
    },
  };
  const parts = {
    ledgers: faults.source ?? ledgers,
    journal,
    machine: runtime,
    vault: network.vault,
    events: silentEvents,
    nowMs: () => 0,
  };
  const { signal } = new AbortController();
  while (store.tip()?.sequence !== history.last) {
    await follow(parts, signal).catch((error: unknown) => {
      const code = faults.source === undefined ? "DISK_FULL" : "LEDGER_NO_SOURCE";
      expect(error).toMatchObject({ code });
    });
  }
  return sizes;
}

function chainOf(name: string): readonly (string | undefined)[] {
  using store = openStore({ dir: join(folder, name), networkId: networkId(network) });
  return closed.map(({ sequence }) => store.link(sequence)?.ledgerHash);
}

it("commits quiet ledgers together, and one with a call by itself and at once", async () => {
  const sizes = await run("calm", {});
  expect(sizes.length).toBeLessThan(closed.length / 2);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(closed.length);
  expect(chainOf("calm").every((hash) => hash !== undefined)).toBe(true);
});

it("follows again what a failed commit lost, on the same runtime, to the same chain", async () => {
  // Every second commit fails: that of the founding, of a batch, of a call.
  await run("shaky", { failing: (commits) => commits % 2 === 1 });
  expect(chainOf("shaky")).toEqual(chainOf("calm"));
});

it("goes on where a source broke off, on the same runtime, to the same chain", async () => {
  await run("broken off", { source: failing });
  expect(chainOf("broken off")).toEqual(chainOf("calm"));
});
