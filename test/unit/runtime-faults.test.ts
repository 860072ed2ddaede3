// Goal: whatever becomes of the contract process, nothing of it becomes a receipt.
// Method: the real process fails in each way there is: stopped, out of memory, out of stack, ended. A
//         process that talks nonsense in its place says each thing that a pipe can carry. The ledger is
//         asked again once, call by call, and a second failure names ledger, transaction, contract and
//         method; what is queued behind it fails as well, and the next ledger begins where state is.
import { readFileSync } from "node:fs";
import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { allowanceMs } from "../../src/runtime/ledger-report.ts";
import { frameTypes, streamPeer } from "../../src/runtime/process-frames.ts";
import {
  type Child,
  type ChildEvents,
  spawnContractProcess,
} from "../../src/runtime/process-spawn.ts";
import { contractText, RuntimeKit } from "../support/runtime-kit.ts";

const source = contractText(
  "add: { args: [int], returns: int }, deep: { args: [], returns: int }, hoard: { args: [] }",
  `const n = state.value("n", int);
   export function add(by) { n.set((n.get() ?? 0n) + by); return n.get(); }
   function down(left) { return left === 0n ? 0n : 1n + down(left - 1n); }
   export function deep() { return down(200n); }
   export function hoard() { const all = []; for (;;) { const some = []; all.push(some); for (let i = 0; i < 50000; i += 1) some.push([1n, [i], { i }]); } }`,
);

/** Steps of the room beyond what a process usually has: how much it has when measured varies by tens of MB. */
const ROOMS_MB = [24, 0, -24, -48, -72, -96, -120, -144];

/** What a process has that made one contract. */
async function usualDataMb(): Promise<number> {
  await using kit = await RuntimeKit.open({ spawn: spawnContractProcess });
  await kit.deploy(source);
  const status = readFileSync(`/proc/${kit.runtime.pids[0]}/status`, "utf8");
  return Math.ceil(Number(/VmData:\s+(\d+) kB/.exec(status)?.[1]) / 1_024);
}

type Spawn = typeof spawnContractProcess;

/** The real process, until the given one of those that are started; then another. */
function thenAnother(real: number, other: Spawn): Spawn {
  let started = 0;
  return (events, options) => {
    started += 1;
    return started <= real ? spawnContractProcess(events, options) : other(events, options);
  };
}

interface Told {
  readonly events: { info: () => void; warn: (name: string, fields?: object) => void };
  readonly faults: string[];
}

function listen(): Told {
  const faults: string[] = [];
  const warn = (name: string, fields: object = {}): void => {
    faults.push(`${name} ${"reason" in fields ? String(fields.reason) : ""}`);
  };
  return { events: { info: () => {}, warn }, faults };
}

/** Hoards in a process of so many MB of data; what it asserts holds for every size. */
async function hoardWithin(dataMb: number): Promise<"enough" | "fault"> {
  const { events, faults } = listen();
  const spawn: Spawn = (own, options) => spawnContractProcess(own, { ...options, dataMb });
  await using kit = await RuntimeKit.open({ events, spawn });
  const contract = await kit.deploy(source);
  const before = kit.state.rows;
  const hoard = kit.call({ contract, method: "hoard", gasLimit: 5_000_000n });
  const named = `transaction ${hoard.txHash}, contract ${contract}, method hoard`;
  const [settled] = await Promise.allSettled([kit.apply([hoard])]);
  if (settled.status === "fulfilled") {
    expect(settled.value.receipts).toMatchObject([{ ok: false }]);
    return "enough";
  }
  const fault = { code: "CONTRACT_FAULT", message: expect.stringContaining(named) };
  expect(settled.reason).toMatchObject(fault);
  expect(faults).toHaveLength(2);
  expect(kit.state.rows).toEqual(before);
  return "fault";
}

