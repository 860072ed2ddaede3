/**
 * The runtime: a ledger's calls in; writes, receipts and hashes out, the same on every node.
 *
 * Flow    `apply` a ledger → the caller commits what it gives and says `committed` → `apply` the next.
 *         In catch-up the next may be applied before: each builds on the one before it, committed or
 *         not, and what they give comes in their order. When a commit fails, `reset` before going on.
 *         Views and simulations run in a process of their own, on committed state, and never delay a
 *         ledger; none sees both sides of a commit.
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
import type { Applied, LedgerInput, Receipt, StateReader } from "./applied.ts";
import { fromByteText } from "./byte-text.ts";
import { contractRecord } from "./contract-records.ts";
import { ledgerHash } from "./ledger-hash.ts";
import { allowanceMs, appliedOf, callName } from "./ledger-report.ts";
import { type LedgerOutcome, readOutcome } from "./outcome-frame.ts";
import { committedGround, PendingState } from "./pending-state.ts";
import { type FramePart, frameTypes, rowsFrame } from "./process-frames.ts";
import { type ContractProcess, startContractProcess } from "./process-host.ts";
import type { ProcessRequest } from "./process-request.ts";
import { protocolHash } from "./protocol.ts";
import { ReadAhead } from "./read-ahead.ts";
import { decodeReceipt } from "./receipt-codec.ts";
import { receiptsRoot } from "./receipts-root.ts";
import { registryAbi, registryView } from "./registry-view.ts";
import { committedTree, demandCode, demandRoot, type Point } from "./runtime-start.ts";
import type { StateTree } from "./state-tree.ts";
import { abiKey } from "./system-keys.ts";
import { StateMoved, ViewSnapshot } from "./view-snapshot.ts";
import {
  decodeViewResult,
  encodeLedger,
  encodeView,
  type SystemContract,
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
  /** The tree of committed state; made from its rows when left out. */
  readonly tree?: () => StateTree;
  /** Undefined before the genesis ledger. */
  readonly tip: RuntimeTip | undefined;
  readonly events: Events;
  /** A process that gives no answer for so long is replaced. */
  readonly watchdogMs?: number;
  /** Contract processes rehearse when they start: a node that will live long gains by it. */
  readonly isRehearsed?: boolean;
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
  /** All ledgers up to this one are committed. To be said at once, before anything else may read. */
  committed(sequence: number): void;
  view(call: ViewCall): Promise<ViewResult>;
  /** Receipts that these calls would have, were they the next ledger; nothing is kept. */
  simulate(ledger: SimulatedLedger): Promise<readonly Receipt[]>;
  abi(contract: bigint): Promise<Abi | undefined>;
  contract(number: bigint): Promise<ContractInfo | undefined>;
  /** Forgets what may not be committed. The next ledger is the last one again, or the one after it. */
  reset(): Promise<void>;
  /** Ids of the contract processes: of ledgers, then of views. */
  readonly pids: readonly (number | undefined)[];
}

export interface SimulatedLedger {
  readonly calls: readonly Call[];
  readonly closeTime: bigint;
  readonly sequence: number;
}

const WATCHDOG_MS = 10_000;

/** Ledgers that may be applied before the first of them is committed. */
const POINTS_MAX = 32;
/** A view that meets a commit each time gives up then: ledgers do not wait for it. */
const VIEW_TRIES_MAX = 8;

export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  demandCode(options);
  return new ProcessRuntime(options);
}

class ProcessRuntime implements Runtime {
  readonly #options: RuntimeOptions;
  readonly #ledgers: ContractProcess;
  readonly #views: ContractProcess;
  readonly #pending: PendingState;
  readonly #readAhead = new ReadAhead();
  /** After the last committed ledger, and after each that was applied since. */
  #points: readonly Point[];
  #commits = 0;

  constructor(options: RuntimeOptions) {
    const { state, events, watchdogMs = WATCHDOG_MS, isRehearsed = false } = options;
    const started: Point = { tip: options.tip, tree: committedTree(options) };
    demandRoot(started);
    this.#options = options;
    this.#points = [started];
    this.#pending = new PendingState(committedGround(state));
    const onStart = (): void => this.#readAhead.forget();
    const common = { events, watchdogMs, isRehearsed };
    this.#ledgers = startContractProcess({ ...common, onStart });
    this.#views = startContractProcess(common);
  }

