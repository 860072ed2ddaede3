/**
 * Asks an issuer's node for revocations, again and again, so that what it takes back ends here too.
 *
 * Each list is believed for its signature, not for where it came from. A node out of reach is asked
 * again later; until then a token stands for the rest of its short life. A list ends tokens of who signed
 * it, and of nobody else.
 *
 * Units   Milliseconds where the name says so.
 * Range   A look every `POLL_MS`, after faults up to every `POLL_MS_MAX`. A list that is refused is read
 *         again for `HELD_LOOKS`: its issuer may be one that this process is about to hear of.
 */
import { readDelta } from "../access/revocation-delta.ts";
import type { NodeClient } from "../client/http.ts";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import type { AccessGuard } from "./policy.ts";
import { poll } from "./polling.ts";

export interface RevocationFeedParts {
  readonly node: Pick<NodeClient, "url" | "revocations">;
  readonly guard: AccessGuard;
  readonly events: Events;
  readonly clock: Clock;
}

const POLL_MS = 2_000;
const POLL_MS_MAX = 30_000;
const HELD_LOOKS = 30;

/** Resolves when `signal` aborts. Never rejects. */
export async function followRevocations(
  parts: RevocationFeedParts,
  signal: AbortSignal,
): Promise<void> {
  const { node, events } = parts;
  const terms = { node, everyMs: POLL_MS, everyMsMax: POLL_MS_MAX, events };
  let place: Place = { since: 0, held: 0 };
  const look = async () => {
    place = await readPage(parts, place);
  };
  await poll({ ...terms, unanswered: "access.revocations_unread" }, look, signal);
}

interface Place {
  /** What to ask for. */
  readonly since: number;
  /** For so many looks a list was refused there. */
  readonly held: number;
}

async function readPage(
  { node, guard, events, clock }: RevocationFeedParts,
  { since, held }: Place,
): Promise<Place> {
  const { next, deltas } = await node.revocations(since);
  const issuers = guard.issuers.current();
  const nowS = Math.floor(clock.nowMs() / 1_000);
  let refused = 0;
  for (const delta of deltas) {
    const read = readDelta(delta, { net: guard.net, issuers });
    if (read === undefined) refused += 1;
    else guard.revocations.add(read.revocations, nowS, read.issuer);
  }
  // An issuer that begins to count anew has lost its lists: they are read again from the first.
  const after = { since: next < since ? 0 : next, held: 0 };
  if (refused === 0) return after;
  if (held === 0) events.warn("access.revocations_refused", { node: node.url, lists: refused });
  return held + 1 < HELD_LOOKS ? { since, held: held + 1 } : after;
}
