/**
 * Runs probes in the real sandbox, over state in memory. Needs `--no-node-snapshot`, so it is a process
 * of its own: names of probes come as arguments, a line of JSON for each goes out.
 *
 * Warm    One isolate for all probes: whatever the realm's functions learned from one, they bring to the
 *         next, as with the contracts of many authors.
 * Cold    A fresh isolate for each: the first call of the first contract.
 */
import type { Call } from "../src/contracts/call.ts";
import { toHex } from "../src/lib/bytes.ts";
import { sha256, sha256Hex } from "../src/lib/hash.ts";
import { admitSource } from "../src/runtime/admit.ts";
import { fromByteText, toByteText } from "../src/runtime/byte-text.ts";
import { gasSchedule } from "../src/runtime/limits.ts";
import { readOutcome, wholeReceipts } from "../src/runtime/outcome-frame.ts";
import { openSandbox, type ProcessSandbox } from "../src/runtime/process-sandbox.ts";
import { decodeReceipt } from "../src/runtime/receipt-codec.ts";
import { encodeLedger } from "../src/runtime/wire.ts";
import { median } from "./figure.ts";
import { type Probe, plainLoop, probeSource } from "./gas-probe.ts";
import { probes } from "./gas-probes.ts";
import { buyer, vault } from "./runtime-purchase.ts";

const GAS = 1_000_000;
const ROUNDS = 5;
const WARM_UP = 2;
const CALLS = 40;
const START_S = 1_800_000_000;

interface CallParts {
  readonly contract: bigint;
  readonly gas: number;
  readonly method?: string;
  readonly args?: Call["args"];
  readonly caller?: string;
}

class GasSandbox implements Disposable {
  readonly #state = new Map<string, string>();
  readonly #sandbox: ProcessSandbox;
  #sequence = 0;
  #number = 255n;
  #calls = 0;

