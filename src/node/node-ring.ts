/**
 * Several nodes of one network, asked in turn: the one that answered last is asked first, and the next one
 * when it does not answer, or not in time.
 *
 * Units   Milliseconds.
 * Errors  What the last one answered, or that it did not.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AceError, isAceError } from "../lib/errors.ts";

interface Named {
  readonly url: string;
}

/** So long is waited for one while there is another. */
const PATIENCE_MS = 5_000;
/** The node has too many questions just now. */
const BUSY_STATUS = 429;

export class NodeRing<Node extends Named> {
  readonly #nodes: readonly Node[];
  readonly #patienceMs: number;
  #first = 0;

  constructor(nodes: readonly Node[], patienceMs = PATIENCE_MS) {
    this.#nodes = nodes;
    this.#patienceMs = patienceMs;
  }

  /** @param goesOn Whether another node may know better. */
  async ask<T>(work: (node: Node) => Promise<T>, goesOn = isPassing): Promise<T> {
    const count = this.#nodes.length;
    const begin = this.#first;
    for (let step = 0; ; step += 1) {
      const place = (begin + step) % count;
      const node = this.#nodes[place];
      if (node === undefined) throw new AceError("NODE_UNREACHABLE", "no node is named");
      const isLast = step + 1 === count;
      try {
        const answer = await (isLast ? work(node) : this.#patiently(node, work(node)));
        this.#first = place;
        return answer;
      } catch (error) {
        if (isLast || !goesOn(error)) throw error;
      }
    }
  }

  async #patiently<T>({ url }: Named, answer: Promise<T>): Promise<T> {
    const waitMs = this.#patienceMs;
    const done = new AbortController();
    const { signal } = done;
    const late = sleep(waitMs, undefined, { signal, ref: false }).then((): never => {
      throw new AceError("NODE_UNREACHABLE", `${url} has not answered for ${waitMs} ms`);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      done.abort();
      // Whichever was too late is nobody's business any more.
      late.catch(() => undefined);
      answer.catch(() => undefined);
    }
  }
}

/** Whether it is the node, and not the question, that is the matter. */
export function isPassing(error: unknown): boolean {
  return isAceError(error) && (error.status >= 500 || error.status === BUSY_STATUS);
}
