/** The access policy of a viewer's engine, which follows no ledger: a full node tells it the news. */
import { networkId } from "../contracts/service-network.ts";
import type { Events } from "../lib/events.ts";
import { type AccessGuard, openPolicy } from "./policy.ts";
import { followRevocations } from "./revocation-feed.ts";
import type { Viewer } from "./token-source.ts";

export interface ViewerGuard extends AccessGuard, AsyncDisposable {}

/** @param licenceOf Number of the contract that the content record of this swarm names. */
export function openViewerGuard(
  { node, network, clock }: Viewer,
  licenceOf: (swarm: string) => bigint | undefined,
  events: Events,
): ViewerGuard {
  const { issuers } = network;
  const guard = openPolicy({ networkId: networkId(network), issuers, licenceOf, clock });
  const stop = new AbortController();
  const following = followRevocations({ node, guard, issuers, events, clock }, stop.signal);
  return {
    ...guard,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await following;
    },
  };
}
