/**
 * How many signatures strangers may have checked: a bucket for each address, and a few each turn.
 *
 * A signature costs as much as a thousand of the bytes that ask for it. An address that has used up its
 * share waits, and who would have to wait too long is refused before anything is computed. A crowd that
 * comes at once is let in over several turns, so that the bytes of those inside go on flowing.
 *
 * Range   `PROOFS_PER_S` and `PROOFS_BURST_MAX` of one address; `VERIFIES_PER_TURN` of all together.
 */
import { performance } from "node:perf_hooks";
import { payerOf } from "./address-pace.ts";
import {
  ADDRESSES_MAX,
  PROOF_WAIT_MS_MAX,
  PROOFS_BURST_MAX,
  PROOFS_PER_S,
  VERIFIES_PER_TURN,
  VERIFIES_WAITING_MAX,
} from "./limits.ts";

const PROOF_MS = 1_000 / PROOFS_PER_S;

export class VerifyBudget {
  /** By address: when its bucket is full again. */
  readonly #fullAtMs = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  readonly #nowMs: () => number;
  #delayed = 0;
  #leftOfTurn = VERIFIES_PER_TURN;
  #isTurning = false;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Does the work now, or soon. False when the address has asked for too much: then never. */
  ask(address: string, work: () => void): boolean {
    if (this.#waiting.length + this.#delayed >= VERIFIES_WAITING_MAX) return false;
    const waitMs = this.#take(payerOf(address));
    if (waitMs > PROOF_WAIT_MS_MAX) return false;
    if (waitMs <= 0) {
      this.#admit(work);
      return true;
    }
    this.#delayed += 1;
    setTimeout(() => {
      this.#delayed -= 1;
      this.#admit(work);
    }, waitMs).unref();
    return true;
  }

  /** Milliseconds until the address may have its next one; taken only when that is soon enough. */
  #take(address: string): number {
    const nowMs = this.#nowMs();
    const fullAtMs = Math.max(this.#fullAtMs.get(address) ?? 0, nowMs);
    const waitMs = fullAtMs + PROOF_MS - nowMs - PROOFS_BURST_MAX * PROOF_MS;
    if (waitMs > PROOF_WAIT_MS_MAX) return waitMs;
    this.#fullAtMs.delete(address);
    this.#fullAtMs.set(address, fullAtMs + PROOF_MS);
    if (this.#fullAtMs.size > ADDRESSES_MAX) {
      const oldest = this.#fullAtMs.keys().next();
      if (oldest.done !== true) this.#fullAtMs.delete(oldest.value);
    }
    return waitMs;
  }

  #admit(work: () => void): void {
    this.#waiting.push(work);
    this.#spend();
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#leftOfTurn = VERIFIES_PER_TURN;
    this.#isTurning = this.#waiting.length > 0;
    this.#spend();
    if (this.#isTurning) setImmediate(() => this.#turn());
  }

  #spend(): void {
    while (this.#leftOfTurn > 0) {
      const work = this.#waiting.shift();
      if (work === undefined) return;
      this.#leftOfTurn -= 1;
      work();
    }
  }
}
