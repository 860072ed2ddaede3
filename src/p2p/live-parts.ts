/** The parts of a live swarm, joined: each does one thing, and asks the others through the swarm. */

import { LIVE_FAN, LIVE_LAG_MS, LIVE_WINDOW_PIECES, PEERS_MAX } from "./limits.ts";
import { LiveAllowance } from "./live-allowance.ts";
import { LiveBackfill } from "./live-backfill.ts";
import { liveAudience } from "./live-descriptor.ts";
import { LiveFan } from "./live-fan.ts";
import { LiveFetching } from "./live-fetching.ts";
import type { LiveHead } from "./live-head.ts";
import { LiveHeads } from "./live-heads.ts";
import { type IntakeHost, LiveIntake } from "./live-intake.ts";
import { LiveOrigin } from "./live-origin.ts";
import { LivePeers } from "./live-peers.ts";
import type { LivePeersContent } from "./live-peers-port.ts";
import type { LivePieces } from "./live-pieces.ts";
import type { Reading } from "./live-reader.ts";
import { LiveRuns } from "./live-runs.ts";
import type { LiveSwarmOptions } from "./live-swarm-port.ts";
import { LiveTalk } from "./live-talk.ts";
import { Places } from "./places.ts";
import { SwarmRates } from "./swarm-rates.ts";

interface LivePartsHost extends LivePeersContent, Pick<IntakeHost, "onHeads" | "onEquivocation"> {
  readonly stock: LivePieces;
  readonly readings: ReadonlySet<Reading>;
  readonly signal: AbortSignal;
  /** Keeps a piece; answers the digest of one that is not what its head says. */
  keep(head: LiveHead, piece: Uint8Array): string | undefined;
}

export function liveParts(options: LiveSwarmOptions, host: LivePartsHost) {
  const { descriptor, gate, clock, role, events, listener } = options;
  const { stock: pieces, readings, signal } = host;
  const { streamId } = descriptor;
  const size = options.windowPieces ?? LIVE_WINDOW_PIECES;
  const heads = new LiveHeads(size);
  const runs = new LiveRuns();
  const nowMs = () => clock.nowMs();
  const rates = new SwarmRates(options.rates ?? {});
  const { peersMax = PEERS_MAX, peers: statics = [], uploadTo, downloadFrom } = options;
  const isSeeding = () => role === "source";
  const allowance = new LiveAllowance(rates.of(undefined).down, nowMs);
  const peers = new LivePeers({
    streamId,
    gate: gate && { ...gate, audience: liveAudience(streamId) },
    listener,
    clock,
    events,
    signal,
    bans: options.bans,
    nodePeers: options.nodePeers,
    places: new Places({ peersMax, statics, uploadTo, downloadFrom, isSeeding }),
    rates,
    allowance,
    content: host,
  });
  const fan = new LiveFan({ fan: options.fan ?? LIVE_FAN, lagMs: options.lagMs ?? LIVE_LAG_MS });
  const talk = new LiveTalk({ heads, runs, pieces, peers, fan });
  const intake = new LiveIntake({
    descriptor,
    heads,
    runs,
    nowMs,
    ban: (link, reason, evidence) => peers.ban(link, reason, evidence),
    onHeads: (batch, gone, from) => host.onHeads(batch, gone, from),
    onRun: (run, from) => talk.passOnRun(run, from),
    onEquivocation: (batches) => host.onEquivocation(batches),
  });
  const chance = options.chance ?? Math.random;
  const isOriginFirst = (head: LiveHead) => origin?.comesFirst(head) ?? false;
  const onSettled = (seq: number) => {
    peers.cancel(seq);
    origin?.settled(seq);
  };
  const means = { pieces, peers, readings, chance, nowMs, isOriginFirst, allowance, onSettled };
  const fetching = new LiveFetching({ role, heads, ...means });
  const backfill = new LiveBackfill({ heads, size, peers, talk });
  const origin =
    options.origin &&
    new LiveOrigin(options.origin, {
      events,
      late: (isFirst) => fetching.late(isFirst),
      isWanted: (seq) => fetching.wants(seq),
      allowance,
      placeOf: (head) => runs.placeOf(head),
      take: (head, piece) => host.keep(head, piece),
    });
  return { heads, runs, peers, talk, intake, fetching, backfill, origin };
}

export type LiveParts = ReturnType<typeof liveParts>;
