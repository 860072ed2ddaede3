/** What the swarm of a live stream is given, and what it is to who feeds it. */
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import type { Bans } from "./bans.ts";
import type { FindOptions } from "./discovery-port.ts";
import type { GatePolicy } from "./link-gate.ts";
import type { Listener } from "./listener.ts";
import type { LiveDescriptor } from "./live-descriptor.ts";
import type { HeadBatch } from "./live-head.ts";
import type { LiveOriginOptions } from "./live-origin.ts";
import type { LiveStream } from "./live-port.ts";
import type { LiveRun } from "./live-run.ts";
import type { NodePeers } from "./node-peers.ts";
import type { RateOptions } from "./swarm-rates.ts";
import type { Hearsay } from "./web-address.ts";

/** Which piece: the number that is used once with a key. */
export interface PiecePlace {
  readonly epoch: number;
  readonly seq: number;
}

/** Turns pieces into what travels, and back. A piece stays as long as it was. */
export interface LiveCipher {
  seal(place: PiecePlace, plain: Uint8Array): Promise<Uint8Array>;
  open(place: PiecePlace, sealed: Uint8Array): Promise<Uint8Array>;
}

export interface LiveSwarmOptions {
  readonly descriptor: LiveDescriptor;
  readonly title: string;
  /** A source makes the pieces, a support node keeps the whole window, a viewer what it watches. */
  readonly role: "source" | "support" | "viewer";
  readonly listener: Listener;
  readonly trackers?: readonly string[];
  /** Whose word the trackers are, when it is not that of whoever runs this node. */
  readonly hearsay?: Hearsay;
  /** `host:port` of peers known beforehand. */
  readonly peers?: readonly string[];
  /** Other ways to find peers; a gated stream is found by its record alone. */
  readonly find?: FindOptions;
  /** Absent for a public stream. */
  readonly gate?: GatePolicy;
  /** Absent for a stream that is not encrypted, and on nodes that only carry it. */
  readonly cipher?: LiveCipher;
  /** Of all swarms of this node, when it has several. */
  readonly bans?: Bans;
  /** The limits of rate that films have, too: of the node, and of each token. */
  readonly rates?: RateOptions;
  /** Counts the peers of all swarms of this node. */
  readonly nodePeers?: NodePeers;
  /** Peers of this stream; `PEERS_MAX` when absent. */
  readonly peersMax?: number;
  /** Addresses and networks that alone are given to, or taken from; everybody when absent. */
  readonly uploadTo?: readonly string[];
  readonly downloadFrom?: readonly string[];
  readonly events: Events;
  readonly clock: Clock;
  /** Where pieces are taken that peers do not bring in time. */
  readonly origin?: LiveOriginOptions;
  /** Pieces kept and served. */
  readonly windowPieces?: number;
  /** Where older pieces go; emptied at the beginning and the end. */
  readonly folder?: string;
  /** How many peers a source tells first, and when it tells all others. */
  readonly fan?: number;
  readonly lagMs?: number;
  /** 0 to below 1. */
  readonly chance?: () => number;
}

export interface LiveSwarm extends LiveStream {
  /** Gives new pieces, as they travel, to the peers: the source's part. */
  publish(batch: HeadBatch, pieces: readonly Uint8Array[]): void;
  /** Tells the peers where the origin holds pieces. */
  publishRun(run: LiveRun): void;
  /** `host:port`. */
  addPeer(address: string): void;
}
