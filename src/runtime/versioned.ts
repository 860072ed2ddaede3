/**
 * A worker that follows the rules of one protocol version, replaced by one of another version when that
 * is asked for: not before it has done all that it was asked to, and in the order of asking.
 */
import { AceError } from "../lib/errors.ts";
import type { Protocol } from "./protocol.ts";

export class Versioned<Worker extends AsyncDisposable> implements AsyncDisposable {
  readonly #start: (protocol: Protocol) => Worker;
  #worker: Worker;
  /** Of whoever asked last. */
  #number: number;
  /** Settles when the worker of that version stands ready. */
  #ready: Promise<void> = Promise.resolve();
  /** Settles when all that was asked for is done. */
  #done: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(protocol: Protocol, start: (protocol: Protocol) => Worker) {
    this.#start = start;
    this.#worker = start(protocol);
    this.#number = protocol.number;
  }

  get current(): Worker {
    return this.#worker;
  }

  use<T>(protocol: Protocol, work: (worker: Worker) => Promise<T>): Promise<T> {
    if (protocol.number !== this.#number) this.#replace(protocol);
    const worked = this.#ready.then(() => work(this.#worker));
    this.#done = Promise.allSettled([this.#done, worked]).then(() => undefined);
    return worked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#worker[Symbol.asyncDispose]();
  }

  #replace(protocol: Protocol): void {
    this.#number = protocol.number;
    this.#ready = this.#done.then(async () => {
      await this.#worker[Symbol.asyncDispose]();
      if (this.#isClosed) throw new AceError("CONTRACT_FAULT", "the contract process is closed");
      this.#worker = this.#start(protocol);
    });
    this.#ready.catch(() => undefined);
  }
}
