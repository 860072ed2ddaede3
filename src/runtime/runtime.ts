/**
 * The runtime: a ledger's calls in; writes, receipts and hashes out, the same on every node.
 *
 * Flow    `apply` a ledger → the caller commits what it gives and says `committed` → `apply` the next.
 *         In catch-up the next may be applied before: each builds on the one before it, committed or
 *         not, and what they give comes in their order. When a commit fails, `reset` before going on.
 *         Views and simulations run in a process of their own, on committed state, and never delay a
 *         ledger; none sees both sides of a commit.
 *         Each ledger is applied under the version of the protocol that is in force at it; views and
 *         simulations work under that of the ledger that they show.
 * Errors  `PROTOCOL_MISMATCH`, `PROTOCOL_UNKNOWN`, `STATE_ROOT_MISMATCH`, `CONTRACT_FAULT`,
 *         `DEPENDENCY_VERSION_WRONG`.
 */
import type { Abi } from "../contracts/abi.ts";
import type { Call } from "../contracts/call.ts";
import { networkId } from "../contracts/service-network.ts";
import { AceError } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import type { Applied, LedgerInput, Write } from "./applied.ts";
import { type ContractInfo, contractInfo } from "./contract-info.ts";
import { ledgerHash } from "./ledger-hash.ts";
import { allowanceMs, appliedOf } from "./ledger-report.ts";
import { LedgerWorkers } from "./ledger-workers.ts";
import { type LedgerOutcome, readOutcome } from "./outcome-frame.ts";
import { committedGround, PendingState } from "./pending-state.ts";
import { Points } from "./points.ts";
import { type FramePart, frameTypes, rowsFrame } from "./process-frames.ts";
import { type ContractProcess, startContractProcess } from "./process-host.ts";
import type { ProcessRequest } from "./process-request.ts";
import { spawnContractProcess } from "./process-spawn.ts";
import type { Protocol } from "./protocol.ts";
import { type LedgerRules, ProtocolSchedule, type ProtocolStatus } from "./protocol-schedule.ts";
import { decodeReceipt } from "./receipt-codec.ts";
import { receiptsRoot } from "./receipts-root.ts";
import { registryAbi, registryView } from "./registry-view.ts";
import { demandCode } from "./runtime-start.ts";
import type {
  Runtime,
  RuntimeOptions,
  SimulatedLedger,
  Simulation,
  ViewCall,
} from "./runtime-types.ts";
import type { StateTree } from "./state-tree.ts";
import { Versioned } from "./versioned.ts";
import { StateMoved, ViewSnapshot } from "./view-snapshot.ts";
import { decodeViewResult, encodeLedger, encodeView, type ViewResult } from "./wire.ts";

const WATCHDOG_MS = 10_000;
/** A view that meets a commit each time gives up then: ledgers do not wait for it. */
const VIEW_TRIES_MAX = 8;
const NOTHING: LedgerOutcome = { writes: [], receipts: [], notes: "", genesisFault: "" };

export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  demandCode(options);
  return new ProcessRuntime(options);
}

class ProcessRuntime implements Runtime {
  readonly #options: RuntimeOptions;
  readonly #schedule: ProtocolSchedule;
  readonly #ledgers: Versioned<LedgerWorkers>;
  readonly #views: Versioned<ContractProcess>;
  readonly #pending: PendingState;
  readonly #points: Points;
  /** Settles when the ledger that came last is applied, or has failed. */
  #last: Promise<unknown> = Promise.resolve();
  #commits = 0;
  #failed: { readonly sequence: number; readonly error: unknown } | undefined;
  /** First ledger of the version that was told of last. */
  #announced: number | undefined;

