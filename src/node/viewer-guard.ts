/**
 * The access policy of a process that follows no ledger, a viewer's engine or a live source: issuers' nodes
 * tell it what was revoked and who the issuers are, and it believes signatures alone.
 */
import { networkId } from "../contracts/service-network.ts";
import type { Events } from "../lib/events.ts";
import { followIssuers } from "./issuer-feed.ts";
import { type KeptRoll, openKeptRoll } from "./issuer-file.ts";
import { revokeKeys } from "./issuer-watch.ts";
import { signingNow } from "./known-issuers.ts";
import { type AccessGuard, openPolicy, toldIn } from "./policy.ts";
import { followRevocations } from "./revocation-feed.ts";
import { nodesOf, type Viewer } from "./token-source.ts";

export interface ViewerGuard extends AccessGuard, AsyncDisposable {}

interface ViewerGuardParts {
  readonly viewer: Viewer;
  /** Number of the contract that the content record of this swarm names. */
  readonly licenceOf: (swarm: string) => bigint | undefined;
  /** Where what was heard of issuers is kept. */
  readonly dir: string;
  readonly events: Events;
}

/** How often it is looked for tokens that have ended, to tell what was sent under them. */
const TELL_MS = 10_000;

export function openViewerGuard({ viewer, licenceOf, dir, events }: ViewerGuardParts): ViewerGuard {
  const { network, clock } = viewer;
  const { issuers: founding } = network;
  const guard = openPolicy({
    networkId: networkId(network),
    issuers: founding,
    licenceOf,
    onUsed: toldIn(events),
    clock,
  });
  const kept = openKeptRoll({ net: guard.net, founding, dir, events });
  const goBy = rollReader(guard, kept, viewer, events);
  goBy();
  const { roll } = kept;
  if (roll.confirmedAtS > 0) guard.issuers.resume(signingNow(kept.roll), roll.confirmedAtS);
  if (guard.issuers.isStale) events.warn("access.issuers_stale");
  const stop = new AbortController();
  const telling = setInterval(() => guard.usage.closeEnded(clock.nowMs() / 1_000), TELL_MS);
  const following = nodesOf(viewer).flatMap((node) => [
    followRevocations({ node, guard, events, clock }, stop.signal),
    followIssuers({ node, kept, onHeard: goBy, events }, stop.signal),
  ]);
  return {
    ...guard,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      clearInterval(telling);
      await Promise.all(following);
      guard.usage.closeAll();
    },
  };
}

/** Brings what the roll says into force, as often as it is asked. */
function rollReader(
  guard: AccessGuard,
  kept: KeptRoll,
  { clock }: Viewer,
  events: Events,
): () => void {
  const told = new Set<string>();
  return () => {
    const { roll } = kept;
    const kids = roll.ended.filter((kid) => !told.has(kid));
    for (const kid of kids) told.add(kid);
    if (kids.length > 0) revokeKeys(guard, kids, Math.floor(clock.nowMs() / 1_000));
    if (!guard.issuers.hear(signingNow(roll), roll.confirmedAtS)) return;
    events.info("access.issuers_changed", { issuers: guard.issuers.current().issuers.length });
  };
}
