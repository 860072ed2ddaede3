/**
 * Figures of swarms and players for Prometheus: counted from what the swarms say of themselves.
 *
 * Contents and accounts are never labels: there is no end of them.
 *
 * Units   Names end in their unit.
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { isGateCode } from "../p2p/gate-code.ts";
import type { NodeLimits } from "../p2p/node-limits.ts";
import type { PlayerMeter } from "../p2p/player-meter.ts";
import type { SwarmStats } from "../p2p/swarm-stats.ts";

export interface SwarmMeter {
  /** Counts what this swarm does until the answer is disposed of. */
  watch(stats: () => SwarmStats): Disposable;
  /** Says what all swarms together may do. */
  limits(limits: NodeLimits): void;
}

export interface P2pMetrics extends PlayerMeter, SwarmMeter {}

type Counted = Pick<SwarmStats, "bytesUp" | "bytesDownBySource" | "admitted" | "closed" | "denied">;

const nothing: Counted = {
  bytesUp: 0,
  bytesDownBySource: { peer: 0, webseed: 0 },
  admitted: 0,
  closed: {},
  denied: {},
};

export function p2pMetrics(registry: Registry): P2pMetrics {
  const swarms = new Map<() => SwarmStats, Counted>();
  const counters = swarmCounters(registry);
  const count = (stats: () => SwarmStats): void => {
    const now = stats();
    counters.add(swarms.get(stats) ?? nothing, now);
    swarms.set(stats, now);
  };
  const registers = [registry];
  new Gauge({
    name: "ace_p2p_peers",
    help: "Peers connected, in all swarms",
    registers,
    collect() {
      for (const stats of swarms.keys()) count(stats);
      this.set([...swarms.keys()].reduce((sum, stats) => sum + stats().peers, 0));
    },
  });
  const limits = limitGauges(registry);
  return {
    ...playerMetrics(registry),
    limits,
    watch: (stats) => {
      swarms.set(stats, nothing);
      return {
        [Symbol.dispose]: () => {
          if (swarms.has(stats)) count(stats);
          swarms.delete(stats);
        },
      };
    },
  };
}

function limitGauges(registry: Registry): SwarmMeter["limits"] {
  const registers = [registry];
  const rate = new Gauge({
    name: "ace_p2p_rate_limit_bytes_per_second",
    help: "What all swarms may send and fetch in a second, films and live streams; 0 is without a limit",
    labelNames: ["direction"],
    registers,
  });
  const peers = new Gauge({
    name: "ace_p2p_peers_max",
    help: "Peers that all swarms may have together",
    registers,
  });
  return ({ uploadBytesPerS, downloadBytesPerS, peersMax }) => {
    rate.set({ direction: "up" }, uploadBytesPerS);
    rate.set({ direction: "down" }, downloadBytesPerS);
    peers.set(peersMax);
  };
}

function swarmCounters(registry: Registry) {
  const registers = [registry];
  const bytes = new Counter({
    name: "ace_p2p_bytes_total",
    help: "Payload bytes, by direction and by where they came from or went to",
    labelNames: ["direction", "source"],
    registers,
  });
  const gate = new Counter({
    name: "ace_gate_total",
    help: "Peers let in at the gate, and refusals, ours of peers and theirs of us, by code",
    labelNames: ["result"],
    registers,
  });
  const closed = new Counter({
    name: "ace_p2p_wires_closed_total",
    help: "Wires to peers that were closed, by reason",
    labelNames: ["reason"],
    registers,
  });
  const difference = (
    before: Readonly<Record<string, number>>,
    after: Readonly<Record<string, number>>,
    tell: (name: string, more: number) => void,
  ): void => {
    for (const [name, value] of Object.entries(after)) {
      const more = value - (before[name] ?? 0);
      if (more > 0) tell(name, more);
    }
  };
  return {
    add: (before: Counted, after: Counted): void => {
      difference({ up: before.bytesUp }, { up: after.bytesUp }, (direction, more) =>
        bytes.inc({ direction, source: "peer" }, more),
      );
      difference(before.bytesDownBySource, after.bytesDownBySource, (source, more) =>
        bytes.inc({ direction: "down", source }, more),
      );
      difference({ admitted: before.admitted }, { admitted: after.admitted }, (result, more) =>
        gate.inc({ result }, more),
      );
      difference(before.closed, after.closed, (reason, more) => {
        closed.inc({ reason }, more);
        if (isGateCode(reason)) gate.inc({ result: reason }, more);
      });
      difference(before.denied, after.denied, (code, more) =>
        gate.inc({ result: `denied_us_${code}` }, more),
      );
    },
  };
}

function playerMetrics(registry: Registry): PlayerMeter {
  const registers = [registry];
  const firstByte = new Histogram({
    name: "ace_p2p_first_byte_seconds",
    help: "From a player's request to the first byte of its answer",
    buckets: [0.01, 0.03, 0.1, 0.2, 0.5, 1, 2, 5, 15],
    registers,
  });
  const stalls = new Counter({
    name: "ace_p2p_stall_seconds_total",
    help: "Time players waited for bytes after they had begun",
    registers,
  });
  const latency = new Histogram({
    name: "ace_live_latency_seconds",
    help: "From the source of a live stream to the player's socket",
    buckets: [0.2, 0.5, 1, 2, 3, 5, 10, 30],
    registers,
  });
  const skipped = new Counter({
    name: "ace_live_skipped_pieces_total",
    help: "Pieces of live streams that players did not get",
    registers,
  });
  return {
    firstByte: (seconds) => firstByte.observe(seconds),
    stalled: (seconds) => stalls.inc(seconds),
    liveLatency: (seconds) => latency.observe(seconds),
    skipped: (pieces) => skipped.inc(pieces),
  };
}
