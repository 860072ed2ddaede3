/** Where media files keep their tables: the first and last bytes are wanted before they are reached. */
import { EDGE_BYTES } from "./engine-limits.ts";
import type { Torrent } from "./torrent.ts";

export function edgePieces(torrent: Torrent): readonly number[] {
  const last = torrent.pieceHashes.length - 1;
  const count = Math.ceil(EDGE_BYTES / torrent.pieceLength);
  const edges = new Set<number>();
  for (let step = 0; step < count; step += 1) {
    edges.add(Math.min(step, last));
    edges.add(Math.max(last - step, 0));
  }
  return [...edges];
}
