/**
 * Loading ahead: values in order, while the next ones are already on their way.
 *
 * Range   It begins with one value and doubles with each success up to `aheadMax`, so that a reader at
 *         the end of a source asks for one thing, not for many that are not there. Of values larger
 *         than `bytesMax / aheadMax` fewer are loaded at a time. What is loaded ahead may take up a share
 *         of twice that: a source must not fill the memory by suddenly sending large ones. What did not
 *         fit, or was broken for another reason, is loaded once more, without that limit, in its turn.
 * Flow    Ends when `keys` do, or with the first undefined value. Leaving early aborts what is loading.
 */
import { isAceError } from "../lib/errors.ts";

/** Values grow, and a share that is just their size would have many loaded twice. */
const SHARE_SLACK = 2;

export interface PrefetchLimits {
  readonly aheadMax: number;
  readonly bytesMax: number;
}

export interface PrefetchOptions<Key, Value> {
  readonly keys: Iterable<Key>;
  /** Errors  `LEDGER_MALFORMED` for a value of over `bytesMax`. */
  readonly load: (
    key: Key,
    signal: AbortSignal,
    bytesMax: number | undefined,
  ) => Promise<Value | undefined>;
  readonly bytesOf: (value: Value) => number;
  readonly limits: PrefetchLimits;
  readonly signal?: AbortSignal | undefined;
}

export async function* prefetch<Key, Value>(
  options: PrefetchOptions<Key, Value>,
): AsyncGenerator<Value, void> {
  const { bytesOf, limits, signal } = options;
  const own = new AbortController();
  const both = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]);
  const keys = options.keys[Symbol.iterator]();
  const loading: (() => Promise<Value | undefined>)[] = [];
  let ahead = 1;
  let largest = 1;
  let isAtEnd = false;
  try {
    for (;;) {
      const room = Math.min(ahead, Math.max(1, Math.floor(limits.bytesMax / largest)));
      while (!isAtEnd && loading.length < room) {
        const { value: key, done } = keys.next();
        isAtEnd = done === true;
        const share = (SHARE_SLACK * limits.bytesMax) / room;
        if (done !== true)
          loading.push(begun(options, { key, share, both, isFirst: loading.length === 0 }));
      }
      const value = await loading.shift()?.();
      if (value === undefined) return;
      largest = Math.max(largest, bytesOf(value));
      ahead = Math.min(limits.aheadMax, ahead * 2);
      yield value;
    }
  } finally {
    own.abort();
  }
}

interface Load<Key> {
  readonly key: Key;
  readonly share: number;
  readonly both: AbortSignal;
  /** With nothing else on its way, the whole limit is free. */
  readonly isFirst: boolean;
}

/** Begins at once; what comes of it is asked for in its turn. */
function begun<Key, Value>(
  { load }: PrefetchOptions<Key, Value>,
  { key, share, both, isFirst }: Load<Key>,
): () => Promise<Value | undefined> {
  const promise = quietly(load(key, both, isFirst ? undefined : share));
  return () =>
    promise.catch((error: unknown) => {
      if (isFirst || !isAceError(error, "LEDGER_MALFORMED")) throw error;
      return load(key, both, undefined);
    });
}

/** A failure counts when its turn comes; until then nobody must call it unhandled. */
function quietly<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
