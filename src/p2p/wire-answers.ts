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
  /** The peer has taken it back, or was choked: a later question may be for the same block. */
  isOver: boolean;
}

export class WireAnswers {
  readonly #host: AnswerHost;
  /** As many as there are requests that the library keeps: how many is limited where those come in. */
  readonly #waiting: Question[] = [];
  /** Being answered, and not at once. */
  #current: Question | undefined;

  constructor(host: AnswerHost) {
    this.#host = host;
  }

  add(block: Block, respond: Respond): void {
    const question = { block, respond, isOver: false };
    if (this.#current !== undefined) {
      this.#waiting.push(question);
      return;
    }
    const answering = this.#answer(question);
    if (answering !== undefined) void this.#goOn(question, answering);
  }

  /** The peer does not want it any more. */
  cancel({ index, offset, length }: Block): void {
    const isIt = ({ block, isOver }: Question) =>
      !isOver && block.index === index && block.offset === offset && block.length === length;
    if (this.#current !== undefined && isIt(this.#current)) {
      this.#current.isOver = true;
      return;
    }
    const place = this.#waiting.findIndex(isIt);
    if (place >= 0) this.#waiting.splice(place, 1);
  }

  cancelAll(): void {
    if (this.#current !== undefined) this.#current.isOver = true;
    this.#waiting.length = 0;
  }

  async #goOn(first: Question, answering: Promise<void>): Promise<void> {
    this.#current = first;
    await answering;
    // More may come while these are answered.
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#current = next;
      await this.#answer(next);
    }
    this.#current = undefined;
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

  #answerNow(question: Question): Promise<void> | undefined {
    if (question.isOver) return undefined;
    const found = this.#host.block(question.block);
    if (!(found instanceof Promise)) {
      this.#send(found, question);
      return undefined;
    }
    return found.then(
      (answer) => this.#send(answer, question),
      () => this.#send(undefined, question),
    );
  }

  #send(answer: BlockAnswer | undefined, { respond, isOver }: Question): void {
    if (isOver || this.#host.isClosed) answer?.onUnsent?.();
    if (this.#host.isClosed) return;
    if (isOver) {
      answer?.onSent?.();
      return;
    }
    if (answer === undefined) {
      respond(new Error("refused"));
      return;
    }
    respond(null, answer.bytes);
    if (answer.onSent !== undefined) this.#host.outbox.onceSent(answer.onSent);
  }
}
