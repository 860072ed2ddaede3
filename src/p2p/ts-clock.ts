/**
 * The clock of a transport stream, made continuous.
 *
 * Units   `mediaMs` counts from the first reading. Where the stream's clock jumps it stands still.
 * Source  ISO/IEC 13818-1, 2.4.2.1 and 2.4.3.5.
 */
import { PCR_JUMP_MS } from "./limits.ts";
import type { TsPacket } from "./ts-packet.ts";

const PCR_WRAP = 2 ** 33;
const PCR_PER_MS = 90;

export class TsClock {
  #mediaMs = 0;
  #last: number | undefined;
  #isInterrupted = false;

  get mediaMs(): number {
    return this.#mediaMs;
  }

  /** What follows is not the same stream any more. */
  interrupt(): void {
    this.#isInterrupted = true;
  }

  /** True when the clock jumps at this packet. */
  read({ pcr90k, isDiscontinuity }: TsPacket): boolean {
    if (pcr90k === undefined) return false;
    const before = this.#last;
    this.#last = pcr90k;
    const isDeclared = isDiscontinuity || this.#isInterrupted;
    this.#isInterrupted = false;
    if (before === undefined) return false;
    const passedMs = ((pcr90k - before + PCR_WRAP) % PCR_WRAP) / PCR_PER_MS;
    // Backwards is seen as nearly a whole turn forwards.
    if (isDeclared || passedMs > PCR_JUMP_MS) return true;
    this.#mediaMs += passedMs;
    return false;
  }
}
