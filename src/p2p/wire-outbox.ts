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

  /** Resolves when there is room for more, or the connection is gone. */
  async drained(): Promise<void> {
    this.flush();
    const socket = this.#socket;
    if (!socket.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off("drain", done);
        socket.off("close", done);
        resolve();
      };
      socket.on("drain", done);
      socket.on("close", done);
    });
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
    const last = parts.length - 1;
    for (let at = 0; at < last; at += 1) this.#socket.write(parts[at] ?? NOTHING);
    this.#socket.write(parts[last] ?? NOTHING, (error) => tell(onSent, error));
    this.#socket.uncork();
  }
}

const NOTHING = new Uint8Array();

function tell(onSent: readonly (() => void)[], error: Error | null | undefined): void {
  // What failed may still be read from: it is left to the collector.
  if (error === null || error === undefined) for (const done of onSent) done();
}

/** Runs of small messages become one; what is large is left where it lies. */
function joinSmall(messages: readonly Uint8Array[]): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let first = 0;
  for (let at = 0; at <= messages.length; at += 1) {
    const message = messages[at];
    if (message !== undefined && message.length <= SMALL_BYTES) continue;
    const only = messages[first];
    if (at - first > 1) parts.push(Buffer.concat(messages.slice(first, at)));
    else if (at > first && only !== undefined) parts.push(only);
    if (message !== undefined) parts.push(message);
    first = at + 1;
  }
  return parts;
}