  constructor(options: RuntimeOptions) {
    const { state, events, watchdogMs = WATCHDOG_MS, isRehearsed = false, workers = 1 } = options;
    this.#points = new Points(options);
    this.#options = options;
    this.#pending = new PendingState(committedGround(state));
    this.#schedule = new ProtocolSchedule(options);
    const { spawn = spawnContractProcess } = options;
    const common = { events, watchdogMs, isRehearsed, spawn };
    const protocol = this.#protocolNow();
    this.#ledgers = new Versioned(protocol, ({ rules }) => {
      const processes = { ...common, rules };
      return new LedgerWorkers({ workers, state: this.#pending, events, processes });
    });
    this.#views = new Versioned(protocol, ({ rules }) =>
      startContractProcess({ ...common, rules }),
    );
  }

  apply(input: LedgerInput): Promise<Applied> {
    const applied = this.#applyAfter(this.#last, input);
    this.#last = applied.catch(() => undefined);
    return applied;
  }

  committed(sequence: number): void {
    this.#pending.committed(sequence);
    this.#commits += 1;
    this.#points.commit(sequence);
  }

  async view(call: ViewCall): Promise<ViewResult> {
    const { network, state } = this.#options;
    const { contract, method, args } = call;
    if (contract === 0n) return registryView(state, network.vault, method, args);
    const { tip } = this.#points.committed;
    const sequence = call.ledger ?? this.#tipSequence;
    const payload = encodeView({
      contract,
      method,
      args,
      sequence,
      closeTime: call.time ?? tip?.closeTime ?? 0n,
      vault: network.vault,
      caller: call.caller ?? network.vault,
    });
    return this.#look(sequence, { type: frameTypes.view, payload, read: decodeViewResult });
  }

  async simulate(ledger: SimulatedLedger): Promise<Simulation> {
    const { vault } = this.#options.network;
    const payload = encodeLedger({ ...ledger, vault, systemContracts: [] });
    const read = (answer: Buffer): Simulation => {
      const { receipts, writes } = readOutcome(answer);
      return { receipts: receipts.map(decodeReceipt), writes };
    };
    const allowance = { allowanceMs: allowanceMs(ledger.calls) };
    const question = { type: frameTypes.simulate, payload, read, ...allowance };
    return this.#look(ledger.sequence, question);
  }

  protocol(): ProtocolStatus {
    return this.#schedule.status(this.#tipSequence, committedGround(this.#options.state));
  }

  async abi(contract: bigint): Promise<Abi | undefined> {
    if (contract === 0n) return registryAbi;
    return (await this.contract(contract))?.abi;
  }

  async contract(number: bigint): Promise<ContractInfo | undefined> {
    return contractInfo(this.#options.state, this.#options.network.vault, number);
  }

  async reset(): Promise<void> {
    this.#pending.clear();
    this.#failed = undefined;
    await this.#ledgers.use(this.#protocolNow(), (workers) => workers.reset());
    // The commit that failed may have been done all the same.
    this.#commits += 1;
    this.#points.demandCommitted();
  }

  get pids(): readonly (number | undefined)[] {
    return [...this.#ledgers.current.pids, this.#views.current.pid];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#ledgers[Symbol.asyncDispose](), this.#views[Symbol.asyncDispose]()]);
  }

  get #tipSequence(): number {
    return this.#points.committed.tip?.sequence ?? this.#options.network.genesisLedger;
  }

  /** Of the last committed ledger. */
  #protocolNow(): Protocol {
    const ground = committedGround(this.#options.state);
    return this.#schedule.at(this.#tipSequence, ground).protocol;
  }

  async #applyAfter(last: Promise<unknown>, input: LedgerInput): Promise<Applied> {
    this.#announce(this.#schedule.status(input.sequence, this.#pending));
    const rules = this.#schedule.at(input.sequence, this.#pending);
    // A ledger without a call changes no state: the contract process has nothing to do with it.
    const isGenesis = input.sequence === this.#options.network.genesisLedger;
    const isQuiet = input.calls.length === 0 && !isGenesis;
    const running = isQuiet ? NOTHING : this.#run(input, rules, isGenesis);
    const [outcome] = await Promise.all([running, last]);
    return this.#finish(input, rules, outcome);
  }

  /** Operators must know of a new version long before its first ledger. */
  #announce({ next, known }: ProtocolStatus): void {
    if (next === undefined || next.fromLedger === this.#announced) return;
    this.#announced = next.fromLedger;
    const { version, fromLedger } = next;
    const isKnown = known.includes(version);
    this.#options.events.warn("protocol.next", { version, fromLedger, isKnown });
  }

  async #run(
    input: LedgerInput,
    { protocol, skipped }: LedgerRules,
    isGenesis: boolean,
  ): Promise<LedgerOutcome> {
    const { network, systemContracts } = this.#options;
    const { sequence, calls } = input;
    const encode = (part: readonly Call[], isNoted: boolean): Uint8Array =>
      encodeLedger({
        ...input,
        calls: part,
        skipped,
        isNoted,
        vault: network.vault,
        systemContracts: isGenesis ? systemContracts : [],
      });
    const outcome = await this.#ledgers.use(protocol, async (workers) => {
      // The first ledger under other rules is queued behind no other, and must not outlive the failure
      // of one before it, between which and this quiet ones may lie.
      if (this.#failed !== undefined && this.#failed.sequence < sequence) throw this.#failed.error;
      this.#failed = undefined;
      try {
        return await workers.run({ sequence, calls, isWhole: isGenesis, encode });
      } catch (error) {
        this.#failed = { sequence, error };
        throw error;
      }
    });
    if (outcome.genesisFault !== "") throw new AceError("PROTOCOL_MISMATCH", outcome.genesisFault);
    return outcome;
  }

  #finish(
    input: LedgerInput,
    { protocolHash }: LedgerRules,
    { writes, receipts }: LedgerOutcome,
  ): Applied {
    const { sequence, closeTime, headerHash } = input;
    const { tip, tree } = this.#points.before(sequence);
    const next = treeAfter(tree, writes);
    const hashes = { receiptsRoot: receiptsRoot(receipts.map(sha256)), stateRoot: next.root };
    const previous = tip?.ledgerHash ?? networkId(this.#options.network);
    const chained = ledgerHash({ previous, sequence, protocolHash, ...hashes });
    const { stateRoot } = hashes;
    this.#points.add({ sequence, closeTime, ledgerHash: chained, stateRoot }, next);
    return appliedOf({ sequence, headerHash, closeTime, writes, ...hashes }, receipts, chained);
  }

  /** Reads committed state of one moment, as often as it takes to meet no commit. */
  async #look<T>(
    sequence: number,
    question: Pick<ProcessRequest<T>, "type" | "payload" | "read" | "allowanceMs">,
  ): Promise<T> {
    const ground = committedGround(this.#options.state);
    const state = new ViewSnapshot(ground, () => this.#commits);
    const before = (): readonly FramePart[] => [rowsFrame(frameTypes.fresh, state.begin())];
    for (let tries = 1; ; tries += 1) {
      const { protocol } = this.#schedule.at(sequence, ground);
      try {
        return await this.#views.use(protocol, (views) =>
          views.ask({ ...question, state, before }),
        );
      } catch (error) {
        if (!(error instanceof StateMoved)) throw error;
        if (tries < VIEW_TRIES_MAX) continue;
        throw new AceError("NODE_BEHIND", `ledgers were committed in each of ${tries} attempts`);
      }
    }
  }
}

function treeAfter(tree: StateTree, writes: readonly Write[]): StateTree {
  if (writes.length === 0) return tree;
  const next = tree.clone();
  next.apply(writes);
  return next;
}
