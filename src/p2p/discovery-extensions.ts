/** The extensions of one swarm: those it is given, and those by which its peers find one another. */
import { allowedFinding } from "./discovery.ts";
import type { Extension } from "./extension-port.ts";
import { serveMetadata } from "./metadata.ts";
import { exchangePeers } from "./pex.ts";
import type { SwarmOptions } from "./swarm-port.ts";

export function swarmExtensions(
  options: SwarmOptions,
  onPeer: (address: string) => void,
): readonly Extension[] {
  const { pex, metadata } = allowedFinding(options);
  const nowMs = () => options.clock.nowMs();
  return [
    ...(options.extensions ?? []),
    ...(pex ? [exchangePeers({ nowMs, onPeer })] : []),
    ...(metadata ? [serveMetadata(options.torrent.info)] : []),
  ];
}
