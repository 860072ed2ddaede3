// Goal: what a live stream costs its source, how late it is, and whether it stalls on bad lines.
// Method: real nodes over loopback at 2.2 Mbit/s; a camera stamps each picture with when it was taken.
//         Over TS a picture is late until its bytes are given to a player that keeps none. Over HLS players fetch list
//         and parts by HTTP, begin when the list has grown and show each picture PART-HOLD-BACK behind its end; the
//         classic one knows whole segments only and keeps three target durations (RFC 8216, 6.3.3).
//         The bad lines are seeded: 50 ms round trip, 20 ms jitter, every 10 s one connection in a
//         hundred falls silent or is reset.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { seededChance } from "../src/p2p/chance.ts";
import { LIVE_BEHIND_MS } from "../src/p2p/limits.ts";
import type { Figure } from "./figure.ts";
import { type HlsWatched, openHlsEngine, watchHls } from "./p2p-live-hls.ts";
import { broadcast, type LiveNode, openLiveNode, percentile, watch } from "./p2p-live-kit.ts";
import { openRelay } from "./p2p-live-relay.ts";

const SECONDS = Number(process.env["ACE_LIVE_S"] ?? "300");
/** What a player keeps: the default of a viewer, when nothing else is said. */
const BEHIND_MS = Number(process.env["ACE_LIVE_BEHIND_MS"] ?? LIVE_BEHIND_MS);
const SEED = Number(process.env["ACE_SEED"] ?? "5");
const SMALL_S = 20;
const HLS_PLAYERS = 3;
const SETTLE_MS = 2_000;
/** What a player is given at once when it begins: up to a second that was there before it came. */
const BEGINNING_PICTURES = 50;
const line = { delayMs: 25, jitterMs: 10, faultPct: 1, faultEveryMs: 10_000 };

export async function liveFigures(): Promise<readonly Figure[]> {
  return [...(await fiveFigures()), ...(await thirtyFigures())];
}

async function fiveFigures(): Promise<readonly Figure[]> {
  await using parts = new AsyncDisposableStack();
  const source = parts.use(await openLiveNode("source", []));
  const viewers: LiveNode[] = [];
  for (let at = 0; at < 5; at += 1) {
    const peers = [source, ...viewers].map(({ address }) => address);
    viewers.push(parts.use(await openLiveNode("viewer", peers)));
  }
  const stop = await broadcast(source.swarm);
  await sleep(SETTLE_MS);
  const over = new AbortController();
  const before = source.swarm.stats().bytesUp;
  const engine = parts.use(await openHlsEngine(viewers[0]?.swarm ?? source.swarm));
  const hls = watchMany(engine.url, over.signal);
  const classic = watchMany(`${engine.url}&low_latency=0`, over.signal);
  const players = viewers.map(({ swarm }) =>
    watch(swarm.pieces({ behindMs: 0 }, over.signal), 0, over.signal),
  );
  const startMs = performance.now();
  await sleep(SMALL_S * 1_000);
  const passedS = (performance.now() - startMs) / 1_000;
  const sent = source.swarm.stats().bytesUp - before;
  over.abort();
  const latencies = (await Promise.all(players)).flatMap(({ latenciesMs }) =>
    latenciesMs.slice(BEGINNING_PICTURES),
  );
  await stop();
  const streamBytes = (passedS * 25 * 58 + passedS * 2) * 188;
  return [
    {
      name: "p2p.live5_upload_x",
      value: rounded(sent / streamBytes),
      unit: "source upload ÷ stream",
    },
    {
      name: "p2p.live5_ts_s",
      value: rounded(percentile(latencies, 0.95) / 1_000),
      unit: "s, 95th",
    },
    hlsFigure("p2p.live5_hls_s", await hls),
    hlsFigure("p2p.live5_hls_classic_s", await classic),
  ];
}

async function watchMany(url: string, signal: AbortSignal): Promise<readonly HlsWatched[]> {
  return await Promise.all(Array.from({ length: HLS_PLAYERS }, () => watchHls(url, signal)));
}

function hlsFigure(name: string, watched: readonly HlsWatched[]): Figure {
  const latencies = watched.flatMap(({ latenciesMs }) => latenciesMs);
  const stalls = watched.reduce((sum, each) => sum + each.stalls, 0);
  return {
    name,
    value: rounded(percentile(latencies, 0.95) / 1_000),
    unit: "s, 95th",
    input: `${watched.length} players, ${latencies.length} pictures, ${stalls} stalls`,
  };
}

async function thirtyFigures(): Promise<readonly Figure[]> {
  await using parts = new AsyncDisposableStack();
  const chance = seededChance(SEED);
  const source = parts.use(await openLiveNode("source", []));
  const relayed = async (node: LiveNode) => {
    const relay = await openRelay(node.listener.port, line, chance.below(2 ** 31));
    return parts.use(relay).address;
  };
  const sourceAddress = await relayed(source);
  const addresses: string[] = [];
  const viewers: LiveNode[] = [];
  for (let at = 0; at < 30; at += 1) {
    // What a tracker would answer: some of those that are there.
    const known = addresses.toSorted(() => chance.below(3) - 1).slice(0, 6);
    const viewer = parts.use(await openLiveNode("viewer", [sourceAddress, ...known]));
    viewers.push(viewer);
    addresses.push(await relayed(viewer));
  }
  const stop = await broadcast(source.swarm);
  await sleep(2 * SETTLE_MS);
  const over = new AbortController();
  const cpu = process.cpuUsage();
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  const players = viewers.map(({ swarm }) =>
    watch(swarm.pieces({ behindMs: BEHIND_MS }, over.signal), BEHIND_MS, over.signal),
  );
  await sleep(SECONDS * 1_000);
  const used = process.cpuUsage(cpu);
  over.abort();
  const watched = await Promise.all(players);
  await stop();
  const clean = watched.filter(({ stalls, skips }) => stalls === 0 && skips === 0).length;
  const stalled = watched.reduce((sum, { stalledMs }) => sum + stalledMs, 0);
  const shown = watched.length * SECONDS * 1_000;
  const pausedMs = Math.round(loop.max / 1e6);
  const input = `${SECONDS} s, seed ${SEED}, ${BEHIND_MS} ms behind the head, process paused up to ${pausedMs} ms`;
  return [
    {
      name: "p2p.live30_clean_pct",
      value: rounded((100 * clean) / watched.length),
      unit: "%",
      input,
    },
    {
      name: "p2p.live30_played_pct",
      value: rounded(100 - (100 * stalled) / shown),
      unit: "% of the time",
      input,
    },
    {
      name: "p2p.live30_cpu_pct",
      value: rounded((used.user + used.system) / SECONDS / 10_000),
      unit: "% of a core, all 31 nodes",
    },
  ];
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
