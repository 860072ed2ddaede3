/**
 * Arrivals: readers wait here for pieces.
 *
 * Errors  `CONTENT_UNREACHABLE` when nothing arrives for too long, or the error given to `fail`.
 */
import { AceError } from "../lib/errors.ts";

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

interface Watcher {
  onArrival(): void;
  reject(error: unknown): void;
}

export class Arrivals {
  readonly #waiters = new Map<number, Set<Waiter>>();
  readonly #watchers = new Set<Watcher>();
  readonly #stallMs: number;

  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  /** Resolves when the piece has arrived. */
  async wait(index: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { resolve, reject };
    const waiters = this.#waiters.get(index) ?? new Set();
    this.#waiters.set(index, waiters.add(waiter));
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(() => {
      reject(new AceError("CONTENT_UNREACHABLE", `piece ${index} did not arrive`));
    }, this.#stallMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiters.get(index) === waiters) this.#waiters.delete(index);
    }
  }

  /** Resolves when `isDone`; that no piece at all arrives for too long is a failure. */
  async waitUntil(isDone: () => boolean, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (isDone()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(() => {
      reject(new AceError("CONTENT_UNREACHABLE", "no piece arrives any more"));
    }, this.#stallMs);
    const watcher = {
      reject,
      onArrival: () => {
        if (isDone()) resolve();
        else timer.refresh();
      },
    };
    this.#watchers.add(watcher);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      this.#watchers.delete(watcher);
    }
  }

  arrived(index: number): void {
    for (const watcher of this.#watchers) watcher.onArrival();
    const waiters = this.#waiters.get(index);
    this.#waiters.delete(index);
    for (const waiter of waiters ?? []) waiter.resolve();
  }

  /** Ends every wait: what they wait for will not come. */
  fail(error: unknown): void {
    const all = [...this.#waiters.values()].flatMap((waiters) => [...waiters]);
    this.#waiters.clear();
    for (const waiter of [...all, ...this.#watchers]) waiter.reject(error);
  }
}
