/** What an audit found: how many hashes of each kind held, and every failure with its place. */
import { type ErrorCode, isAceError } from "../lib/errors.ts";
import { describeFailure, type HashCheck, type HashName, holds } from "./hash-check.ts";

/** Of more failures than this only the number is kept. */
const FAILURES_MAX = 10_000;

/** What is checked beyond the hashes of single ledgers. */
export type AuditName =
  | HashName
  /** Ed25519 of the validator whose nomination was chosen. */
  | "valueSignature"
  /** Ed25519 of a message of consensus. */
  | "scpSignature"
  /** A value that was externalized, against the header's. */
  | "scpValue"
  /** A quorum set of an archive, against the hash that validators signed. */
  | "quorumSet"
  /** The buckets of a checkpoint, against its header. */
  | "bucketList"
  /** The bytes of a bucket, against its name. */
  | "bucketFile"
  /** A checkpoint, against the quorum set given. */
  | "anchor";

export type AuditedKind = "file" | "lake" | "archive";

export interface LedgerReport {
  readonly kind: AuditedKind;
  readonly ledgers: number;
  readonly transactions: number;
  /** Lowest and highest sequence read; undefined when none was. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** How many of each kind were checked and held. */
  readonly hashes: Readonly<Record<AuditName, number>>;
  /** Ledgers of an archive without a set, proved to be empty, by the form of the empty set. */
  readonly emptySets: Readonly<Record<EmptyForm, number>>;
  /** Whether envelopes and results were joined, for which the passphrase must be known. */
  readonly isPaired: boolean;
  /** What could not be checked, and why. */
  readonly notes: readonly string[];
  readonly failureCount: number;
  /** At most `FAILURES_MAX` of them. */
  readonly failures: readonly LedgerFailure[];
}

export type EmptyForm = "legacy" | "sequential" | "parallel";

export interface LedgerFailure {
  readonly path: string;
  readonly code: ErrorCode;
  /** Undefined when the file broke before the ledger's number could be read. */
  readonly ledger: number | undefined;
  /** Set when it was one hash, or one signature, that failed. */
  readonly hash: AuditName | undefined;
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly message: string;
}

export interface FailedCheck {
  readonly path: string;
  readonly ledger: number | undefined;
  readonly expected: string;
  readonly got: string;
  readonly message: string;
}

/** Counts what held and keeps what failed. */
export class Tally {
  readonly hashes: Record<AuditName, number> = {
    header: 0,
    previous: 0,
    transactionSet: 0,
    setPrevious: 0,
    results: 0,
    feePool: 0,
    applyOrder: 0,
    valueSignature: 0,
    scpSignature: 0,
    scpValue: 0,
    quorumSet: 0,
    bucketList: 0,
    bucketFile: 0,
    anchor: 0,
  };
  readonly failures: LedgerFailure[] = [];
  failureCount = 0;

  held(name: AuditName): void {
    this.hashes[name] += 1;
  }

  check(path: string, ledger: number, check: HashCheck): void {
    const { name, expected, got } = check;
    this.judge(name, holds(check), () => {
      return { path, ledger, expected, got, message: describeFailure(ledger, check) };
    });
  }

  judge(hash: AuditName, isHeld: boolean, failure: () => FailedCheck): void {
    if (isHeld) this.held(hash);
    else this.#keep({ ...failure(), hash, code: "LEDGER_HASH_MISMATCH" });
  }

  /** Errors `error` itself, when it is a fault of our own. */
  caught(path: string, error: unknown, ledger?: number): void {
    if (!isAceError(error)) throw error;
    const { code, message } = error;
    const nothing = { hash: undefined, expected: undefined, got: undefined };
    this.#keep({ path, code, ledger, message, ...nothing });
  }

  /** Runs one check that throws where it fails. */
  attempt(path: string, ledger: number, check: () => void): void {
    try {
      check();
    } catch (error) {
      this.caught(path, error, ledger);
    }
  }

  #keep(failure: LedgerFailure): void {
    this.failureCount += 1;
    if (this.failures.length < FAILURES_MAX) this.failures.push(failure);
  }
}
