/**
 * Asks a node for news, again and again, and ever more seldom while it does not answer.
 *
 * Units   Milliseconds.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";

export interface PollTerms {
  readonly node: { readonly url: string };
  readonly everyMs: number;
  /** After faults. */
  readonly everyMsMax: number;
  /** The event that says that it did not answer. */
  readonly unanswered: string;
  readonly events: Events;
}

/** Resolves when `signal` aborts, also while a node keeps a look waiting. Never rejects. */
export async function poll(
  terms: PollTerms,
  look: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const end = () => ended.resolve();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  await Promise.race([ended.promise, lookAgain(terms, look, signal)]);
}

async function lookAgain(
  { node, everyMs, everyMsMax, unanswered, events }: PollTerms,
  look: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let waitMs = everyMs;
  while (!signal.aborted) {
    try {
      await look();
      waitMs = everyMs;
    } catch (error) {
      if (signal.aborted) return;
      const code = isAceError(error) ? error.code : "INTERNAL";
      events.info(unanswered, { node: node.url, code });
      waitMs = Math.min(2 * waitMs, everyMsMax);
    }
    await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
