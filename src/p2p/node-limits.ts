/**
 * The limits of a process: what all its swarms, of films and of live streams, have together.
 *
 * Units   Bytes a second; 0 is without a limit.
 */
import type { NodePeers } from "./node-peers.ts";
import type { NodeRates } from "./swarm-rates.ts";

export interface NodeLimits {
  readonly uploadBytesPerS: number;
  readonly downloadBytesPerS: number;
  readonly peersMax: number;
}

export function nodeLimits({ up, down }: NodeRates, peers: NodePeers): NodeLimits {
  return {
    uploadBytesPerS: up.bytesPerS,
    downloadBytesPerS: down.bytesPerS,
    peersMax: peers.max,
  };
}
