/**
 * The chain being built: ledgers that are verified and linked, held until they may be handed on.
 *
 * Nothing is ever taken back that was handed on. What is only held may turn out to be another's
 * invention, however well it holds together; then the chain begins anew after the last one given.
 *
 * Range   At most `HELD_LEDGERS_MAX` are held; then nothing more is accepted until some are given.
 */
import { AceError, isAceError } from "../lib/errors.ts";
import type { ClosedLedger } from "./closed-ledger.ts";
import type { LedgerPoint } from "./ledger-point.ts";
import type { RawLedger } from "./ledger-source.ts";
import { scanLedger } from "./scan.ts";
import { anotherNetwork } from "./source-lane.ts";
import { type VerificationGrade, type VerifiedLedger, verifyRaw } from "./verify-ledger.ts";
import type { WatchedSource } from "./watched-source.ts";

/** Sixteen checkpoints: what may wait for the archives to publish. */
const HELD_LEDGERS_MAX = 1_024;

export interface ChainOptions {
  /** The last ledger handed on; undefined to begin with the founding ledger itself. */
  readonly cursor: LedgerPoint | undefined;
  readonly start: LedgerPoint | undefined;
  readonly passphrase: string;
  readonly vaults: readonly string[];
}

export interface Acceptable {
  readonly supplier: WatchedSource;
  /** A ledger that is proved already. */
  readonly anchored: LedgerPoint | undefined;
  readonly grade: VerificationGrade;
}

/** What became of a ledger that a source sent. */
export type Acceptance =
  | { readonly kind: "linked"; readonly ledger: VerifiedLedger }
  /** It holds together and follows another ledger than ours. */
  | { readonly kind: "rival"; readonly ledger: VerifiedLedger; readonly error: AceError };

interface Tip {
  readonly sequence: number;
  /** Undefined before the founding ledger. */
  readonly hash: string | undefined;
  readonly feePool: bigint | undefined;
  readonly protocolVersion: number | undefined;
  readonly closeTime: bigint | undefined;
  readonly supplier: WatchedSource | undefined;
}

export class HeldChain {
  readonly #options: ChainOptions;
  #base: Tip;
  #tip: Tip;
  #held: { readonly closed: ClosedLedger; readonly tip: Tip }[] = [];
  #given = 0;
  #tipRaw: RawLedger | undefined;

  constructor(options: ChainOptions) {
    const { cursor, start } = options;
    this.#options = options;
    const sequence = cursor?.sequence ?? (start?.sequence ?? 1) - 1;
    this.#base = {
      sequence,
      hash: cursor?.hash,
      feePool: undefined,
      protocolVersion: undefined,
      closeTime: undefined,
      supplier: undefined,
    };
    this.#tip = this.#base;
  }

  get want(): number {
    return this.#tip.sequence + 1;
  }

  /** The last ledger accepted; undefined before the first of all. */
  get tip(): (Tip & LedgerPoint) | undefined {
    const { hash } = this.#tip;
    return hash === undefined ? undefined : { ...this.#tip, hash };
  }

  /** The last ledger accepted as it was sent, unless it was taken back. */
  get tipRaw(): RawLedger | undefined {
    return this.#tipRaw;
  }

  /** The last ledger handed on. */
  get base(): number {
    return this.#base.sequence;
  }

  get isFull(): boolean {
    return this.#held.length - this.#given >= HELD_LEDGERS_MAX;
  }

  /** Errors as of `verifyRaw`, and `NETWORK_MISMATCH` for another founding ledger. */
  accept(raw: RawLedger, { supplier, anchored, grade }: Acceptable): Acceptance {
    const { passphrase, vaults, start } = this.#options;
    const before = this.#tip;
    const sequence = before.sequence + 1;
    let ledger: VerifiedLedger;
    try {
      ledger = verifyRaw(raw, {
        passphrase,
        sequence,
        grade,
        previousHash: before.hash,
        previousFeePool: before.feePool,
        previousProtocol: before.protocolVersion,
      });
    } catch (error) {
      const rival = isAceError(error, "LEDGER_HASH_MISMATCH") ? this.#byItself(raw) : undefined;
      if (!isAceError(error) || rival === undefined) throw error;
      return { kind: "rival", ledger: rival, error };
    }
    const { hash, feePool, protocolVersion, closeTime } = ledger;
    if (sequence === start?.sequence && hash !== start.hash) throw anotherNetwork(start, hash);
    if (sequence === anchored?.sequence && hash !== anchored.hash)
      throw notAnchored(anchored, hash);
    if (before.closeTime !== undefined && closeTime <= before.closeTime) {
      throw new AceError(
        "LEDGER_HASH_MISMATCH",
        `ledger ${sequence} closed at ${closeTime}, no later than the one before`,
      );
    }
    // Reading what concerns us joins results to envelopes, which may come out as a lie as well.
    const closed = scanLedger(ledger, vaults);
    this.#tip = { sequence, hash, feePool, protocolVersion, closeTime, supplier };
    this.#tipRaw = raw;
    this.#held.push({ closed, tip: this.#tip });
    return { kind: "linked", ledger };
  }

  /** The next ledger to hand on, when it is no higher than `height`. */
  give(height: number): ClosedLedger | undefined {
    const next = this.#held[this.#given];
    if (next === undefined || next.tip.sequence > height) return undefined;
    this.#given += 1;
    this.#base = next.tip;
    if (this.#given === this.#held.length) {
      this.#held = [];
      this.#given = 0;
    }
    return next.closed;
  }

  /** Lets go of all that was not handed on. */
  rollBack(): void {
    this.#held = [];
    this.#given = 0;
    this.#tip = this.#base;
    this.#tipRaw = undefined;
  }

  /** The ledger without regard to ours; undefined when it follows ours, or does not hold together. */
  #byItself(raw: RawLedger): VerifiedLedger | undefined {
    const { passphrase } = this.#options;
    try {
      const ledger = verifyRaw(raw, { passphrase, sequence: this.want });
      return ledger.previousHash === this.#tip.hash ? undefined : ledger;
    } catch {
      return undefined;
    }
  }
}

function notAnchored(anchored: LedgerPoint, hash: string): AceError {
  const what = `ledger ${anchored.sequence} has the hash ${hash}`;
  return new AceError("LEDGER_HASH_MISMATCH", `${what}; it was anchored as ${anchored.hash}`);
}
