/**
 * How well the ledgers followed are proved, as three heights.
 *
 * Level 0: every hash holds and chains back to the founding ledger. Level 1: enough independent
 * sources name the same header hash, at this ledger or at one above it, and the value of such a ledger
 * is signed by a validator of our own configuration. Level 2: so many validators of our quorum set
 * agreed on a checkpoint at or above it. A height proves everything below it, through the chain.
 */
import { toHex } from "../lib/bytes.ts";
import type { ValueSignature } from "./ledger-header.ts";
import type { LedgerPoint } from "./ledger-point.ts";
import type { VerifiedLedger } from "./verify-ledger.ts";

export type TrustLevel = 0 | 1 | 2;

/** Whether the value of this ledger is signed by the key that it names. */
export type CheckValue = (value: {
  readonly setHash: Uint8Array;
  readonly closeTime: bigint;
  readonly signature: ValueSignature;
}) => boolean;

export interface TrustOptions {
  /** What a ledger must have reached before it is handed on. */
  readonly required: TrustLevel;
  /** How many sources must name the same hash, the one that sent the ledger among them. */
  readonly agreeing: number;
  /** Ed25519 keys of the validators that our configuration names, hexadecimal. */
  readonly validators: ReadonlySet<string>;
  readonly checkValue: CheckValue;
  /** The last ledger that was found anchored before. */
  readonly anchored?: LedgerPoint | undefined;
  /** Keeps the last anchored ledger over a restart. */
  readonly keepAnchored?: (point: LedgerPoint) => void;
}

export interface TrustHeights {
  /** The last ledger verified, handed on or not. */
  readonly tip: number | undefined;
  /** The highest ledger at level 1; undefined where it cannot be or was not reached. */
  readonly level1: number | undefined;
  /** The last ledger that the validators' own messages prove. */
  readonly anchored: number | undefined;
}

export class Trust {
  readonly required: TrustLevel;
  readonly agreeing: number;
  readonly #options: TrustOptions;
  #tip: number | undefined;
  #agreed: number | undefined;
  #level1: number | undefined;
  #anchored: LedgerPoint | undefined;

  constructor(options: TrustOptions) {
    this.required = options.required;
    this.agreeing = options.agreeing;
    this.#options = options;
    this.#anchored = options.anchored;
  }

  /** The height below which other sources have confirmed our chain, signed or not. */
  get agreed(): number | undefined {
    return this.#agreed;
  }

  get anchored(): LedgerPoint | undefined {
    return this.#anchored;
  }

  get heights(): TrustHeights {
    return { tip: this.#tip, level1: this.#level1, anchored: this.#anchored?.sequence };
  }

  get knowsValidators(): boolean {
    return this.#options.validators.size > 0;
  }

  reached(sequence: number | undefined): void {
    this.#tip = sequence;
  }

  confirmed({ sequence, isSigned }: { readonly sequence: number; readonly isSigned: boolean }) {
    this.#agreed = Math.max(this.#agreed ?? 0, sequence);
    if (isSigned) this.#level1 = Math.max(this.#level1 ?? 0, sequence);
  }

  proved(point: LedgerPoint): void {
    if (point.sequence <= (this.#anchored?.sequence ?? 0)) return;
    this.#anchored = point;
    this.#options.keepAnchored?.(point);
  }

  /** The highest ledger that has reached the level asked for, or a better one; 0 for none. */
  get granted(): number {
    if (this.required === 0) return this.#tip ?? 0;
    return Math.max(this.#proved, this.required === 1 ? (this.#level1 ?? 0) : 0);
  }

  levelOf(sequence: number): TrustLevel {
    if (sequence <= this.#proved) return 2;
    return sequence <= (this.#level1 ?? 0) ? 1 : 0;
  }

  /** An anchor that was found before a restart proves only a chain that has come to it. */
  get #proved(): number {
    const anchored = this.#anchored?.sequence ?? 0;
    return anchored <= (this.#tip ?? 0) ? anchored : 0;
  }

  /** False for a value that no validator of ours signed, and where we know none. */
  isSigned(ledger: VerifiedLedger): boolean {
    const { setHash, closeTime, valueSignature: signature } = ledger;
    if (signature === undefined) return false;
    const { validators, checkValue } = this.#options;
    return validators.has(toHex(signature.signer)) && checkValue({ setHash, closeTime, signature });
  }
}
