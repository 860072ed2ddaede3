/** The extensions by which peers of a swarm help one another to find it. */
import type { FindOptions } from "./discovery-port.ts";
import type { Extension } from "./extension-port.ts";
import { serveMetadata } from "./metadata.ts";
import { exchangePeers, type PexOptions } from "./pex.ts";
import type { Torrent } from "./torrent.ts";

/** `find` is what is allowed for this content. */
export function findingExtensions(
  torrent: Torrent,
  find: FindOptions,
  pex: PexOptions,
): readonly Extension[] {
  return [
    ...(find.pex ? [exchangePeers(pex)] : []),
    ...(find.metadata ? [serveMetadata(torrent.info)] : []),
  ];
}
