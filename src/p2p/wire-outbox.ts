/**
 * Outbox: what is said to a peer in one turn leaves in one system call.
 *
 * Units   Bytes.
 */
import type { Socket } from "node:net";

/** Up to here messages are put together in one buffer; above, the kernel collects them. */
const SMALL_BYTES = 512;

export class Outbox {
  readonly #socket: Socket;
  readonly #flush = () => this.flush();
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #onSent: (() => void)[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** What the peer's side of the connection has not taken yet. */
  get queuedBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** `done` is called when what was pushed so far has left; never when the connection ends before. */
  onceSent(done: () => void): void {
    this.#onSent.push(done);
  }

  push(message: Uint8Array): void {
    if (this.#messages.length === 0) process.nextTick(this.#flush);
    this.#messages.push(message);
    this.#bytes += message.length;
  }

  flush(): void {
    const messages = this.#messages;
    if (messages.length === 0) return;
    const onSent = this.#onSent;
    this.#messages = [];
    this.#onSent = [];
    this.#bytes = 0;
    if (!this.#socket.writable) return;
    this.#socket.cork();
    const parts = joinSmall(messages);
    for (const part of parts.slice(0, -1)) this.#socket.write(part);
    this.#socket.write(parts.at(-1) ?? NOTHING, (error) => tell(onSent, error));
    this.#socket.uncork();
  }
}

const NOTHING = new Uint8Array();

function tell(onSent: readonly (() => void)[], error: Error | null | undefined): void {
  // What failed may still be read from: it is left to the collector.
  if (error === null || error === undefined) for (const done of onSent) done();
}

function joinSmall(messages: readonly Uint8Array[]): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const end = () => {
    const [only, another] = small;
    if (only !== undefined) parts.push(another === undefined ? only : Buffer.concat(small));
    small = [];
  };
  for (const message of messages) {
    if (message.length <= SMALL_BYTES) {
      small.push(message);
      continue;
    }
    end();
    parts.push(message);
  }
  end();
  return parts;
}
