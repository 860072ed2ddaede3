/**
 * Discovery: where peers of one swarm are found. Trackers, the DHT and the local network are asked
 * here; static peers are the swarm's own, and peers name other peers in pex.ts.
 *
 * A tracker is asked again after the interval it names, or within seconds while there is no peer at
 * all: a viewer that came before the seeding node must not wait for half an hour.
 *
 * Source  BEP 12: in a tier one tracker is asked, the next only when it fails. All tiers are asked at
 *         once, since the trackers of different publishers' tiers know different peers.
 */
import type { Events } from "../lib/events.ts";
import { DhtSearch } from "./discovery-dht.ts";
import type { FindingWay, FindOptions } from "./discovery-port.ts";
import { TRACKERS_MAX } from "./limits.ts";
import type { SwarmOptions } from "./swarm-port.ts";
import type { Torrent } from "./torrent.ts";
import { isTrackerUrl, TrackerTier } from "./tracker-tier.ts";
import type { Hearsay } from "./web-address.ts";

export interface DiscoveryOptions {
  readonly trackerTiers: readonly (readonly string[])[];
  /** Whose word these are, when it is not that of whoever runs this node. */
  readonly hearsay?: Hearsay;
  readonly find: FindOptions;
  readonly infohash: string;
  readonly peerId: Uint8Array;
  /** Where this node listens for the swarm. */
  readonly port: number;
  readonly events: Events;
  leftBytes(): number;
  /** True while the swarm has no peer and would like one. */
  isAlone(): boolean;
  /** `address` is `host:port`, checked to be one that may be dialled. */
  onPeer(address: string): void;
}

export interface Discovery extends AsyncDisposable {
  /** Tells the trackers that everything is here now. */
  completed(): void;
}

export function startDiscovery(options: DiscoveryOptions): Discovery {
  const { find, infohash, port, onPeer } = options;
  const usable = options.trackerTiers.map((tier) => tier.filter(isTrackerUrl));
  const tiers = usable
    .filter((tier) => tier.length > 0)
    .slice(0, TRACKERS_MAX)
    .map((tier) => new TrackerTier(tier, options));
  for (const tier of tiers) tier.announce("started");
  const search = find.dht === undefined ? undefined : new DhtSearch(find.dht, options);
  const leave = find.lsd?.join({ infohash, port, onPeer });
  return {
    completed: () => {
      for (const tier of tiers) tier.announce("completed");
    },
    [Symbol.asyncDispose]: async () => {
      leave?.();
      search?.stop();
      await Promise.all(tiers.map((tier) => tier.stop()));
    },
  };
}

/** Looks for the peers of a swarm in every way that is allowed for its content. */
export function startSwarmDiscovery(
  options: SwarmOptions,
  parts: Pick<DiscoveryOptions, "peerId" | "leftBytes" | "isAlone" | "onPeer">,
): Discovery {
  return startDiscovery({
    ...parts,
    trackerTiers: allowedTrackers(options),
    ...(options.hearsay === undefined ? {} : { hearsay: options.hearsay }),
    find: allowedFinding(options),
    infohash: options.torrent.infohash,
    port: options.listener.port,
    events: options.events,
  });
}

interface Wished {
  readonly torrent: Pick<Torrent, "isPrivate" | "trackerTiers">;
  readonly announce?: readonly string[];
  readonly find?: FindOptions;
  readonly gate?: unknown;
}

/**
 * What of the wishes may be done for this content. A private torrent is between its trackers and their
 * members; a gated one is nobody's business but its record's.
 */
export function allowedFinding({ torrent, find = {}, gate }: Wished): FindOptions {
  const may = (way: FindingWay) =>
    !torrent.isPrivate && (gate === undefined || (find.allowed ?? []).includes(way));
  const { dht, lsd } = find;
  return {
    ...(dht !== undefined && may("dht") ? { dht } : {}),
    ...(lsd !== undefined && may("lsd") ? { lsd } : {}),
    pex: find.pex !== false && may("pex"),
    // Who is in a private swarm has its torrent; there is nothing to leak to its members.
    metadata:
      find.metadata !== false && (may("metadata") || (torrent.isPrivate && gate === undefined)),
  };
}

/** The id of a gated content is told only to trackers that its record names, given as `announce`. */
export function allowedTrackers({
  torrent,
  announce,
  gate,
}: Wished): readonly (readonly string[])[] {
  if (announce !== undefined) return announce.map((url) => [url]);
  return gate === undefined ? torrent.trackerTiers : [];
}