describe("the real process, when it", () => {
  it("stands still, is replaced once the watchdog's time and what gas may take are over", async () => {
    const { events, faults } = listen();
    await using kit = await RuntimeKit.open({ events, watchdogMs: 2_000 });
    const contract = await kit.deploy(source);
    const call = kit.call({ contract, method: "add", args: [1n] });
    const [pid = 0] = kit.runtime.pids;
    process.kill(pid, "SIGSTOP");
    const { receipts } = await kit.close(call);
    expect(receipts[0]?.result).toBe(1n);
    expect(faults).toEqual([`contracts.fault no word in ${2_000 + 400} ms`]);
    expect(kit.runtime.pids[0]).not.toBe(pid);
  });

  it.runIf(process.platform === "linux")(
    "may have no more memory, stops the node by name and keeps nothing, or had enough of it",
    { timeout: 120_000 },
    async () => {
      const usualMb = await usualDataMb();
      const outcomes: string[] = [];
      for (const room of ROOMS_MB) {
        if (!outcomes.includes("fault")) outcomes.push(await hoardWithin(usualMb + room));
      }
      expect(outcomes.at(-1)).toBe("fault");
    },
  );

  it("has too small a stack, gives no receipt, and the next process gives the right one", async () => {
    const { events, faults } = listen();
    const small: Spawn = (own, options) =>
      spawnContractProcess(own, { ...options, engineFlags: ["--stack-size=60"] });
    let started = 0;
    const spawn: Spawn = (own, options) => {
      started += 1;
      return started === 1 ? small(own, options) : spawnContractProcess(own, options);
    };
    await using kit = await RuntimeKit.open({ events, spawn });
    const contract = await kit.deploy(source);
    const { receipts } = await kit.close(kit.call({ contract, method: "deep" }));
    expect(receipts).toMatchObject([{ ok: true, result: 200n }]);
    expect(faults).toEqual([expect.stringContaining("stack overflowed")]);
  });
});

/** A process that says it is ready, and to every ledger whatever `words` make of it. */
function talker(
  words: (answer: (type: number, text?: string) => void, raw: Duplex) => void,
): Spawn {
  return (events: ChildEvents): Child => {
    const [node, process] = pair();
    const write = streamPeer(
      process,
      ({ type }) => {
        if (type === frameTypes.apply || type === frameTypes.applyOneByOne) {
          words((kind, text = "") => write(kind, Buffer.from(text, "latin1")), process);
        }
      },
      () => {},
    );
    const send = streamPeer(node, events.onFrame, () => events.onEnd("the pipe carried garbage"));
    setImmediate(() => write(frameTypes.ready, new Uint8Array()));
    return {
      pid: undefined,
      isAlive: () => true,
      send: ({ type, payload }) => send(type, payload),
      kill: () => void node.destroy(),
    };
  };
}

/** Two ends of a pipe. */
function pair(): readonly [Duplex, Duplex] {
  const ends: Duplex[] = [];
  for (const other of [1, 0]) {
    ends.push(
      new Duplex({
        read: () => {},
        write: (chunk, _encoding, done) => {
          ends[other]?.push(chunk);
          done();
        },
      }),
    );
  }
  const [left, right] = ends;
  if (left === undefined || right === undefined) throw new Error("two ends");
  return [left, right];
}

const NO_RECEIPTS = "\0\0\0\0\0\0\0\0\0\0\0\0";

