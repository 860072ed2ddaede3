/** Who waits for something to grow is told; each waits for a bounded time, and not after it has gone. */
export class Growth {
  readonly #waiting = new Set<() => void>();

  tell(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** For tests and figures: who waits now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** False when nothing grew in that time. Errors: the signal's reason. */
  async wait(signal: AbortSignal, limitMs: number): Promise<boolean> {
    signal.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const wake = () => resolve(true);
    const timer = setTimeout(() => resolve(false), Math.max(0, limitMs));
    this.#waiting.add(wake);
    signal.addEventListener("abort", wake);
    try {
      const hasGrown = await promise;
      signal.throwIfAborted();
      return hasGrown;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(wake);
      signal.removeEventListener("abort", wake);
    }
  }
}
