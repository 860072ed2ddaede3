/**
 * The runtime: a ledger's calls in; writes, receipts and hashes out, the same on every node.
 *
 * Flow    `apply` a ledger → the caller commits what it gives → `apply` the next. When a commit fails,
 *         `reset` before going on. Views and simulations run in a process of their own, on committed
 *         state, and never delay a ledger.
 * Errors  `PROTOCOL_MISMATCH`, `STATE_ROOT_MISMATCH`, `CONTRACT_FAULT`, `DEPENDENCY_VERSION_WRONG`.
 */
import { type Abi, decodeAbi } from "../contracts/abi.ts";
import type { Call } from "../contracts/call.ts";
import { networkId, type ServiceNetwork } from "../contracts/service-network.ts";
import type { CborValue } from "../lib/cbor.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { sha256 } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";
import { muxedAddress } from "../lib/strkey.ts";
import { codeHashOf } from "./admit.ts";
import type { Applied, LedgerInput, Receipt, StateEntry, StateReader } from "./applied.ts";
import { fromByteText, toByteText } from "./byte-text.ts";
import { contractRecord } from "./contract-records.ts";
import type { SystemContract } from "./execute-ledger.ts";
import { ledgerHash } from "./ledger-hash.ts";
import { frameTypes } from "./process-frames.ts";
import { type ContractProcess, startContractProcess } from "./process-host.ts";
import { protocolHash } from "./protocol.ts";
import { receiptsRoot } from "./receipts-root.ts";
import { registryAbi, registryView } from "./registry-view.ts";
import { StateTree } from "./state-tree.ts";
import { abiKey } from "./system-keys.ts";
import {
  decodeOutcome,
  decodeViewResult,
  encodeApply,
  encodeView,
  type LedgerResult,
  type ViewResult,
} from "./wire.ts";

export interface RuntimeTip {
  readonly sequence: number;
  readonly ledgerHash: string;
  readonly stateRoot: string;
  /** Seconds; what views see as the time until the next ledger is applied. */
  readonly closeTime?: bigint;
}

export interface RuntimeOptions {
  readonly network: ServiceNetwork;
  readonly systemContracts: readonly SystemContract[];
  /** Committed state. */
  readonly state: StateReader;
  /** Undefined before the genesis ledger. */
  readonly tip: RuntimeTip | undefined;
  readonly events: Events;
  /** A process that gives no answer for so long is replaced. */
  readonly watchdogMs?: number;
}

export interface ViewCall {
  readonly contract: bigint;
  readonly method: string;
  readonly args: readonly CborValue[];
  /** What the view sees as the ledger's close time and number; those of the tip when left out. */
  readonly time?: bigint;
  readonly ledger?: number;
  /** The vault's own account when left out. */
  readonly caller?: string;
}

export interface ContractInfo {
  readonly number: bigint;
  readonly address: string;
  readonly owner: string;
  readonly codeHash: string;
  readonly abi: Abi;
}

export interface Runtime extends AsyncDisposable {
  apply(input: LedgerInput): Promise<Applied>;
  view(call: ViewCall): Promise<ViewResult>;
  /** Receipts that these calls would have, were they the next ledger; nothing is kept. */
  simulate(ledger: SimulatedLedger): Promise<readonly Receipt[]>;
  abi(contract: bigint): Promise<Abi | undefined>;
  contract(number: bigint): Promise<ContractInfo | undefined>;
  /**
   * Forgets what may not be committed. The next ledger is the one after `tip`; where that is not told,
   * the last one again or the one after it.
   */
  reset(tip?: RuntimeTip): Promise<void>;
  /** Ids of the contract processes: of ledgers, then of views. */
  readonly pids: readonly (number | undefined)[];
}

export interface SimulatedLedger {
  readonly calls: readonly Call[];
  readonly closeTime: bigint;
  readonly sequence: number;
}