  constructor() {
    this.#sandbox = openSandbox({
      admit: admitSource,
      read: (key) => this.#state.get(key) ?? "",
      scan: (prefix, after, limit) => {
        const rows = [...this.#state]
          .filter(([key, value]) => value !== "" && key.startsWith(prefix) && key > after)
          .sort(([left], [right]) => (left < right ? -1 : 1));
        return JSON.stringify(rows.slice(0, limit).flat());
      },
      sha256: (bytes) => sha256Hex(fromByteText(bytes)),
      verify: () => "",
      begin: () => {},
    });
  }

  /** The number of the new contract. */
  deploy(source: string): bigint {
    const { code } = this.deployment(source);
    if (code !== "") throw new Error(`${code}: ${source}`);
    this.#number += 1n;
    return this.#number;
  }

  deployment(source: string): Run {
    const bytes = Buffer.from(source);
    const hash = sha256(bytes);
    // An account may own only so many contracts.
    const own = { contract: 0n, gas: 5 * GAS, caller: buyer(this.#calls) };
    return this.run([
      this.call({ ...own, method: "put", args: [hash, 0n, bytes] }),
      this.call({ ...own, method: "deploy", args: [hash, []] }),
    ]);
  }

  call({ method = "f", args = [], caller = buyer(0), contract, gas }: CallParts): Call {
    this.#calls += 1;
    return {
      txHash: toHex(sha256(Buffer.from(`call ${this.#calls}`))),
      index: 0,
      kind: "call",
      contract,
      method,
      args,
      caller,
      gasLimit: BigInt(gas),
      paid: [],
      transfers: [],
      locks: [],
    };
  }

  /** One ledger of these calls: how long it took, what gas it used, and how the last call ended. */
  run(calls: readonly Call[]): Run {
    this.#sequence += 1;
    const closeTime = BigInt(START_S + 5 * this.#sequence);
    const ledger = { sequence: this.#sequence, closeTime, vault, systemContracts: [], calls };
    const text = toByteText(encodeLedger(ledger));
    const before = process.cpuUsage();
    const told = this.#sandbox.apply(text, false);
    const { user, system } = process.cpuUsage(before);
    const ns = (user + system) * 1_000;
    const { receipts, writes } = readOutcome(wholeReceipts(told));
    for (const { key, value } of writes) {
      this.#state.set(toByteText(key), value === undefined ? "" : toByteText(value));
    }
    const read = receipts.map(decodeReceipt);
    const gas = read.reduce((sum, { gasUsed }) => sum + Number(gasUsed), 0);
    return { ns, gas, code: read.at(-1)?.code ?? "" };
  }

  [Symbol.dispose](): void {
    this.#sandbox.close();
  }
}

interface Run {
  readonly ns: number;
  readonly gas: number;
  readonly code: string;
}

const EMPTY = `import { contract } from "ace-node/contract";
contract({ name: "empty", methods: { f: { args: [] } } });
export function f() {}`;

class Warm {
  readonly #sandbox = new GasSandbox();
  readonly #empty = this.#sandbox.deploy(EMPTY);

  measure(item: Probe): number {
    const contract = this.#sandbox.deploy(probeSource(item));
    const found: number[] = [];
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
      const ns = item.times === 0 ? this.#spent(item, contract) : this.#counted(item, contract);
      if (round >= WARM_UP) found.push(ns);
    }
    return median(found);
  }

  /** What is left of a long call when a short one, which only prepares, is taken away. */
  #spent(item: Probe, contract: bigint): number {
    const work = callOnce(this.#sandbox, contract, item.beforeGas + GAS);
    const idle = item.beforeGas === 0 ? NONE : callOnce(this.#sandbox, contract, item.beforeGas);
    return (work.ns - idle.ns) / (work.gas - idle.gas) + hostShare(item, this.#sandbox);
  }

  #counted(item: Probe, contract: bigint): number {
    const many = (number: bigint): Run =>
      this.#sandbox.run(
        Array.from({ length: CALLS }, () => this.#sandbox.call({ contract: number, gas: 5 * GAS })),
      );
    const [work, idle] = [many(contract), many(this.#empty)];
    if (work.code !== "") throw new Error(`${item.title} ends with ${work.code}`);
    const host = CALLS * item.times * item.copies * item.hostNs;
    return (work.ns - idle.ns + host) / (work.gas - idle.gas);
  }
}

const NONE: Run = { ns: 0, gas: 0, code: "" };

/** The node's part a gas: that of one step over the gas that it takes. */
function hostShare(item: Probe, sandbox: GasSandbox): number {
  if (item.hostNs === 0) return 0;
  const gasOf = (times: number): number =>
    callOnce(sandbox, sandbox.deploy(probeSource({ ...item, times })), 5 * GAS).gas;
  return item.hostNs / ((gasOf(8) - gasOf(4)) / (4 * item.copies));
}

function callOnce(sandbox: GasSandbox, contract: bigint, gas: number): Run {
  return sandbox.run([sandbox.call({ contract, gas })]);
}

/** The first call of a contract in a fresh isolate, all that it needs included. */
function cold(item: Probe): number {
  using sandbox = new GasSandbox();
  sandbox.deploy(EMPTY);
  const contract = sandbox.deploy(probeSource(item));
  const gas = item.times === 0 ? item.beforeGas + GAS : 5 * GAS;
  const calls = Array.from({ length: item.times === 0 ? 1 : CALLS }, () =>
    sandbox.call({ contract, gas }),
  );
  const run = sandbox.run(calls);
  return run.ns / run.gas;
}

/**
 * Admission is paid by the byte of the source that is deployed, and weighs more in the gas of its ledger,
 * which is what bounds its time: the dearest of several sources, per gas of the ledger.
 */
function deployment(): Dearness {
  let worst: Dearness = { warm: 0, cold: 0 };
  for (const [name, source] of dearSources) {
    using sandbox = new GasSandbox();
    sandbox.deploy(EMPTY);
    const rounds: number[] = [];
    for (let round = 0; round < DEPLOYMENTS; round += 1) {
      const text = source(round);
      const run = sandbox.deployment(text);
      if (run.code !== "") throw new Error(`${name}: ${run.code}`);
      const judging = gasSchedule.registryDeploy + gasSchedule.registryDeployByte * text.length;
      rounds.push(run.ns / (run.gas + (gasSchedule.registryDeployWeight - 1) * judging));
    }
    const [cold = 0, ...warm] = rounds;
    worst = { warm: Math.max(worst.warm, median(warm)), cold: Math.max(worst.cold, cold) };
  }
  return worst;
}

const DEPLOYMENTS = 4;
const SOURCE_CHARACTERS = 60_000;

interface Dearness {
  readonly warm: number;
  readonly cold: number;
}

/** Much code from few characters, many names, and much that only the parser sees. */
const dearSources: readonly (readonly [string, (round: number) => string])[] = [
  ["lists", (round) => filled(round, (at) => inFunction(at, "a=[...b,{c:(d)=>d?.e.f(d)+1}];", 4))],
  ["operators", (round) => filled(round, (at) => inFunction(at, "a[a]+=a(a)+a*a;", 60))],
  ["functions", (round) => filled(round, (at) => `function f${at}(){}`)],
  ["templates", (round) => filled(round, (at) => inFunction(at, `a=\`\${a}\${a}\`;`, 60))],
];

function inFunction(at: number, statement: string, times: number): string {
  return `function f${at}(){let a=1,b=[];${statement.repeat(times)}}`;
}

function filled(round: number, piece: (at: number) => string): string {
  let source = `${EMPTY}\nconst round=${round};`;
  for (let at = 0; source.length < SOURCE_CHARACTERS; at += 1) source += piece(at);
  return source;
}

if (import.meta.main) {
  const wanted = process.argv.slice(2);
  const isWanted = ({ title }: Probe): boolean =>
    wanted.length === 0 || wanted.some((word) => title.includes(word));
  const warm = new Warm();
  const tell = (title: string, values: Dearness): void => {
    process.stdout.write(`${JSON.stringify({ title, ...values })}\n`);
  };
  const chosen = [plainLoop, ...probes.filter(isWanted), plainLoop];
  for (const item of [plainLoop, ...chosen]) {
    tell(item.title, { warm: warm.measure(item), cold: cold(item) });
  }
  tell("registry.deploy gas.registryDeployByte", deployment());
}
