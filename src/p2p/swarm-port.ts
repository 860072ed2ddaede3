/** What a swarm is given, and what it is to those who use it. */
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import type { Bans } from "./bans.ts";
import type { Chance } from "./chance.ts";
import type { FindOptions } from "./discovery-port.ts";
import type { Extension } from "./extension-port.ts";
import type { GatePolicy } from "./link-gate.ts";
import type { Listener } from "./listener.ts";
import type { NodePeers } from "./node-peers.ts";
import type { PieceStore } from "./piece-store.ts";
import type { Supplier } from "./supplier-port.ts";
import type { RateOptions } from "./swarm-rates.ts";
import type { SwarmStats } from "./swarm-stats.ts";
import type { Torrent } from "./torrent.ts";
import type { Hearsay } from "./web-address.ts";
import type { WebSeedOptions } from "./web-seed-port.ts";

export interface SwarmOptions {
  readonly torrent: Torrent;
  readonly store: PieceStore;
  /** A seed has all of it; a leech fetches what is read, or everything after `download`. */
  readonly role: "seed" | "leech";
  readonly listener: Listener;
  /** Trackers to use instead of the torrent's own. */
  readonly announce?: readonly string[];
  /** Whose word the trackers are, when it is not that of whoever runs this node. */
  readonly hearsay?: Hearsay;
  /** `host:port` of peers known beforehand. */
  readonly peers?: readonly string[];
  /** How peers are found beside trackers: DHT, exchange of peers, the local network. */
  readonly find?: FindOptions;
  /** HTTP servers that have the content too. Absent: none, not even those that the torrent names. */
  readonly webSeeds?: WebSeedOptions;
  /** Where the record of verified pieces is kept. Absent: all is verified at each start. */
  readonly resumePath?: string;
  /** Absent for public content. */
  readonly gate?: GatePolicy;
  /** What speaks to peers beside the wire itself, such as the exchange of peers. */
  readonly extensions?: readonly Extension[];
  /** What brings pieces when peers do not; beside those that `webSeeds` makes. */
  readonly suppliers?: readonly Supplier[];
  /** Limits of rate, of the node, the swarm and each peer. */
  readonly rates?: RateOptions;
  /** How many peers there may be; `PEERS_MAX` or `GATED_PEERS_MAX` when absent. */
  readonly peersMax?: number;
  /** Counts the peers of all swarms of the node; no limit beside the swarm's own when absent. */
  readonly nodePeers?: NodePeers;
  /** How many peers are served at once, beside the one whose turn it is. */
  readonly uploadSlots?: number;
  /** Keys that are always served, such as those of support nodes, in hexadecimal. */
  readonly alwaysUnchoked?: readonly string[];
  /** Addresses and networks: a private node gives to no one else. */
  readonly uploadTo?: readonly string[];
  /** Addresses and networks: a private node takes from no one else. */
  readonly downloadFrom?: readonly string[];
  /** Seconds of what a player reads that are fetched before they are needed, 2 to 120. */
  readonly bufferS?: number;
  /** The bans of the node; the swarm's own when absent. */
  readonly bans?: Bans;
  /** Breaks ties between pieces and between peers. */
  readonly chance?: Chance;
  readonly events: Events;
  readonly clock: Clock;
  /** Aborts the verification at the start; afterwards the swarm is disposed of instead. */
  readonly signal?: AbortSignal;
  /** A read that no piece has reached for this long fails. */
  readonly stallMs?: number;
  readonly onVerify?: (pieces: number, total: number) => void;
}

export interface Swarm extends AsyncDisposable {
  readonly torrent: Torrent;
  stats(): SwarmStats;
  /** Resolves for who may read, rejects with the reason for who may not. */
  ready(signal: AbortSignal): Promise<void>;
  /**
   * The bytes from `offset` on, fetched in the order they are read. Several reads may be open.
   *
   * @param use `lent`: who reads is done with each chunk before it asks for the next, and does not
   *   change it. Otherwise they are the reader's for good.
   */
  read(
    offset: number,
    length: number,
    signal: AbortSignal,
    use?: "lent",
  ): AsyncIterable<Uint8Array>;
  /** Fetches all of it; resolves when it is here. */
  download(signal: AbortSignal): Promise<void>;
  /** `host:port`. */
  addPeer(address: string): void;
}
