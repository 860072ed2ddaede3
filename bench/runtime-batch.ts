/**
 * Goal    The sandbox alone: how fast a batch of purchases goes through, beside other engines.
 * Method  All sides in one process, in turns. Each makes the same purchases for the same buyers: ours
 *         as a ledger's text that crosses into the isolate and comes back as receipts' parts and net
 *         writes, gas, money and receipts included. Timed by the processor of the thread: waiting for a
 *         busy machine is no figure. That clock may tick in steps as long as half a turn, so the turns
 *         are added up: purchases of all of them over the time of all of them.
 *
 * isolated-vm wants `--no-node-snapshot`, so this runs in a process of its own and prints JSON.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { sha256Hex } from "../src/lib/hash.ts";
import { admitSource } from "../src/runtime/admit.ts";
import { fromByteText, toByteText } from "../src/runtime/byte-text.ts";
import { readOutcome, wholeReceipts } from "../src/runtime/outcome-frame.ts";
import { openSandbox, type ProcessSandbox } from "../src/runtime/process-sandbox.ts";
import { decodeReceipt } from "../src/runtime/receipt-codec.ts";
import { encodeLedger } from "../src/runtime/wire.ts";
import type { Figure } from "./figure.ts";
import { evmPeer, type Peer, quickjsPeer } from "./runtime-peers.ts";
import { deployCalls, purchaseCall, vault } from "./runtime-purchase.ts";

const BATCH = 500;
const BUYERS = 2_000;
const ROUNDS = 108;
/** So many that each engine has compiled what it will: a node makes purchases for months. */
const WARM_UP = 48;
/** The EVM is so slow that a share of the batch tells enough. */
const EVM_BATCH = 50;
const START_S = 1_800_000_000;

export function batchFigures(): readonly Figure[] {
  const script = fileURLToPath(import.meta.url);
  const { stdout } = spawnSync(process.execPath, ["--no-node-snapshot", script], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { ours, quickjs, evm } = z
    .object({ ours: z.number(), quickjs: z.number(), evm: z.number() })
    .parse(JSON.parse(stdout));
  return [ratioFigure("batch_vs_quickjs", ours, quickjs), ratioFigure("batch_vs_evm", ours, evm)];
}

/** How many times faster than the peer; `peer` and the rate behind it are in purchases a second. */
function ratioFigure(name: string, ours: number, theirs: number): Figure {
  const ratio = Number((ours / theirs).toFixed(2));
  return {
    name: `runtime.${name}`,
    value: ratio,
    unit: `× of ${Math.round(ours)}/s`,
    peer: Math.round(theirs),
    ratio,
  };
}

class OwnSandbox {
  readonly #state = new Map<string, string>();
  readonly #sandbox: ProcessSandbox;
  #sequence = 0;

  constructor() {
    this.#sandbox = openSandbox({
      admit: admitSource,
      read: (key) => this.#state.get(key) ?? "",
      scan: (prefix) =>
        JSON.stringify([...this.#state].filter(([key]) => key.startsWith(prefix)).flat()),
      sha256: (bytes) => sha256Hex(fromByteText(bytes)),
      verify: () => "",
      begin: () => {},
    });
    this.take(this.run(this.textOf(deployCalls())));
  }

  textOf(calls: Parameters<typeof encodeLedger>[0]["calls"]): string {
    this.#sequence += 1;
    const closeTime = BigInt(START_S + 5 * this.#sequence);
    const ledger = { sequence: this.#sequence, closeTime, vault, systemContracts: [], calls };
    return toByteText(encodeLedger(ledger));
  }

  run(text: string): readonly string[] {
    return this.#sandbox.apply(text, false);
  }

  /** Keeps what was written, and fails when a call did. */
  take(told: readonly string[]): void {
    const { receipts, writes } = readOutcome(wholeReceipts(told));
    for (const { code } of receipts.map(decodeReceipt)) if (code !== "") throw new Error(code);
    for (const { key, value } of writes) {
      this.#state.set(toByteText(key), value === undefined ? "" : toByteText(value));
    }
  }
}

/** Purchases that one side made, and the microseconds of processor time that they took. */
interface Tally {
  purchases: number;
  timeUs: number;
}

const tally = (): Tally => ({ purchases: 0, timeUs: 0 });

async function measure(): Promise<Record<string, number>> {
  const sandbox = new OwnSandbox();
  const [quickjs, evm] = [await quickjsPeer(), await evmPeer("simple")];
  const tallies = { ours: tally(), quickjs: tally(), evm: tally() };
  for (let round = 0; round < ROUNDS; round += 1) {
    const buyers = Array.from({ length: BATCH }, (_, index) => (round * BATCH + index) % BUYERS);
    const text = sandbox.textOf(buyers.map((number) => purchaseCall(number, round)));
    const timeS = START_S + 5 * round;
    const isCounted = round >= WARM_UP;
    let told: readonly string[] = [];
    await timed(isCounted ? tallies.ours : tally(), BATCH, () => {
      told = sandbox.run(text);
    });
    sandbox.take(told);
    await peerTurn(isCounted ? tallies.quickjs : tally(), quickjs, buyers, timeS);
    await peerTurn(isCounted ? tallies.evm : tally(), evm, buyers.slice(0, EVM_BATCH), timeS);
  }
  const rates = Object.entries(tallies).map(([name, { purchases, timeUs }]) => [
    name,
    (purchases * 1_000_000) / timeUs,
  ]);
  return Object.fromEntries(rates);
}

function peerTurn(into: Tally, peer: Peer, buyers: readonly number[], timeS: number) {
  return timed(into, buyers.length, () => peer(buyers, timeS));
}

/** Adds the processor time of this thread: all sides run on it. */
async function timed(into: Tally, purchases: number, work: () => void | Promise<void>) {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  into.purchases += purchases;
  into.timeUs += user + system;
}

if (import.meta.main) process.stdout.write(JSON.stringify(await measure()));
