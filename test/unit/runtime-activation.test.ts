// Goal: the ledger at which the protocol changes is one like any other for whatever goes wrong around it.
// Method: a made-up version 2 and a DAO that needs no vote. Ledgers around the change are applied ahead,
//         their commit fails or is done unseen, processes are killed, and views and simulations look on;
//         the chain must be that of a calm node with one worker.
import { expect, it } from "vitest";
import type { Call } from "../../src/contracts/call.ts";
import type { Applied, LedgerInput } from "../../src/runtime/applied.ts";
import { bothProtocols, votingNetwork, votingOptions, writerSource } from "../support/protocols.ts";
import { RuntimeKit } from "../support/runtime-kit.ts";

const GENESIS = votingNetwork.genesisLedger;
const ACTIVATION = GENESIS + 20;
const LEDGERS = 26;
/** As many as a node commits together. */
const GROUP = 8;
/** A dozen processes start, on machines that may be busy. */
const WAIT_MS = 180_000;
const WRITERS = [256n, 257n, 258n];

const both = { ...votingOptions, protocols: bothProtocols };

function history(kit: RuntimeKit): readonly LedgerInput[] {
  const write = (contract: bigint): Call =>
    kit.call({ contract, method: "write", args: [2n], pays: [["XLM", contract]] });
  const calls: (readonly Call[])[] = [
    [],
    [kit.call({ contract: 1n, method: "activate", args: [2n, BigInt(ACTIVATION)] })],
    WRITERS.flatMap((contract) => kit.deployCalls(`${payable}// ${contract}`)),
    ...Array.from({ length: LEDGERS - 3 }, () => WRITERS.map(write)),
  ];
  return calls.map((own, index) => ({
    sequence: GENESIS + index,
    closeTime: 1_800_000_000n + 5n * BigInt(index),
    headerHash: "00".repeat(32),
    calls: own,
  }));
}

const payable = writerSource.replace("returns: int", "returns: int, payable: true");

/** All at once, each behind the one before it. */
function ahead(kit: RuntimeKit, ledgers: readonly LedgerInput[]): Promise<readonly Applied[]> {
  return Promise.all(ledgers.map((ledger) => kit.runtime.apply(ledger)));
}

function commit(kit: RuntimeKit, applied: readonly Applied[], isSeen = true): void {
  for (const { writes } of applied) kit.state.commit(writes);
  if (isSeen) kit.runtime.committed(applied.at(-1)?.sequence ?? 0);
}

const hashes = (applied: readonly Applied[]): readonly string[] =>
  applied.map(({ ledgerHash }) => ledgerHash);

let known: readonly Applied[] | undefined;

async function calmChain(ledgers: readonly LedgerInput[]): Promise<readonly Applied[]> {
  if (known !== undefined) return known;
  await using kit = await RuntimeKit.open(both);
  const chain: Applied[] = [];
  for (const ledger of ledgers) {
    const applied = await kit.runtime.apply(ledger);
    commit(kit, [applied]);
    chain.push(applied);
  }
  known = chain;
  return chain;
}

it.each([1, 2])(
  "is applied again after a commit that failed, with %i workers",
  { timeout: WAIT_MS },
  async (workers) => {
    await using kit = await RuntimeKit.open({ ...both, workers });
    const ledgers = history(kit);
    const calm = await calmChain(ledgers);
    expect(calm.at(-1)?.receipts.map(({ code }) => code)).toEqual(["", "", ""]);
    const start = ACTIVATION - GENESIS - GROUP / 2;
    commit(kit, await ahead(kit, ledgers.slice(0, start)));
    const group = ledgers.slice(start, start + GROUP);
    const expected = hashes(calm.slice(start, start + GROUP));
    const see = async (): Promise<unknown> =>
      await kit.runtime.view({ contract: 256n, method: "write", args: [2n] });
    const [first] = await Promise.all([ahead(kit, group), see()]);
    expect(hashes(first)).toEqual(expected);
    await kit.runtime.reset();
    const again = ahead(kit, group);
    for (const pid of kit.runtime.pids) if (pid !== undefined) process.kill(pid, "SIGKILL");
    const next = { calls: group[0]?.calls ?? [], closeTime: 1_900_000_000n };
    const simulated = await kit.runtime.simulate({ ...next, sequence: GENESIS + start });
    expect(hashes(await again)).toEqual(expected);
    expect(simulated.receipts.map(({ gasUsed }) => gasUsed)).toEqual(
      first[0]?.receipts.map(({ gasUsed }) => gasUsed),
    );
    // The commit was done, but nobody could say so.
    commit(kit, await again, false);
    await kit.runtime.reset();
    const rest = await ahead(kit, ledgers.slice(start + GROUP));
    expect(hashes(rest)).toEqual(hashes(calm.slice(start + GROUP)));
  },
);

it("is not run on the state before a ledger that failed, whatever is between them", {
  timeout: WAIT_MS,
}, async () => {
  await using kit = await RuntimeKit.open(both);
  const ledgers = history(kit);
  const start = ACTIVATION - GENESIS - 2;
  commit(kit, await ahead(kit, ledgers.slice(0, start)));
  const [failing, quiet, activation] = ledgers.slice(start);
  if (!failing || !quiet || !activation) throw new Error("three ledgers");
  const stranger = kit.call({ contract: 999n, method: "write" });
  const running = [{ ...failing, calls: [stranger] }, { ...quiet, calls: [] }, activation].map(
    (ledger) => kit.runtime.apply(ledger),
  );
  kit.state.onceRead(() => {
    throw new Error("the disk is gone");
  });
  const ends = await Promise.allSettled(running);
  const reasons = ends.map((end) => (end.status === "rejected" ? String(end.reason) : "applied"));
  expect([reasons[0], reasons[2]]).toEqual(["Error: the disk is gone", "Error: the disk is gone"]);
});
