/** The audit of many ledgers, file by file: what held, what failed, and where. */
import { toHex } from "../lib/bytes.ts";
import { AceError, type ErrorCode, isAceError } from "../lib/errors.ts";
import { type CloseMeta, readCloseMeta } from "./close-meta.ts";
import { describeFailure, type HashName, holds } from "./hash-check.ts";
import { type ObjectName, readLedgerObject } from "./ledger-object.ts";
import { checkLedger, pairTransactions } from "./verify-ledger.ts";

export interface LedgerReport {
  readonly ledgers: number;
  readonly transactions: number;
  /** Lowest and highest sequence read; undefined when none was. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** How many hashes of each kind were checked and held. */
  readonly hashes: Readonly<Record<HashName, number>>;
  /** Whether envelopes and results were joined, for which the passphrase must be known. */
  readonly isPaired: boolean;
  readonly failures: readonly LedgerFailure[];
}

export interface LedgerFailure {
  readonly path: string;
  readonly code: ErrorCode;
  /** Undefined when the file broke before the ledger's number could be read. */
  readonly ledger: number | undefined;
  /** Set when it was one hash that failed. */
  readonly hash: HashName | undefined;
  readonly message: string;
}

export interface AuditOptions {
  readonly passphrase?: string | undefined;
  readonly onLedger?: (sequence: number) => void;
  readonly objectBytesMax?: number;
}

export class LedgerAudit {
  readonly #options: AuditOptions;
  readonly #failures: LedgerFailure[] = [];
  readonly #hashes: Record<HashName, number> = {
    header: 0,
    previous: 0,
    transactionSet: 0,
    setPrevious: 0,
    results: 0,
    feePool: 0,
  };
  #ledgers = 0;
  #transactions = 0;
  #first: number | undefined;
  #last: number | undefined;
  #tip: { readonly sequence: number; readonly hash: string; readonly feePool: bigint } | undefined;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /** @param name What the file's name promises, when it is an object of a lake. */
  add(path: string, file: Uint8Array, name: ObjectName | undefined): void {
    const sequences: number[] = [];
    try {
      for (const raw of readLedgerObject(file, this.#options)) {
        sequences.push(this.#addLedger(path, readCloseMeta(raw)));
      }
      checkName(path, name, sequences);
    } catch (error) {
      // What is left of this file cannot be read, but the next file can.
      this.addFailure(path, error);
    }
  }

  /** Errors `error` itself, when it is a fault of our own. */
  addFailure(path: string, error: unknown, ledger?: number): void {
    if (!isAceError(error)) throw error;
    const { code, message } = error;
    this.#failures.push({ path, code, ledger, hash: undefined, message });
  }

  report(): LedgerReport {
    return {
      ledgers: this.#ledgers,
      transactions: this.#transactions,
      first: this.#first,
      last: this.#last,
      hashes: { ...this.#hashes },
      isPaired: this.#options.passphrase !== undefined,
      failures: [...this.#failures],
    };
  }

  #addLedger(path: string, meta: CloseMeta): number {
    const sequence = meta.header.ledgerSeq;
    const tip = this.#tip?.sequence === sequence - 1 ? this.#tip : undefined;
    const link = { previousHash: tip?.hash, previousFeePool: tip?.feePool };
    const checks = checkLedger(meta, link);
    for (const check of checks) {
      if (holds(check)) this.#hashes[check.name] += 1;
      else this.#failHash(path, sequence, check.name, describeFailure(sequence, check));
    }
    if (checks.every(holds)) this.#pair(path, meta);
    this.#tip = { sequence, hash: toHex(meta.claimedHash), feePool: meta.header.feePool };
    this.#ledgers += 1;
    this.#transactions += meta.set?.envelopes.length ?? 0;
    this.#first = Math.min(this.#first ?? sequence, sequence);
    this.#last = Math.max(this.#last ?? sequence, sequence);
    this.#options.onLedger?.(sequence);
    return sequence;
  }

  #pair(path: string, meta: CloseMeta): void {
    const { passphrase } = this.#options;
    if (passphrase === undefined) return;
    try {
      pairTransactions(meta, passphrase);
    } catch (error) {
      this.addFailure(path, error, meta.header.ledgerSeq);
    }
  }

  #failHash(path: string, ledger: number, hash: HashName, message: string): void {
    this.#failures.push({ path, code: "LEDGER_HASH_MISMATCH", ledger, hash, message });
  }
}

/** A lake is read by name, so an object that holds other ledgers than it is named for hides some. */
function checkName(path: string, name: ObjectName | undefined, sequences: readonly number[]): void {
  if (name === undefined) return;
  const isRun = sequences.every((sequence, index) => sequence === name.first + index);
  if (isRun && sequences.length === name.last - name.first + 1) return;
  throw new AceError("LEDGER_MALFORMED", `${path} does not hold the ledgers it is named for`);
}
