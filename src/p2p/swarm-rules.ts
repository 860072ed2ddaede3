/** The rules a swarm keeps with its peers, as its options say: places, rates, bans, who is served. */
import { Bans } from "./bans.ts";
import type { Bitfield } from "./bitfield.ts";
import type { Chance } from "./chance.ts";
import { Choker } from "./choker.ts";
import { UPLOAD_SLOTS } from "./engine-limits.ts";
import { GATED_PEERS_MAX, PEERS_MAX } from "./limits.ts";
import type { NodePeers } from "./node-peers.ts";
import { Places } from "./places.ts";
import type { SwarmOptions } from "./swarm-port.ts";
import { SwarmRates } from "./swarm-rates.ts";

export interface PeerRules {
  readonly places: Places;
  readonly rates: SwarmRates;
  readonly bans: Bans;
  readonly choker: Choker;
  readonly chance: Chance;
  readonly nodePeers: NodePeers | undefined;
  /** Keys that are always served, in hexadecimal. */
  readonly alwaysUnchoked: ReadonlySet<string>;
}

export function peerRules(options: SwarmOptions, had: Bitfield, chance: Chance): PeerRules {
  return {
    chance,
    places: new Places({
      peersMax: options.peersMax ?? (options.gate === undefined ? PEERS_MAX : GATED_PEERS_MAX),
      statics: options.peers ?? [],
      uploadTo: options.uploadTo,
      downloadFrom: options.downloadFrom,
      isSeeding: () => had.isFull,
    }),
    rates: new SwarmRates(options.rates ?? {}),
    bans: options.bans ?? new Bans(),
    choker: new Choker({
      slots: options.uploadSlots ?? UPLOAD_SLOTS,
      chance,
      nowMs: options.clock.nowMs(),
    }),
    nodePeers: options.nodePeers,
    alwaysUnchoked: new Set(options.alwaysUnchoked),
  };
}