describe("a process that talks nonsense is replaced, and stops the node the second time:", () => {
  it.each<[string, Parameters<typeof talker>[0], string]>([
    ["bytes that are no frame", (_, raw) => raw.write(Buffer.alloc(64, 255)), "garbage"],
    ["a frame of no length", (_, raw) => raw.write(Buffer.alloc(8)), "garbage"],
    [
      "half a frame, and then nothing",
      (_, raw) => raw.write(Buffer.from([0, 0, 1, 0, 9, 1])),
      "no word",
    ],
    ["nothing at all", () => {}, "no word"],
    ["a frame of a type that is none", (say) => say(99), "a frame of type 99"],
    ["an outcome that ends too early", (say) => say(frameTypes.done, "\0\0\0\x01"), ""],
    [
      "an outcome without the receipt",
      (say) => say(frameTypes.done, NO_RECEIPTS),
      "0 receipts of 1 calls",
    ],
    ["that it is ready, again", (say) => say(frameTypes.ready), "ready before"],
    ["that state went on, which it did not", (say) => say(frameTypes.moved), "did not go on"],
    ["a question that is none", (say) => say(frameTypes.scan, "{"), ""],
    ["half a question", (say) => say(frameTypes.read, "\0"), ""],
    ["a call that is none", (say) => say(frameTypes.begin), ""],
    ["that it failed", (say) => say(frameTypes.fault, "a reason"), "a reason"],
  ])("%s", async (_, words, reason) => {
    const { events, faults } = listen();
    await using kit = await RuntimeKit.open({ events, watchdogMs: 100, spawn: talker(words) });
    const call = kit.call({ contract: 7n, method: "any", gasLimit: 1_000n });
    const next = kit.call({ contract: 8n, method: "any", gasLimit: 1_000n });
    const running = kit.apply([call]);
    kit.sequence += 1;
    const queued = kit.apply([next]);
    const named = `ledger 50, transaction ${call.txHash}, contract 7, method any`;
    const fault = { code: "CONTRACT_FAULT", message: expect.stringContaining(named) };
    await expect(Promise.all([running, queued])).rejects.toMatchObject(fault);
    await expect(queued).rejects.toMatchObject({ code: "CONTRACT_FAULT" });
    expect(faults).toHaveLength(2);
    for (const told of faults) expect(told).toContain(reason);
    expect(kit.state.rows).toEqual([]);
  });

  it("an answer that nobody asked for ends it, and the next ledger has another", async () => {
    const { events } = listen();
    const chatter = talker(() => {});
    const spawn = thenAnother(0, (own, options) => {
      const child = chatter(own, options);
      setTimeout(() => own.onFrame({ type: frameTypes.done, payload: new Uint8Array() }), 20);
      return child;
    });
    await using kit = await RuntimeKit.open({ events, spawn, watchdogMs: 50, isRehearsed: true });
    const call = kit.call({ contract: 7n, method: "any", gasLimit: 1_000n });
    await expect(kit.apply([call])).rejects.toMatchObject({ code: "CONTRACT_FAULT" });
  });
});

describe("the node", () => {
  it("that cannot read its own state says so, and asks no second process", async () => {
    const { events, faults } = listen();
    await using kit = await RuntimeKit.open({ events });
    const contract = await kit.deploy(source);
    kit.state.onceRead(() => {
      throw new Error("the disk is gone");
    });
    const add = kit.call({ contract, method: "add", args: [1n] });
    const ledgers = [add, add, add].map((call) => {
      const applied = kit.apply([call]);
      kit.sequence += 1;
      return applied;
    });
    for (const settled of await Promise.allSettled(ledgers)) {
      expect(settled).toMatchObject({ status: "rejected" });
    }
    expect(faults).toEqual([]);
    kit.sequence -= ledgers.length;
    await kit.runtime.reset();
    expect((await kit.close(add)).receipts[0]?.result).toBe(1n);
  });

  it("gives a ledger the time that its gas may take", async () => {
    await using kit = await RuntimeKit.open({ spawn: talker(() => {}) });
    const call = kit.call({ contract: 7n, gasLimit: 5_000_000n });
    expect(allowanceMs([call])).toBe(2_000);
    // Judging code takes more of a ledger than of its call.
    expect(allowanceMs([kit.call({ contract: 0n, gasLimit: 5_000_000n })])).toBe(24_000);
    expect(allowanceMs(Array.from({ length: 1_000 }, () => call))).toBe(80_000);
  });
});
