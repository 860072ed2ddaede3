/** Joins the swarm of a live stream by its record: as a viewer, or to help carry it. */
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import type { FindOptions } from "../p2p/discovery-port.ts";
import type { DeviceKey } from "../p2p/ed25519.ts";
import type { TokenVerifier } from "../p2p/gate.ts";
import type { TokenSource } from "../p2p/gate-driver.ts";
import type { Listener } from "../p2p/listener.ts";
import { type LiveRecord, liveDescriptorOf } from "../p2p/live-record.ts";
import { openLiveSwarm } from "../p2p/live-swarm.ts";
import type { LiveCipher, LiveSwarm } from "../p2p/live-swarm-port.ts";

export interface LiveJoinParts {
  readonly role: "support" | "viewer";
  readonly listener: Listener;
  readonly device: DeviceKey;
  /** Judges what other viewers show us. */
  readonly verifier: TokenVerifier;
  readonly tokens: TokenSource;
  readonly cipher?: LiveCipher;
  readonly find?: FindOptions;
  readonly windowPieces?: number;
  /** Pieces that memory has no room for go below it. */
  readonly dataDir: string;
  readonly events: Events;
  readonly clock: Clock;
}

export async function joinLiveRecord(
  record: LiveRecord,
  { device, verifier, tokens, dataDir, ...parts }: LiveJoinParts,
): Promise<LiveSwarm> {
  const { title, trackers, peers, serverKeys, access, streamId } = record;
  // Viewers serve one another: each shows its token, and checks the other's as a source would.
  const download = { tokens, serverKeys, sharing: true };
  const gate =
    access === "public" ? {} : { gate: { deviceKey: device, upload: verifier, download } };
  return await openLiveSwarm({
    descriptor: liveDescriptorOf(record),
    title,
    trackers,
    peers,
    folder: join(dataDir, `live-${streamId}`),
    ...gate,
    ...parts,
  });
}
