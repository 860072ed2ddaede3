// Goal: all nodes change to the next version of the protocol at the same ledger, or stop before it.
// Method: a made-up version 2 with other prices and limits, and a DAO that activates it when told.
import { describe, expect, it } from "vitest";
import type { Call } from "../../src/contracts/call.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { sha256 } from "../../src/lib/hash.ts";
import type { Applied, LedgerInput } from "../../src/runtime/applied.ts";
import { protocolHash, protocols } from "../../src/runtime/protocol.ts";
import { openRuntime } from "../../src/runtime/runtime.ts";
import {
  bothProtocols,
  votingNetwork,
  votingOptions,
  WRITE_EXTRA,
  writerSource,
} from "../support/protocols.ts";
import { contractText, RuntimeKit } from "../support/runtime-kit.ts";

const GENESIS = votingNetwork.genesisLedger;
/** Told at the ledger after genesis. */
const ACTIVATION = GENESIS + 20;
const LEDGERS = 24;
/** Several processes start in each of the longer ones, on machines that may be busy. */
const WAIT_MS = 90_000;

const both = { ...votingOptions, protocols: bothProtocols };

/** Genesis, the activation, a deployment, then calls, those around the activation among them. */
function history(kit: RuntimeKit): readonly LedgerInput[] {
  const activate = { contract: 1n, method: "activate", args: [2n, BigInt(ACTIVATION)] };
  const calls: (readonly Call[])[] = [
    [],
    [kit.call(activate)],
    kit.deployCalls(writerSource),
    ...Array.from({ length: LEDGERS - 3 }, (_, index) =>
      index % 5 > 0 ? [kit.call({ contract: 256n, method: "write", args: [2n] })] : [],
    ),
  ];
  return calls.map((own, index) => ({
    sequence: GENESIS + index,
    closeTime: 1_800_000_000n + 5n * BigInt(index),
    headerHash: "00".repeat(32),
    calls: own,
  }));
}

/** Each ledger is handed over while the one before it runs; several are committed at once. */
async function applyAll(
  kit: Pick<RuntimeKit, "runtime" | "state">,
  ledgers: readonly LedgerInput[],
  group: number,
): Promise<readonly Applied[]> {
  const done: Applied[] = [];
  let waiting: Applied[] = [];
  const commit = (): void => {
    for (const { writes } of waiting) kit.state.commit(writes);
    const last = waiting.at(-1);
    if (last !== undefined) kit.runtime.committed(last.sequence);
    waiting = [];
  };
  let before: Promise<Applied> | undefined;
  const take = async (applied: Promise<Applied> | undefined): Promise<void> => {
    if (applied === undefined) return;
    waiting.push(await applied);
    done.push(...waiting.slice(-1));
    if (waiting.length >= group) commit();
  };
  for (const ledger of ledgers) {
    const running = kit.runtime.apply(ledger);
    running.catch(() => undefined);
    try {
      await take(before);
    } finally {
      before = running;
    }
  }
  await take(before);
  commit();
  return done;
}

/** What a node finds when it starts again. */
const left = ({ state }: RuntimeKit) => ({ state, events: silentEvents });

const chain = (applied: readonly Applied[]): readonly string[] =>
  applied.map(({ ledgerHash }) => ledgerHash);