  async apply(input: LedgerInput): Promise<Applied> {
    const { network, systemContracts } = this.#options;
    const { sequence, calls } = input;
    const isGenesis = sequence === network.genesisLedger;
    const payload = encodeLedger({
      ...input,
      vault: network.vault,
      systemContracts: isGenesis ? systemContracts : [],
    });
    const outcome = await this.#ledgers.ask({
      type: frameTypes.apply,
      retryType: frameTypes.applyOneByOne,
      isChained: true,
      payload,
      state: this.#pending,
      allowanceMs: allowanceMs(calls),
      before: () => this.#warm(calls),
      onMiss: (key, call) => this.#learn(calls[call], key),
      nameOf: (call) => callName(sequence, calls, call),
      read: (answer) => this.#take(sequence, readOutcome(answer)),
    });
    if (outcome.genesisFault !== "") throw new AceError("PROTOCOL_MISMATCH", outcome.genesisFault);
    return this.#finish(input, outcome);
  }

  committed(sequence: number): void {
    this.#pending.committed(sequence);
    this.#commits += 1;
    this.#points = this.#points.filter(({ tip }) => (tip?.sequence ?? 0) >= sequence);
  }

  async view(call: ViewCall): Promise<ViewResult> {
    const { network, state } = this.#options;
    const { contract, method, args } = call;
    if (contract === 0n) return registryView(state, network.vault, method, args);
    const { tip } = this.#committed();
    const payload = encodeView({
      contract,
      method,
      args,
      sequence: call.ledger ?? tip?.sequence ?? 0,
      closeTime: call.time ?? tip?.closeTime ?? 0n,
      vault: network.vault,
      caller: call.caller ?? network.vault,
    });
    return this.#look({ type: frameTypes.view, payload, read: decodeViewResult });
  }

  async simulate(ledger: SimulatedLedger): Promise<readonly Receipt[]> {
    const { vault } = this.#options.network;
    const payload = encodeLedger({ ...ledger, vault, systemContracts: [] });
    const read = (answer: Buffer): readonly Receipt[] =>
      readOutcome(answer).receipts.map(decodeReceipt);
    const allowance = { allowanceMs: allowanceMs(ledger.calls) };
    return this.#look({ type: frameTypes.simulate, payload, read, ...allowance });
  }

  async abi(contract: bigint): Promise<Abi | undefined> {
    if (contract === 0n) return registryAbi;
    return (await this.contract(contract))?.abi;
  }

  async contract(number: bigint): Promise<ContractInfo | undefined> {
    const { state, network } = this.#options;
    const record = contractRecord(committedGround(state), number);
    if (record === undefined) return undefined;
    const abi = state.get(fromByteText(abiKey(record.codeHash)));
    invariant(abi !== undefined, `state holds the ABI of contract ${number}`);
    return { ...record, address: muxedAddress(network.vault, number), abi: decodeAbi(abi) };
  }

  async reset(): Promise<void> {
    this.#pending.clear();
    this.#readAhead.forget();
    const payload = new Uint8Array();
    const read = (): void => {};
    await this.#ledgers.ask({ type: frameTypes.drop, payload, state: this.#pending, read });
    const committed = committedTree(this.#options);
    if (this.#points.some(({ tree }) => tree.root === committed.root)) return;
    demandRoot({ tip: this.#committed().tip, tree: committed });
  }

  get pids(): readonly (number | undefined)[] {
    return [this.#ledgers.pid, this.#views.pid];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#ledgers[Symbol.asyncDispose](), this.#views[Symbol.asyncDispose]()]);
  }

  /** At once, before the process may ask about the next ledger. */
  #take(sequence: number, outcome: LedgerOutcome): LedgerOutcome {
    for (const key of this.#pending.take(sequence, outcome.writes)) this.#readAhead.knows(key);
    return outcome;
  }

  #finish(input: LedgerInput, { writes, receipts }: LedgerOutcome): Applied {
    const { sequence, closeTime, headerHash } = input;
    const { tip, tree } = this.#startingPoint(sequence);
    const next = tree.clone();
    next.apply(writes);
    const hashes = { receiptsRoot: receiptsRoot(receipts.map(sha256)), stateRoot: next.root };
    const previous = tip?.ledgerHash ?? networkId(this.#options.network);
    const chained = ledgerHash({ previous, sequence, protocolHash, ...hashes });
    const { stateRoot } = hashes;
    const after = { sequence, closeTime, ledgerHash: chained, stateRoot };
    const before = this.#points.filter((point) => (point.tip?.sequence ?? 0) < sequence);
    this.#points = [...before, { tip: after, tree: next }].slice(-POINTS_MAX);
    return appliedOf({ sequence, headerHash, closeTime, writes, ...hashes }, receipts, chained);
  }

  #warm(calls: readonly Call[]): readonly FramePart[] {
    const rows = this.#readAhead.rowsFor(calls, this.#pending);
    return rows.length === 0 ? [] : [rowsFrame(frameTypes.warm, rows)];
  }

  #learn(call: Call | undefined, key: string): void {
    if (call !== undefined) this.#readAhead.learn(call, key);
  }

  /** Reads committed state of one moment, as often as it takes to meet no commit. */
  async #look<T>(
    question: Pick<ProcessRequest<T>, "type" | "payload" | "read" | "allowanceMs">,
  ): Promise<T> {
    const state = new ViewSnapshot(committedGround(this.#options.state), () => this.#commits);
    const before = (): readonly FramePart[] => [rowsFrame(frameTypes.fresh, state.begin())];
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#views.ask({ ...question, state, before });
      } catch (error) {
        if (!(error instanceof StateMoved)) throw error;
        if (tries < VIEW_TRIES_MAX) continue;
        throw new AceError("NODE_BEHIND", `ledgers were committed in each of ${tries} attempts`);
      }
    }
  }

  #committed(): Point {
    const [point] = this.#points;
    invariant(point !== undefined, "there is a point to start from");
    return point;
  }

  /** The point that this ledger follows: after a failed commit it is the last ledger again. */
  #startingPoint(sequence: number): Point {
    const { genesisLedger } = this.#options.network;
    const point = this.#points.findLast(
      ({ tip }) => sequence === (tip?.sequence ?? genesisLedger - 1) + 1,
    );
    const last = this.#points.at(-1)?.tip?.sequence;
    invariant(point !== undefined, `ledger ${sequence} does not follow ${last}`);
    return point;
  }
}
