/** The pace port: waiting and jitter, for code outside the doors that must not touch clock or chance. */
import { setTimeout as pause } from "node:timers/promises";

export interface Pace {
  /** Resolves after `durationMs`; rejects when `signal` aborts. */
  wait(durationMs: number, signal?: AbortSignal): Promise<void>;
  /** A number from 0 up to 1, never 1, drawn evenly. */
  chance(): number;
}

export const systemPace: Pace = {
  wait: (durationMs, signal) =>
    pause(durationMs, undefined, signal === undefined ? {} : { signal }),
  chance: () => Math.random(),
};

/**
 * How long to wait before try `attempt` (1 for the first repeat): doubling from `baseMs` up to `maxMs`,
 * of which a random half keeps many clients from returning at the same moment.
 */
export function backOffMs(
  attempt: number,
  limits: { readonly baseMs: number; readonly maxMs: number },
  pace: Pick<Pace, "chance">,
): number {
  const fullMs = Math.min(limits.maxMs, limits.baseMs * 2 ** (attempt - 1));
  return Math.ceil(fullMs * (0.5 + pace.chance() / 2));
}