describe("a version of the protocol", () => {
  it("changes at its ledger, the same live, in batches, queued and from genesis", {
    timeout: WAIT_MS,
  }, async () => {
    await using live = await RuntimeKit.open(both);
    const ledgers = history(live);
    const lived: Applied[] = [];
    for (const ledger of ledgers) lived.push(...(await applyAll(live, [ledger], 1)));
    const gasOf = new Map(
      lived.flatMap(({ receipts }) => receipts.map(({ ledger, gasUsed }) => [ledger, gasUsed])),
    );
    const [before, after] = [gasOf.get(ACTIVATION - 1), gasOf.get(ACTIVATION + 1)];
    expect(before).toBe(gasOf.get(GENESIS + 12));
    expect(Number(after) - Number(before)).toBe(2 * WRITE_EXTRA);

    await using batched = await RuntimeKit.open(both);
    expect(chain(await applyAll(batched, ledgers, 8))).toEqual(chain(lived));
    await using shared = await RuntimeKit.open({ ...both, workers: 2 });
    expect(chain(await applyAll(shared, ledgers, 3))).toEqual(chain(lived));
  });

  it("holds for simulations of its first ledger, and for views from then on", {
    timeout: WAIT_MS,
  }, async () => {
    await using kit = await RuntimeKit.open(both);
    const activation = kit.sequence + 18;
    await kit.close();
    await kit.one({ contract: 1n, method: "activate", args: [2n, BigInt(activation)] });
    const number = await kit.deploy(writerSource);
    const call = kit.call({ contract: number, method: "write", args: [2n] });
    const simulated = async (sequence: number): Promise<bigint> => {
      const closeTime = 1_900_000_000n;
      const { receipts } = await kit.runtime.simulate({ calls: [call], closeTime, sequence });
      return receipts[0]?.gasUsed ?? 0n;
    };
    const cheap = await simulated(kit.sequence);
    while (kit.sequence < activation) await kit.close();
    expect(kit.runtime.protocol()).toEqual({
      version: 1,
      next: { version: 2, fromLedger: activation },
      known: [1, 2],
    });
    expect(await simulated(activation)).toBe(cheap + BigInt(2 * WRITE_EXTRA));
    expect((await kit.one({ ...call, paid: [] })).gasUsed).toBe(cheap + BigInt(2 * WRITE_EXTRA));
    expect(kit.runtime.protocol()).toEqual({ version: 2, known: [1, 2] });
  });
});

describe("code that the next version does not admit", () => {
  it("is frozen with its state and can be changed still; other code goes on under the new limits", async () => {
    await using kit = await RuntimeKit.open(both);
    const activation = kit.sequence + 18;
    await kit.close();
    await kit.one({ contract: 1n, method: "activate", args: [2n, BigInt(activation)] });
    const open = writerSource.replace('name: "test"', 'name: "test", upgrade: "owner"');
    const short = await kit.deploy(open);
    const long = `${open}\n// ${"long ".repeat(4_000)}`;
    const doomed = await kit.deploy(long);
    const caller = contractText(
      "ask: { args: [int], returns: text }",
      `export function ask(other) {
         try { call(other, "write", [1n]); } catch (error) { return error.code; }
         return "";
       }`,
    );
    const asker = await kit.deploy(caller);
    const write = { method: "write", args: [3n] };
    const code = async (contract: bigint) => (await kit.one({ contract, ...write })).code;
    expect([await code(short), await code(doomed)]).toEqual(["", ""]);
    const rows = kit.state.rows.length;
    while (kit.sequence < activation) await kit.close();

    expect([await code(short), await code(doomed)]).toEqual(["TOO_MANY_WRITES", "CODE_FROZEN"]);
    const asked = await kit.one({ contract: asker, method: "ask", args: [doomed] });
    expect(asked.result).toBe("CODE_FROZEN");
    expect(await kit.runtime.contract(doomed)).toMatchObject({ abi: { name: "test" } });
    expect(kit.state.rows.length).toBe(rows);
    const { receipts } = await kit.close(...kit.deployCalls(`${long} again`));
    expect(receipts.map((receipt) => receipt.code)).toEqual(["ARGS_INVALID", "CODE_INCOMPLETE"]);
    const other = sha256(Buffer.from(`${open} `));
    const [put] = kit.deployCalls(`${open} `);
    const announce = kit.call({ method: "announce", args: [doomed, other], gasLimit: 5_000_000n });
    const announced = await kit.close(...(put === undefined ? [] : [put]), announce);
    expect(announced.receipts.map((receipt) => receipt.code)).toEqual(["", ""]);
  });
});

