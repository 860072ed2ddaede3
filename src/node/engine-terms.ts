/** How an engine takes part in swarms: what its operator says at the start, with a default for each. */
import { isLoopback, parseAddress } from "../p2p/addresses.ts";
import { authorityOf, type Hearsay, isPublicAddress } from "../p2p/web-address.ts";
import type { WebSeedMode } from "../p2p/web-seed-port.ts";

export interface EngineTerms {
  /** Where peers reach this engine. Any other address than loopback lets other machines connect. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Addresses and networks that alone are given to, or taken from; empty is everybody. */
  readonly uploadTo: readonly string[];
  readonly downloadFrom: readonly string[];
  /** Bytes a second of all swarms together; 0 is without a limit. */
  readonly uploadBytesPerS: number;
  readonly downloadBytesPerS: number;
  /** Of all swarms together, and of each; the usual when absent. */
  readonly peersMax?: number;
  readonly swarmPeersMax?: number;
  /** Where fetched pieces are kept. */
  readonly cache: "disk" | "memory";
  /** Bytes of each content that may be kept; 0 is without a limit on disk, a default in memory. */
  readonly cacheBytes: number;
  readonly webSeeds: WebSeedMode;
  /** Absent: the DHT is not asked. */
  readonly dht?: { readonly port: number; readonly bootstrap: readonly string[] };
  /** Whether the local network is told what is watched, and asked who else does. */
  readonly isLocalSearched: boolean;
  /** Beside those that a content names itself; for public content only. */
  readonly trackers: readonly string[];
  /** `host:port` of peers to connect to, whatever is watched. */
  readonly peers: readonly string[];
  /** `host` or `host:port` of what a content names that may be asked without TLS and at private addresses. */
  readonly trustedHosts: readonly string[];
}

/** What is kept in memory when nothing else is said. */
export const MEMORY_CACHE_BYTES = 268_435_456;

export const defaultTerms: EngineTerms = {
  listen: { host: "127.0.0.1", port: 0 },
  uploadTo: [],
  downloadFrom: [],
  uploadBytesPerS: 0,
  downloadBytesPerS: 0,
  cache: "disk",
  cacheBytes: 0,
  webSeeds: "p2p-first",
  isLocalSearched: false,
  trackers: [],
  peers: [],
  trustedHosts: [],
};

/**
 * The DHT that an engine takes part in inside a network may name what lies in that network; not so the
 * one of everybody, which can be joined from there as well.
 */
export function dhtHearsay(terms: EngineTerms): Hearsay {
  const { host } = terms.listen;
  const isInside = isLoopback(host) || (terms.dht?.bootstrap ?? []).every(isInner);
  return { ...linkHearsay(terms), namedBy: isInside ? host : "" };
}

/** A name may lead anywhere. */
function isInner(place: string): boolean {
  const address = parseAddress(place);
  return address !== undefined && !isPublicAddress(address.host);
}

/** What a link or a torrent says is anybody's word; what the operator named is asked wherever it is. */
export function linkHearsay({ trustedHosts, trackers }: EngineTerms): Hearsay {
  const own = trackers.map((url) => authorityOf(new URL(url)));
  return { namedBy: "", trustedHosts: [...trustedHosts, ...own] };
}
