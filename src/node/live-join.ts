/** Joins the swarm of a live stream by its record: as a viewer, or to help carry it. */
import { join } from "node:path";
import { toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import type { PayloadSink } from "../p2p/access-port.ts";
import type { Bans } from "../p2p/bans.ts";
import type { FindOptions } from "../p2p/discovery-port.ts";
import type { DeviceKey } from "../p2p/ed25519.ts";
import type { TokenVerifier } from "../p2p/gate.ts";
import type { TokenSource } from "../p2p/gate-driver.ts";
import type { GatePolicy } from "../p2p/link-gate.ts";
import type { Listener } from "../p2p/listener.ts";
import type { LiveOriginOptions } from "../p2p/live-origin.ts";
import { type LiveRecord, liveDescriptorOf } from "../p2p/live-record.ts";
import { openLiveSwarm } from "../p2p/live-swarm.ts";
import type { LiveCipher, LiveSwarm } from "../p2p/live-swarm-port.ts";
import type { NodePeers } from "../p2p/node-peers.ts";
import type { RateOptions } from "../p2p/swarm-rates.ts";
import { type Hearsay, isHearsayPeer } from "../p2p/web-address.ts";
import { serverCredentials, webSeedCredentials } from "./web-seed-credentials.ts";

export interface LiveJoinParts {
  readonly role: "support" | "viewer";
  readonly listener: Listener;
  readonly device: DeviceKey;
  /** Proved instead of the device's where the record lists it: a server of the stream needs no token. */
  readonly server?: DeviceKey;
  /** Judges what other viewers show us. */
  readonly verifier: TokenVerifier;
  /** Hears what was sent under which token. */
  readonly usage?: PayloadSink;
  readonly tokens: TokenSource;
  readonly cipher?: LiveCipher;
  /** How the origin is asked that the record may name; it is not when this is absent. */
  readonly web?: Pick<LiveOriginOptions, "mode" | "trustedHosts">;
  readonly find?: FindOptions;
  /** Whose word the record's trackers and peers are, when no node lists it. */
  readonly hearsay?: Hearsay;
  readonly windowPieces?: number;
  /** Those of all swarms of this node. */
  readonly bans?: Bans;
  readonly rates?: RateOptions;
  readonly nodePeers?: NodePeers;
  readonly peersMax?: number;
  /** Addresses and networks that alone are given to, or taken from. */
  readonly uploadTo?: readonly string[];
  readonly downloadFrom?: readonly string[];
  /** Pieces that memory has no room for go below it. */
  readonly dataDir: string;
  readonly events: Events;
  readonly clock: Clock;
}

const TOKEN_MS = 10_000;

export async function joinLiveRecord(
  record: LiveRecord,
  { device, server, verifier, usage, tokens, web, dataDir, ...parts }: LiveJoinParts,
): Promise<LiveSwarm> {
  const { title, trackers, peers, serverKeys, access, streamId } = record;
  const { hearsay } = parts;
  const counted = usage === undefined ? {} : { usage };
  const common = { upload: verifier, servers: serverKeys, ...counted };
  const listed = server !== undefined && isServerOf(record, server) ? server : undefined;
  const gate: GatePolicy =
    listed !== undefined
      ? { ...common, deviceKey: listed }
      : // Viewers serve one another: each shows its token, and checks the other's as a source would.
        { ...common, deviceKey: device, download: { tokens, serverKeys, sharing: true } };
  return await openLiveSwarm({
    descriptor: liveDescriptorOf(record),
    title,
    trackers,
    peers: hearsay === undefined ? peers : peers.filter((peer) => isHearsayPeer(peer, hearsay)),
    folder: join(dataDir, `live-${streamId}`),
    ...(access === "public" ? {} : { gate }),
    ...originOf(record, { device, listed, tokens, web, clock: parts.clock }),
    ...parts,
  });
}

interface OriginTerms extends Pick<LiveJoinParts, "device" | "tokens" | "clock"> {
  readonly web: LiveJoinParts["web"] | undefined;
  /** The key of this node, where the record lists it. */
  readonly listed: DeviceKey | undefined;
}

/** The origin of a gated stream is shown what web seeds are shown, or the key of a server of the stream. */
function originOf(
  { access, swarm, origin: url }: LiveRecord,
  { device, listed, tokens, web, clock }: OriginTerms,
): { readonly origin?: LiveOriginOptions } {
  if (web === undefined || web.mode === "p2p-only" || url === undefined) return {};
  if (access === "public") return { origin: { url, ...web } };
  const token = () => tokens.token(swarm, AbortSignal.timeout(TOKEN_MS));
  const credentials =
    listed === undefined
      ? webSeedCredentials({ tokens: { token }, device, clock })
      : serverCredentials(listed, clock);
  return { origin: { url, ...web, credentials } };
}

/** Whether the broadcaster lists this key among those that serve its stream. */
export function isServerOf({ serverKeys }: LiveRecord, key: DeviceKey): boolean {
  return serverKeys.includes(toHex(key.publicKey));
}
