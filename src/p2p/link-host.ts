/** What a link of a swarm asks of the swarm. */
import type { AceError } from "../lib/errors.ts";
import type { Bitfield } from "./bitfield.ts";
import type { Download } from "./download.ts";
import type { Extension } from "./extension-port.ts";
import type { GatePolicy } from "./link-gate.ts";
import type { PeerLink } from "./peer-link.ts";
import type { PieceCache } from "./piece-cache.ts";
import type { LinkRates } from "./swarm-rates.ts";
import type { Block, Geometry } from "./wire-guard.ts";

export interface LinkHost {
  readonly infohash: string;
  readonly peerId: Uint8Array;
  readonly geometry: Geometry;
  readonly had: Bitfield;
  readonly fetching: Download;
  readonly gate: GatePolicy | undefined;
  readonly signal: AbortSignal;
  readonly extensions: readonly Extension[];
  readonly listenPort: number;
  nowMs(): number;
  readonly pieces: PieceCache;
  /** The limits of rate for a link that was admitted under this grant; the public's without one. */
  ratesOf(link: PeerLink): LinkRates;
  mayUpload(link: PeerLink): boolean;
  mayDownload(link: PeerLink): boolean;
  /** True when this peer must not stay: banned, or ourselves. */
  isUnwelcome(link: PeerLink): boolean;
  /** True when another wire to the same peer is the one to keep. */
  isSurplus(link: PeerLink): boolean;
  /** Who is served may change: somebody came, or wants something now. */
  onWish(): void;
  onLate(peers: readonly string[], block: Block): void;
  onDenied(link: PeerLink, code: string): void;
  onTokenFault(error: AceError): void;
  onOpened(link: PeerLink): void;
  onClosed(link: PeerLink, reason: string): void;
}
