/**
 * Answers the requests of one peer, one after the other, so that the queue to a slow peer stays short.
 * What is at hand is answered at once, without a turn in between: most of what a seed does is this.
 */
import { SEND_QUEUE_MAX_BYTES } from "./limits.ts";
import type { Block, BlockAnswer } from "./wire-guard.ts";
import type { Outbox } from "./wire-outbox.ts";

type Respond = (error: Error | null, bytes?: Uint8Array) => void;

export interface AnswerHost {
  readonly outbox: Outbox;
  readonly isClosed: boolean;
  block(block: Block): BlockAnswer | undefined | Promise<BlockAnswer | undefined>;
}

interface Question {
  readonly block: Block;
  readonly respond: Respond;
}

export class WireAnswers {
  readonly #host: AnswerHost;
  /** How many there can be is limited where requests are taken in. */
  #waiting: Question[] = [];
  #isBusy = false;

  constructor(host: AnswerHost) {
    this.#host = host;
  }

  add(block: Block, respond: Respond): void {
    const question = { block, respond };
    if (this.#isBusy) {
      this.#waiting.push(question);
      return;
    }
    const answering = this.#answer(question);
    if (answering !== undefined) void this.#goOn(answering);
  }

  async #goOn(first: Promise<void>): Promise<void> {
    this.#isBusy = true;
    await first;
    // More may come while these are answered.
    for (let at = 0; at < this.#waiting.length; at += 1) {
      const question = this.#waiting[at];
      if (question !== undefined) await this.#answer(question);
    }
    this.#waiting = [];
    this.#isBusy = false;
  }

  /** Undefined when it was answered at once. */
  #answer(question: Question): Promise<void> | undefined {
    if (this.#host.isClosed) return undefined;
    if (this.#host.outbox.queuedBytes > SEND_QUEUE_MAX_BYTES) return this.#answerLater(question);
    return this.#answerNow(question);
  }

  async #answerLater(question: Question): Promise<void> {
    await this.#host.outbox.drained();
    await this.#answerNow(question);
  }

  #answerNow({ block, respond }: Question): Promise<void> | undefined {
    const found = this.#host.block(block);
    if (!(found instanceof Promise)) {
      this.#send(found, respond);
      return undefined;
    }
    return found.then(
      (answer) => this.#send(answer, respond),
      () => this.#send(undefined, respond),
    );
  }

  #send(answer: BlockAnswer | undefined, respond: Respond): void {
    if (this.#host.isClosed) return;
    if (answer === undefined) {
      respond(new Error("refused"));
      return;
    }
    respond(null, answer.bytes);
    if (answer.onSent !== undefined) this.#host.outbox.onceSent(answer.onSent);
  }
}
