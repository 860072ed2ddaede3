/**
 * A rig: one real contract process, and ledgers run in it over rows that the caller holds.
 *
 * Nothing is committed by itself: the same ledger can be run again on the same rows, in a new sandbox or
 * in one that has run much else, and must give the same bytes.
 *
 * Errors  `CONTRACT_FAULT` when the process fails twice; `faults` counts every failure, also those after
 *         which a second try went well.
 */
import type { Call } from "../src/contracts/call.ts";
import { sha256 } from "../src/lib/hash.ts";
import { accountFromBytes } from "../src/lib/strkey.ts";
import type { Receipt } from "../src/runtime/applied.ts";
import { toByteText } from "../src/runtime/byte-text.ts";
import { allowanceMs, callName } from "../src/runtime/ledger-report.ts";
import { type LedgerOutcome, readOutcome } from "../src/runtime/outcome-frame.ts";
import type { Ground, Row } from "../src/runtime/overlay.ts";
import { frameTypes } from "../src/runtime/process-frames.ts";
import {
  type ContractProcess,
  type ProcessOptions,
  startContractProcess,
} from "../src/runtime/process-host.ts";
import { decodeReceipt } from "../src/runtime/receipt-codec.ts";
import { encodeLedger } from "../src/runtime/wire.ts";

const FIRST_SEQUENCE = 1_000;
const FIRST_CLOSE_S = 1_800_000_000n;
const LEDGER_S = 5n;
const WATCHDOG_MS = 10_000;

export const accountOf = (name: string): string => accountFromBytes(sha256(Buffer.from(name)));
export const vault = accountOf("vault");

/** Committed state in memory; small enough to be sorted anew for every scan. */
export class Rows implements Ground {
  readonly #rows = new Map<string, string>();

  get(key: string): string | undefined {
    return this.#rows.get(key);
  }

  scan(prefix: string, after: string, limit: number): readonly Row[] {
    return [...this.#rows]
      .filter(([key]) => key.startsWith(prefix) && key > after)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .slice(0, limit);
  }

  commit(writes: LedgerOutcome["writes"]): void {
    for (const { key, value } of writes) {
      if (value === undefined) this.#rows.delete(toByteText(key));
      else this.#rows.set(toByteText(key), toByteText(value));
    }
  }
}

export interface RigOptions {
  /** For the engine, such as `--jitless`. */
  readonly engineFlags?: readonly string[];
  readonly watchdogMs?: number;
  /** Starts the process from other code than this. */
  readonly spawn?: ProcessOptions["spawn"];
}

/** A ledger of a rig: the first one, the second and so on. */
export interface RigLedger {
  readonly place: number;
  readonly calls: readonly Call[];
}

export class Rig implements AsyncDisposable {
  readonly #process: ContractProcess;
  /** How often the process failed. */
  faults = 0;

  constructor({ engineFlags = [], watchdogMs = WATCHDOG_MS, spawn }: RigOptions = {}) {
    const events = {
      info: (): void => {},
      warn: (name: string): void => {
        if (name === "contracts.fault") this.faults += 1;
      },
    };
    const other = spawn === undefined ? {} : { spawn };
    this.#process = startContractProcess({ events, watchdogMs, engineFlags, ...other });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** A sandbox in which nothing has run yet. */
  async renew(): Promise<void> {
    await this.#plain(frameTypes.renew);
  }

  /** What is known of state is asked for again. */
  async forget(): Promise<void> {
    await this.#plain(frameTypes.drop);
  }

  apply({ place, calls }: RigLedger, rows: Rows): Promise<LedgerOutcome> {
    const sequence = FIRST_SEQUENCE + place;
    const closeTime = FIRST_CLOSE_S + LEDGER_S * BigInt(place);
    return this.#process.ask({
      type: frameTypes.apply,
      retryType: frameTypes.applyOneByOne,
      payload: encodeLedger({ sequence, closeTime, vault, systemContracts: [], calls }),
      state: rows,
      allowanceMs: allowanceMs(calls),
      nameOf: (call) => callName(sequence, calls, call),
      read: (answer) => readOutcome(Buffer.from(answer)),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  async #plain(type: number): Promise<void> {
    const state = new Rows();
    const read = (): void => {};
    await this.#process.ask({ type, payload: new Uint8Array(), state, read });
  }
}

/** Everything a ledger did, as text that is equal when it did the same. */
export function traceOf({ receipts, writes }: LedgerOutcome): string {
  const told = receipts.map(toByteText);
  for (const { key, value } of writes) {
    told.push(toByteText(key), value === undefined ? "" : toByteText(value));
  }
  return JSON.stringify(told);
}

export function receiptsOf({ receipts }: LedgerOutcome): readonly Receipt[] {
  return receipts.map(decodeReceipt);
}
