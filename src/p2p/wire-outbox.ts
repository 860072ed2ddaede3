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

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** What the peer's side of the connection has not taken yet. */
  get queuedBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  push(message: Uint8Array): void {
    if (this.#messages.length === 0) process.nextTick(this.#flush);
    this.#messages.push(message);
    this.#bytes += message.length;
  }

  flush(): void {
    const messages = this.#messages;
    if (messages.length === 0) return;
    this.#messages = [];
    this.#bytes = 0;
    if (!this.#socket.writable) return;
    this.#socket.cork();
    for (const part of joinSmall(messages)) this.#socket.write(part);
    this.#socket.uncork();
  }
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
