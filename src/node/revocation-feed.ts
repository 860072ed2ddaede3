/**
 * Asks an issuer's node for revocations, again and again, so that what it takes back ends here too.
 *
 * Each list is believed for its signature, not for where it came from. A node out of reach is asked
 * again later; until then a token stands for the rest of its short life. While its lists are understood,
 * the issuers of network.json are confirmed: keys that were ended are among what it tells.
 *
 * Units   Milliseconds where the name says so.
 * Range   A look every `POLL_MS`, after faults up to every `POLL_MS_MAX`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type IssuerEntry, makeIssuerSet } from "../access/issuer-set.ts";
import { readDelta } from "../access/revocation-delta.ts";
import type { NodeClient } from "../client/http.ts";
import type { Clock } from "../lib/clock.ts";
import { isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { AccessGuard } from "./policy.ts";

export interface RevocationFeedParts {
  readonly node: Pick<NodeClient, "url" | "revocations">;
  readonly guard: AccessGuard;
  /** Those of network.json. */
  readonly issuers: readonly IssuerEntry[];
  readonly events: Events;
  readonly clock: Clock;
}

const POLL_MS = 2_000;
const POLL_MS_MAX = 30_000;

/** Resolves when `signal` aborts. Never rejects. */
export async function followRevocations(
  parts: RevocationFeedParts,
  signal: AbortSignal,
): Promise<void> {
  let since = 0;
  let waitMs = POLL_MS;
  while (!signal.aborted) {
    try {
      since = await readPage(parts, since);
      waitMs = POLL_MS;
    } catch (error) {
      if (signal.aborted) return;
      const code = isAceError(error) ? error.code : "INTERNAL";
      parts.events.info("access.revocations_unread", { node: parts.node.url, code });
      waitMs = Math.min(2 * waitMs, POLL_MS_MAX);
    }
    await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** What to ask for next. */
async function readPage(
  { node, guard, issuers: listed, events, clock }: RevocationFeedParts,
  since: number,
): Promise<number> {
  const { next, deltas } = await node.revocations(since);
  const issuers = makeIssuerSet(listed);
  const read = deltas.map((delta) => readDelta(delta, { net: guard.net, issuers }));
  const revocations = read.flatMap((delta) => delta?.revocations ?? []);
  guard.revocations.add(revocations, Math.floor(clock.nowMs() / 1_000));
  const refused = read.filter((delta) => delta === undefined).length;
  if (refused > 0) events.warn("access.revocations_forged", { node: node.url, lists: refused });
  else guard.issuers.hear(listed);
  // An issuer that begins to count anew has lost its lists: they are read again from the first.
  return next < since ? 0 : next;
}
