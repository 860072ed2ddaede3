/**
 * The audit of the state in the background: all rows against the state tree, again and again, with a
 * small share of the processor.
 *
 * What it finds is told once, by name; the store then takes no ledger any more, which stops the
 * follower with the same fault.
 */
import type { Clock } from "../lib/clock.ts";
import { isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { Pace } from "../lib/pace.ts";
import type { Store } from "../store/store.ts";

interface Parts {
  readonly store: Pick<Store, "auditState">;
  readonly events: Events;
  readonly clock: Clock;
  readonly pace: Pick<Pace, "wait">;
}

/** A step that takes some milliseconds, so that nobody waits long for its end. */
const ROWS_A_STEP = 250;
/** Of one processor. */
const SHARE_MAX = 0.03;
const STEP_PAUSE_MS_MIN = 50;
const PASS_PAUSE_MS = 10 * 60_000;

/** An audit that goes on until it is disposed of. */
export function startStateAudit(parts: Parts): AsyncDisposable {
  const stop = new AbortController();
  const stopped = auditState(parts, stop.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await stopped;
    },
  };
}

/** Settles when `signal` aborts or damage is found. Never rejects for either. */
export async function auditState(parts: Parts, signal: AbortSignal): Promise<void> {
  const { store, events, clock, pace } = parts;
  let rows = 0;
  while (!signal.aborted) {
    const startedMs = clock.nowMs();
    const step = stepOf(store, events);
    if (step === undefined) return;
    rows += step.rows;
    const tookMs = clock.nowMs() - startedMs;
    const pauseMs = Math.max(STEP_PAUSE_MS_MIN, tookMs * (1 / SHARE_MAX - 1));
    if (step.isEnd) {
      events.info("state.audited", { rows });
      rows = 0;
    }
    await pace.wait(step.isEnd ? PASS_PAUSE_MS : pauseMs, signal).catch(() => undefined);
  }
}

function stepOf(store: Parts["store"], events: Events) {
  try {
    return store.auditState(ROWS_A_STEP);
  } catch (error) {
    if (!isAceError(error)) throw error;
    events.warn("state.damaged", { code: error.code, message: error.message });
    return undefined;
  }
}