describe("a node without the version that the DAO named", () => {
  it("stops before its first ledger, answers reads, and goes on once it has it", {
    timeout: WAIT_MS,
  }, async () => {
    await using old = await RuntimeKit.open({ ...votingOptions, protocols });
    const ledgers = history(old);
    const known = ledgers.filter(({ sequence }) => sequence < ACTIVATION);
    const applied = await applyAll(old, known, 8);
    expect(old.runtime.protocol()).toEqual({
      version: 1,
      next: { version: 2, fromLedger: ACTIVATION },
      known: [1],
    });
    const [next] = ledgers.filter(({ sequence }) => sequence === ACTIVATION);
    const stopped = applyAll(old, next === undefined ? [] : [next], 1);
    await expect(stopped).rejects.toMatchObject({
      code: "PROTOCOL_UNKNOWN",
      message: `ledger ${ACTIVATION} is under protocol version 2 (the first); this release has 1`,
      hint: expect.stringContaining("Install a release"),
    });
    await old.runtime.reset();
    const view = await old.runtime.view({ contract: 256n, method: "write", args: [] });
    expect(view.code).toBe("METHOD_UNKNOWN");

    const tip = applied.at(-1);
    await using restarted = await openRuntime({ ...both, ...left(old), tip });
    await using whole = await RuntimeKit.open(both);
    const all = chain(await applyAll(whole, ledgers, 8));
    const further = ledgers.filter(({ sequence }) => sequence >= ACTIVATION);
    const rest = await applyAll({ runtime: restarted, state: old.state }, further, 8);
    expect([...chain(applied), ...chain(rest)]).toEqual(all);
  });

  it("stops there too when no call is in that ledger, or when it is queued behind another", async () => {
    await using kit = await RuntimeKit.open({ ...votingOptions, protocols });
    const ledgers = history(kit);
    await expect(applyAll(kit, ledgers, 1)).rejects.toMatchObject({ code: "PROTOCOL_UNKNOWN" });
    const quiet = ledgers.map((ledger) =>
      ledger.sequence === ACTIVATION ? { ...ledger, calls: [] } : ledger,
    );
    await using other = await RuntimeKit.open({ ...votingOptions, protocols });
    await expect(applyAll(other, quiet, 1)).rejects.toMatchObject({ code: "PROTOCOL_UNKNOWN" });
    expect(other.runtime.protocol().version).toBe(1);
  });

  it("does not open state that is beyond what it knows", async () => {
    await using kit = await RuntimeKit.open(both);
    const applied = await applyAll(kit, history(kit), 8);
    const tip = applied.at(-1);
    const opened = openRuntime({ ...votingOptions, protocols, ...left(kit), tip });
    await expect(opened).rejects.toMatchObject({ code: "PROTOCOL_UNKNOWN" });
  });
});

describe("an exception", () => {
  it("skips the calls of its transaction, gives back what was paid, and shows in the chain from its ledger", async () => {
    await using kit = await RuntimeKit.open(votingOptions);
    await kit.close();
    const number = await kit.deploy(writerSource);
    const poison = kit.call({ contract: number, method: "write", args: [1n], pays: [["XLM", 7n]] });
    const before = await kit.close(kit.call({ contract: number, method: "write", args: [1n] }));
    const exception = {
      network: networkId(votingNetwork),
      ledger: kit.sequence,
      txHash: poison.txHash,
    };
    const foreign = { ...exception, network: "00".repeat(32), ledger: 1 };
    const exceptions = [foreign, exception];
    const plain = await kit.apply([poison]);
    await using released = await openRuntime({
      ...votingOptions,
      exceptions,
      ...left(kit),
      tip: before,
    });
    const skipped = await released.apply({
      sequence: plain.sequence,
      closeTime: plain.closeTime,
      headerHash: plain.headerHash,
      calls: [poison],
    });
    expect(skipped.receipts).toMatchObject([
      {
        ok: false,
        code: "PROTOCOL_SKIPPED",
        gasUsed: 0n,
        refunds: [{ to: poison.caller, asset: "XLM", amount: 7n }],
      },
    ]);
    expect(skipped.ledgerHash).not.toBe(plain.ledgerHash);
  });

  it("changes no hash of a ledger before its own, nor one of another network", () => {
    const [protocol] = protocols;
    if (protocol === undefined) throw new Error("there is a first version");
    const txHash = "ab".repeat(32);
    expect(protocolHash(protocol, [])).toBe(protocolHash(protocol));
    expect(protocolHash(protocol, [txHash])).not.toBe(protocolHash(protocol));
  });
});