const NOTHING: LedgerResult = { receipts: [], writes: [], genesisFault: "" };
const WATCHDOG_MS = 10_000;
/** A hundredth of what plain code uses up in a millisecond: a slow machine is no fault. */
const GAS_PER_MS = 2_500n;

export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  demandCode(options);
  const { state, events, watchdogMs = WATCHDOG_MS } = options;
  const ledgers = startContractProcess({ state, events, watchdogMs });
  const views = startContractProcess({ state, events, watchdogMs });
  return new ProcessRuntime(options, ledgers, views);
}

class ProcessRuntime implements Runtime {
  readonly #options: RuntimeOptions;
  readonly #ledgers: ContractProcess;
  readonly #views: ContractProcess;
  #now: Point;
  /** Before the last ledger, which may not be committed yet. */
  #before: Point | undefined;

  constructor(options: RuntimeOptions, ledgers: ContractProcess, views: ContractProcess) {
    this.#options = options;
    this.#ledgers = ledgers;
    this.#views = views;
    this.#now = { tip: options.tip, tree: readTree(options.state) };
    demandRoot(this.#now);
  }

  async apply(input: LedgerInput): Promise<Applied> {
    const { network, systemContracts } = this.#options;
    const { tip, tree } = this.#startingPoint(input.sequence);
    // A ledger without a call changes no state: the contract process has nothing to do with it.
    const isQuiet = tip !== undefined && input.calls.length === 0;
    const result = isQuiet
      ? NOTHING
      : await this.#run(this.#ledgers, "apply", {
          ...input,
          systemContracts: tip === undefined ? systemContracts : [],
        });
    if (result.genesisFault !== "") throw new AceError("PROTOCOL_MISMATCH", result.genesisFault);
    const next = tree.clone();
    next.apply(result.writes);
    const hashes = {
      receiptsRoot: receiptsRoot(result.receipts.map(({ encoded }) => sha256(encoded))),
      stateRoot: next.root,
    };
    const previous = tip?.ledgerHash ?? networkId(network);
    const { sequence, closeTime, headerHash } = input;
    const chained = ledgerHash({ previous, sequence, protocolHash, ...hashes });
    const { stateRoot } = hashes;
    this.#before = { tip, tree };
    this.#now = { tip: { sequence, closeTime, ledgerHash: chained, stateRoot }, tree: next };
    return {
      sequence,
      headerHash,
      closeTime,
      writes: result.writes,
      receipts: result.receipts.map(({ receipt }) => receipt),
      ...hashes,
      ledgerHash: chained,
    };
  }

  async view(call: ViewCall): Promise<ViewResult> {
    const { network, state } = this.#options;
    const { contract, method, args } = call;
    if (contract === 0n) return registryView(state, network.vault, method, args);
    const request = encodeView({
      contract,
      method,
      args,
      sequence: call.ledger ?? this.#now.tip?.sequence ?? 0,
      closeTime: call.time ?? this.#now.tip?.closeTime ?? 0n,
      vault: network.vault,
      caller: call.caller ?? network.vault,
    });
    return decodeViewResult(await this.#views.ask({ type: frameTypes.view, payload: request }));
  }

  async simulate(ledger: SimulatedLedger): Promise<readonly Receipt[]> {
    const result = await this.#run(this.#views, "simulate", { ...ledger, systemContracts: [] });
    return result.receipts.map(({ receipt }) => receipt);
  }

  async abi(contract: bigint): Promise<Abi | undefined> {
    if (contract === 0n) return registryAbi;
    return (await this.contract(contract))?.abi;
  }

  async contract(number: bigint): Promise<ContractInfo | undefined> {
    const { state, network } = this.#options;
    const record = contractRecord(textState(state), number);
    if (record === undefined) return undefined;
    const abi = state.get(fromByteText(abiKey(record.codeHash)));
    invariant(abi !== undefined, `state holds the ABI of contract ${number}`);
    return { ...record, address: muxedAddress(network.vault, number), abi: decodeAbi(abi) };
  }

  async reset(tip?: RuntimeTip): Promise<void> {
    await this.#ledgers.ask({ type: frameTypes.drop, payload: new Uint8Array() });
    const tree = readTree(this.#options.state);
    const points = this.#before === undefined ? [this.#now] : [this.#now, this.#before];
    if (tip === undefined && points.some((point) => point.tree.root === tree.root)) return;
    demandRoot({ tip: tip ?? this.#now.tip, tree });
    if (tip !== undefined) this.#now = { tip, tree };
  }

  get pids(): readonly (number | undefined)[] {
    return [this.#ledgers.pid, this.#views.pid];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#ledgers[Symbol.asyncDispose](), this.#views[Symbol.asyncDispose]()]);
  }

  async #run(
    worker: ContractProcess,
    request: "apply" | "simulate",
    ledger: SimulatedLedger & Pick<RuntimeOptions, "systemContracts">,
  ): Promise<LedgerResult> {
    const { vault } = this.#options.network;
    const { sequence, closeTime, calls, systemContracts } = ledger;
    const payload = encodeApply({ sequence, closeTime, vault, systemContracts, calls });
    const allowanceMs = Number(gasOf(calls) / GAS_PER_MS);
    return decodeOutcome(await worker.ask({ type: frameTypes[request], payload, allowanceMs }));
  }

  /** The point that this ledger follows: after a failed commit it is the last ledger again. */
  #startingPoint(sequence: number): Point {
    const { genesisLedger } = this.#options.network;
    const follows = ({ tip }: Point): boolean =>
      sequence === (tip?.sequence ?? genesisLedger - 1) + 1;
    if (follows(this.#now)) return this.#now;
    invariant(
      this.#before !== undefined && follows(this.#before),
      `ledger ${sequence} does not follow ${this.#now.tip?.sequence}`,
    );
    return this.#before;
  }
}

function gasOf(calls: readonly Call[]): bigint {
  return calls.reduce((sum, { gasLimit }) => sum + gasLimit, 0n);
}

/** The sources handed in must be the ones that the network was founded with. */
function demandCode({ network, systemContracts }: RuntimeOptions): void {
  const found = new Map(
    systemContracts.map(({ number, source }) => [number.toString(), codeHashOf(source)]),
  );
  const numbers = new Set([...found.keys(), ...Object.keys(network.systemContracts)]);
  for (const number of numbers) {
    const [wanted, have] = [network.systemContracts[number], found.get(number)];
    if (wanted !== undefined && wanted === have) continue;
    const message = `system contract ${number} is ${have ?? "missing"}, the network has ${wanted}`;
    throw new AceError("PROTOCOL_MISMATCH", message);
  }
}

/** The runtime after a ledger. */
interface Point {
  readonly tip: RuntimeTip | undefined;
  readonly tree: StateTree;
}

function demandRoot({ tip, tree }: Point): void {
  if (tip === undefined || tip.stateRoot === tree.root) return;
  const message = `state has root ${tree.root}, ledger ${tip.sequence} left ${tip.stateRoot}`;
  throw new AceError("STATE_ROOT_MISMATCH", message);
}

function readTree(state: StateReader): StateTree {
  return StateTree.from(rowsOf(state));
}

function* rowsOf(state: StateReader): Generator<StateEntry> {
  let after: Uint8Array | undefined;
  for (;;) {
    const rows = state.scan(new Uint8Array(), after, TREE_ROWS);
    yield* rows;
    after = rows.at(-1)?.key;
    if (rows.length < TREE_ROWS) return;
  }
}

const TREE_ROWS = 10_000;

function textState(state: StateReader): { get(key: string): string | undefined } {
  return {
    get: (key) => {
      const value = state.get(fromByteText(key));
      return value === undefined ? undefined : toByteText(value);
    },
  };
}
