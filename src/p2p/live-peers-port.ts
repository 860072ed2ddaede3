/** What the peers of a live stream are given, and ask of the stream itself. */
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import type { Bans } from "./bans.ts";
import type { GatePolicy } from "./link-gate.ts";
import type { Listener } from "./listener.ts";
import type { LiveAllowance } from "./live-allowance.ts";
import type { LiveLink, LiveLinkHost } from "./live-link.ts";
import type { NodePeers } from "./node-peers.ts";
import type { Places } from "./places.ts";
import type { SwarmRates } from "./swarm-rates.ts";

/** What the stream itself does about its peers. */
export interface LivePeersContent
  extends Pick<
    LiveLinkHost,
    | "piece"
    | "onAdmitted"
    | "onOpened"
    | "onMessage"
    | "onHave"
    | "onPiece"
    | "onRefused"
    | "onTokenFault"
  > {
  onDenied(code: string): void;
  onGone(link: LiveLink): void;
}

export interface LivePeersContext {
  readonly streamId: string;
  readonly gate: GatePolicy | undefined;
  readonly listener: Listener;
  readonly clock: Clock;
  readonly events: Events;
  readonly signal: AbortSignal;
  /** Of all swarms of this node, when it has several. */
  readonly bans: Bans | undefined;
  readonly nodePeers: NodePeers | undefined;
  readonly places: Places;
  readonly rates: SwarmRates;
  readonly allowance: LiveAllowance;
  readonly content: LivePeersContent;
}
