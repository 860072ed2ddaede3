/**
 * Loading ahead: values in order, while the next ones are already on their way.
 *
 * Range   It begins with one value and doubles with each success up to `aheadMax`, so that a reader at
 *         the end of a source asks for one thing, not for many that are not there. Of values larger
 *         than `bytesMax / aheadMax` fewer are loaded at a time.
 * Flow    Ends when `keys` do, or with the first undefined value. Leaving early aborts what is loading.
 */

export interface PrefetchLimits {
  readonly aheadMax: number;
  readonly bytesMax: number;
}

export interface PrefetchOptions<Key, Value> {
  readonly keys: Iterable<Key>;
  readonly load: (key: Key, signal: AbortSignal) => Promise<Value | undefined>;
  readonly bytesOf: (value: Value) => number;
  readonly limits: PrefetchLimits;
  readonly signal?: AbortSignal | undefined;
}

export async function* prefetch<Key, Value>(
  options: PrefetchOptions<Key, Value>,
): AsyncGenerator<Value, void> {
  const { load, bytesOf, limits, signal } = options;
  const own = new AbortController();
  const both = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]);
  const keys = options.keys[Symbol.iterator]();
  const loading: Promise<Value | undefined>[] = [];
  let ahead = 1;
  let largest = 1;
  let isAtEnd = false;
  try {
    for (;;) {
      const room = Math.min(ahead, Math.max(1, Math.floor(limits.bytesMax / largest)));
      while (!isAtEnd && loading.length < room) {
        const { value: key, done } = keys.next();
        isAtEnd = done === true;
        if (done !== true) loading.push(quietly(load(key, both)));
      }
      const value = await loading.shift();
      if (value === undefined) return;
      largest = Math.max(largest, bytesOf(value));
      ahead = Math.min(limits.aheadMax, ahead * 2);
      yield value;
    }
  } finally {
    own.abort();
  }
}

/** A failure counts when its turn comes; until then nobody must call it unhandled. */
function quietly<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
