/**
 * How peers of a swarm are found, beside its trackers and the peers named beforehand.
 *
 * Content that is gated is looked for nowhere but at the trackers and peers of its record, unless
 * the record allows more; a torrent that calls itself private uses trackers only, whatever is said.
 *
 * Source  BEP 5 (DHT), BEP 9 (metadata), BEP 11 (PEX), BEP 14 (LSD), BEP 27 (private), BEP 44.
 */

export type FindingWay = "dht" | "pex" | "lsd" | "metadata";

export interface FindOptions {
  /** The node's DHT; without it none is asked. */
  readonly dht?: Dht;
  /** The node's ear on the local network; without it nothing is said there. */
  readonly lsd?: LocalDiscovery;
  /** Exchange of addresses with peers. On unless false. */
  readonly pex?: boolean;
  /** Gives the info dictionary to peers that came with a magnet link. On unless false. */
  readonly metadata?: boolean;
  /** For gated content: what its record allows. Nothing when absent. */
  readonly allowed?: readonly FindingWay[];
}

/** One DHT serves all swarms of a node. `infohash` is 40 hexadecimal characters. */
export interface Dht {
  /** Calls `onPeer` with `host:port` of each peer that is found; resolves when all were asked. */
  lookup(infohash: string, onPeer: (address: string) => void, signal: AbortSignal): Promise<void>;
  /** Says that this node has the content at `port`. Answers how many nodes took it. */
  announce(infohash: string, port: number): Promise<number>;
}

/** One ear on the local network serves all swarms of a node. */
export interface LocalDiscovery {
  /** Says that this node is in the swarm and hears who else is, until the answer is called. */
  join(swarm: LocalSwarm): () => void;
}

export interface LocalSwarm {
  readonly infohash: string;
  readonly port: number;
  onPeer(address: string): void;
}
