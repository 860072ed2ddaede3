/**
 * What web seeds are given: plain HTTP servers that have the content too.
 *
 * Source  BEP 19.
 */

/** When such a server is asked: never, when peers are too slow, or before them. */
export type WebSeedMode = "p2p-only" | "p2p-first" | "cdn-first";

export interface WebSeedOptions {
  /** Beside those that the torrent names. An address that ends in `/` is a folder. */
  readonly urls?: readonly string[];
  /** `p2p-first` when absent. */
  readonly mode?: WebSeedMode;
  /** `host` or `host:port` that may be asked without TLS and at private addresses. */
  readonly trustedHosts?: readonly string[];
  /** Where gated content is guarded by the same tokens as in the swarm. */
  readonly credentials?: WebSeedCredentials;
}

export interface WebSeedCredentials {
  /** Headers that show this node's right, such as `authorization`. Asked anew for each request. */
  headers(url: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
}
