/**
 * The state of one view: committed state, read at one moment or not at all.
 *
 * A view asks for keys one after the other, and a ledger may be committed in between. Then the view
 * begins anew, and all that it asked for so far is read at once before it does: it never sees both
 * sides of a commit, and no ledger ever waits for a reader.
 */
import type { Ground, Row } from "./overlay.ts";

/** State went on under a reader. */
export class StateMoved extends Error {
  override readonly name = "StateMoved";
}

/** Each time it had to ask for at least one key more. */
const KEYS_MAX = 10_000;

export class ViewSnapshot implements Ground {
  readonly #state: Ground;
  readonly #generation: () => number;
  readonly #asked = new Set<string>();
  #began = 0;

  /** `generation` tells commits apart. */
  constructor(state: Ground, generation: () => number) {
    this.#state = state;
    this.#generation = generation;
  }

  /** Begins, or begins anew: keys and values in turn, of all that was asked for before. */
  begin(): readonly string[] {
    this.#began = this.#generation();
    return [...this.#asked].flatMap((key) => [key, this.#state.get(key) ?? ""]);
  }

  get(key: string): string | undefined {
    if (this.#asked.size < KEYS_MAX) this.#asked.add(key);
    this.#demandSame();
    return this.#state.get(key);
  }

  scan(prefix: string, after: string, limit: number): readonly Row[] {
    this.#demandSame();
    return this.#state.scan(prefix, after, limit);
  }

  #demandSame(): void {
    if (this.#generation() !== this.#began) throw new StateMoved("a ledger was committed");
  }
}
