/**
 * A long text on its way out of the isolate, in pieces: its parts are of no use from then on, and only
 * crossing joins them.
 */
import type { ProcessPort } from "./sandbox.ts";

const PIECE_CHARACTERS = 48 * 1024;

export class Pieces {
  readonly #port: Pick<ProcessPort, "tell">;
  #open = "";

  constructor(port: Pick<ProcessPort, "tell">) {
    this.#port = port;
  }

  add(text: string): void {
    this.#open += text;
    if (this.#open.length >= PIECE_CHARACTERS) this.end();
  }

  /** Tells what is left. */
  end(): void {
    if (this.#open !== "") this.#port.tell(this.#open);
    this.#open = "";
  }
}
