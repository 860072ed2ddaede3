// What the figures of live streams share: a camera that stamps its pictures, a swarm of real nodes,
// and viewers that notice every stall.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../src/lib/clock.ts";
import { silentEvents } from "../src/lib/events.ts";
import { deviceKeyFromSeed } from "../src/p2p/ed25519.ts";
import { type Listener, openListener } from "../src/p2p/listener.ts";
import { openLiveCounter } from "../src/p2p/live-counter.ts";
import { describeLive } from "../src/p2p/live-descriptor.ts";
import type { LivePiece } from "../src/p2p/live-port.ts";
import { type Ingest, runLiveSource } from "../src/p2p/live-source.ts";
import { openLiveSwarm } from "../src/p2p/live-swarm.ts";
import type { LiveSwarm, LiveSwarmOptions } from "../src/p2p/live-swarm-port.ts";
import { makeTs } from "../test/support/ts-maker.ts";

const PACKET = 188;
const FPS = 25;
/** 58 packets of 188 bytes, 25 times a second: 2.18 Mbit/s. */
const PICTURE_PACKETS = 58;
const STAMP_AT = 24;
const MARK = 0x57a3;

const key = deviceKeyFromSeed(randomBytes(32));
const descriptor = describeLive(key.publicKey, "bench");

export interface LiveNode extends AsyncDisposable {
  readonly swarm: LiveSwarm;
  readonly listener: Listener;
  readonly address: string;
}

export async function openLiveNode(
  role: LiveSwarmOptions["role"],
  peers: readonly string[],
): Promise<LiveNode> {
  const listener = await openListener({ host: "127.0.0.1", port: 0, clock: systemClock });
  const own = { title: "bench", listener, events: silentEvents, clock: systemClock };
  const swarm = await openLiveSwarm({ descriptor, role, peers, ...own });
  return {
    swarm,
    listener,
    address: `127.0.0.1:${listener.port}`,
    [Symbol.asyncDispose]: async () => {
      await swarm[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
    },
  };
}

/** Pictures in real time, each stamped with when it was taken; a place to begin at every second. */
async function* camera(signal: AbortSignal): Ingest {
  const startMs = performance.now();
  for (let second = 0; !signal.aborted; second += 1) {
    const plan = { seconds: 1, fps: FPS, gop: FPS, picturePackets: PICTURE_PACKETS };
    const film = makeTs({ ...plan, firstPcrMs: second * 1_000 });
    const tables = film.length - FPS * PICTURE_PACKETS * PACKET;
    for (let picture = 0; picture < FPS; picture += 1) {
      const dueMs = startMs + second * 1_000 + (picture * 1_000) / FPS;
      await sleep(Math.max(0, dueMs - performance.now()));
      const from = tables + picture * PICTURE_PACKETS * PACKET;
      film.writeUInt16BE(MARK, from + STAMP_AT);
      film.writeDoubleBE(performance.now(), from + STAMP_AT + 2);
      yield film.subarray(picture === 0 ? 0 : from, from + PICTURE_PACKETS * PACKET);
    }
  }
}

/** When each picture of these bytes was taken. */
export function stampsOf(bytes: Uint8Array): readonly number[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stamps: number[] = [];
  for (let at = 0; at + PACKET <= view.length; at += PACKET) {
    if (view.readUInt16BE(at + STAMP_AT) === MARK)
      stamps.push(view.readDoubleBE(at + STAMP_AT + 2));
  }
  return stamps;
}

/** Runs the camera into `swarm` until the answer is called. */
export async function broadcast(swarm: LiveSwarm): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "ace-bench-live-"));
  const counter = await openLiveCounter(join(folder, "counter.json"), 1);
  const over = new AbortController();
  const parts = { descriptor, key, counter, swarm, clock: systemClock };
  const running = runLiveSource(camera(over.signal), parts, over.signal).catch((error) => {
    if (!over.signal.aborted) throw error;
  });
  return async () => {
    over.abort();
    await running;
    await rm(folder, { recursive: true, force: true });
  };
}

export interface Watched {
  readonly latenciesMs: readonly number[];
  readonly stalls: number;
  readonly skips: number;
  readonly stalledMs: number;
  readonly pieces: number;
}

/**
 * A player: it shows each piece as long after the first as the stream's clock says, and begins
 * when it has what it was promised to be behind. A piece that comes later than that is a stall.
 */
export async function watch(
  stream: AsyncIterable<LivePiece>,
  behindMs: number,
  signal: AbortSignal,
): Promise<Watched> {
  const latenciesMs: number[] = [];
  let [stalls, skips, stalledMs, pieces] = [0, 0, 0, 0];
  let base: { mediaMs: number; atMs: number } | undefined;
  try {
    for await (const piece of stream) {
      const nowMs = performance.now();
      for (const stamp of stampsOf(piece.bytes)) latenciesMs.push(nowMs - stamp);
      pieces += 1;
      base ??= { mediaMs: piece.mediaMs, atMs: nowMs + Math.max(0, behindMs - age(piece)) };
      const lateMs = nowMs - (base.atMs + piece.mediaMs - base.mediaMs);
      if (piece.isDiscontinuity) skips += 1;
      if (lateMs <= 0) continue;
      stalls += 1;
      stalledMs += lateMs;
      base.atMs += lateMs;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return { latenciesMs, stalls, skips, stalledMs, pieces };
}

function age({ captureMs }: LivePiece): number {
  return Date.now() - captureMs;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
