/** What a runtime is given, asked and gives. */
import type { Abi } from "../contracts/abi.ts";
import type { Call } from "../contracts/call.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import type { CborValue } from "../lib/cbor.ts";
import type { Events } from "../lib/events.ts";
import type { Applied, LedgerInput, Receipt, StateReader, Write } from "./applied.ts";
import type { ContractInfo } from "./contract-info.ts";
import type { Exception } from "./exceptions.ts";
import type { spawnContractProcess } from "./process-spawn.ts";
import type { Protocol } from "./protocol.ts";
import type { ProtocolStatus } from "./protocol-schedule.ts";
import type { StateTree } from "./state-tree.ts";
import type { SystemContract, ViewResult } from "./wire.ts";

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
  /** Starts a contract process. */
  readonly spawn?: typeof spawnContractProcess;
  /** Processes that share out each ledger by call graph; outcomes are the same for any number. */
  readonly workers?: number;
  /** Contract processes rehearse when they start: a node that will live long gains by it. */
  readonly isRehearsed?: boolean;
  /** Those of this build when left out. */
  readonly protocols?: readonly Protocol[];
  readonly exceptions?: readonly Exception[];
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

export interface Runtime extends AsyncDisposable {
  apply(input: LedgerInput): Promise<Applied>;
  /** All ledgers up to this one are committed. To be said at once, before anything else may read. */
  committed(sequence: number): void;
  view(call: ViewCall): Promise<ViewResult>;
  /** What these calls would do, were they the next ledger; nothing is kept. */
  simulate(ledger: SimulatedLedger): Promise<Simulation>;
  /** Of the last committed ledger. */
  protocol(): ProtocolStatus;
  abi(contract: bigint): Promise<Abi | undefined>;
  contract(number: bigint): Promise<ContractInfo | undefined>;
  /** Forgets what may not be committed. The next ledger is the one after the last committed. */
  reset(): Promise<void>;
  /** Ids of the contract processes: of ledgers, then of views. */
  readonly pids: readonly (number | undefined)[];
}

export interface Simulation {
  readonly receipts: readonly Receipt[];
  /** Net, ascending by key. */
  readonly writes: readonly Write[];
}

export interface SimulatedLedger {
  readonly calls: readonly Call[];
  readonly closeTime: bigint;
  readonly sequence: number;
}
