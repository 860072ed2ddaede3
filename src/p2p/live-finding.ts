/** How the peers of a live stream are found: as those of any swarm, by its stream id. */
import { type Discovery, startDiscovery } from "./discovery.ts";
import type { LivePeers } from "./live-peers.ts";
import type { LiveSwarmOptions } from "./live-swarm-port.ts";

export function findPeers(
  { descriptor, role, gate, find, trackers, hearsay, listener, events }: LiveSwarmOptions,
  peers: LivePeers,
): Discovery {
  return startDiscovery({
    trackerTiers: [trackers ?? []],
    ...(hearsay === undefined ? {} : { hearsay }),
    find: gate === undefined ? (find ?? {}) : {},
    infohash: descriptor.streamId,
    peerId: peers.peerId,
    port: listener.port,
    events,
    leftBytes: () => (role === "source" ? 0 : 1),
    isAlone: () => peers.count === 0,
    onPeer: (address) => peers.add(address),
  });
}
