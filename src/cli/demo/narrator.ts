/** Tells the demo in plain sentences, or as one line of JSON a step. */

import { jsonText } from "../json.ts";
import type { Output } from "../output.ts";

export interface Fact {
  readonly [name: string]: unknown;
}

export class Narrator {
  readonly #output: Output;
  readonly #json: boolean;
  readonly #startedMs: number;
  #step = 0;

  constructor(output: Output, json: boolean) {
    this.#output = output;
    this.#json = json;
    this.#startedMs = performance.now();
  }

  /** Tells one step that is done. `facts` go to JSON whole, and to people as the lines given. */
  tell(step: string, sentence: string, facts: Fact, lines: readonly string[] = []): void {
    this.#step += 1;
    if (this.#json) {
      const seconds = Math.round((performance.now() - this.#startedMs) / 100) / 10;
      process.stdout.write(`${jsonText({ step, ok: true, seconds, ...facts })}\n`);
      return;
    }
    this.#output.line("");
    this.#output.line(`${String(this.#step).padStart(2)}  ${sentence}`, "strong");
    for (const line of lines) this.#output.line(`    ${line}`);
  }

  /** What is being waited for; a person should not stare at nothing. */
  wait(sentence: string): void {
    if (!this.#json) this.#output.note(`    … ${sentence}`, "dim");
  }
}

/** `transaction 9f31… in ledger 12`. */
export function proofLine({
  hash,
  ledger,
}: {
  readonly hash: string;
  readonly ledger: number;
}): string {
  return `Stellar transaction ${hash} in ledger ${ledger}`;
}
