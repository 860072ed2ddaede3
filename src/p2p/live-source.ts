/**
 * A source: takes a transport stream in, cuts it, signs what it cut and gives it to the swarm.
 *
 * Flow    bytes → pieces (ts-cutter.ts) → at the pace of their clock → sealed → hashed → signed
 *         heads → peers. Above `LIVE_BATCHES_PER_S` several heads share a signature.
 * Errors  `MEDIA_INVALID` for what is no transport stream or nothing at all, or more than `INGEST_MAX_KBPS`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import type { DeviceKey } from "./ed25519.ts";
import { INGEST_MAX_KBPS, LIVE_BATCHES_PER_S, LIVE_HEADS_PER_BATCH } from "./limits.ts";
import type { LiveCounter } from "./live-counter.ts";
import type { LiveDescriptor } from "./live-descriptor.ts";
import { type LiveHead, signHeads } from "./live-head.ts";
import { type LiveRun, signRuns } from "./live-run.ts";
import type { OriginPlace } from "./live-runs.ts";
import type { LiveCipher, LiveSwarm } from "./live-swarm-port.ts";
import { type CutPiece, TsCutter } from "./ts-cutter.ts";
import { TS_NULL_PID, TS_PACKET_BYTES, TS_SYNC } from "./ts-packet.ts";

/** Bytes of a transport stream; a `break` says that what follows does not join on. */
export type Ingest = AsyncIterable<Uint8Array | IngestSegment | "break">;

/** A whole segment of an HLS origin. */
export interface IngestSegment {
  /** Relative to the origin. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface LiveSourceOptions {
  readonly descriptor: LiveDescriptor;
  readonly key: DeviceKey;
  readonly counter: LiveCounter;
  readonly swarm: Pick<LiveSwarm, "publish">;
  readonly cipher?: LiveCipher;
  readonly clock: Clock;
  /** How far a source may be ahead of its own clock: 0 for a file. */
  readonly aheadMs?: number;
  readonly onPiece?: (head: LiveHead) => void;
  /** Told where the origin holds the pieces that come next. */
  readonly onRun?: (run: LiveRun) => void;
}

/** Of a packet's header: a payload, no adaptation field, in the clear. */
const PAYLOAD_ONLY = 0x10;
const AHEAD_MS = 2_000;
const METER_MS = 5_000;
/** Further behind its own clock than this a source is not hurried any more: it stood still. */
const BEHIND_MS = 1_000;

/** Runs until the input ends, which ends the stream, or is aborted, which does not. */
export async function runLiveSource(
  ingest: Ingest,
  options: LiveSourceOptions,
  signal: AbortSignal,
): Promise<void> {
  const cutter = new TsCutter();
  const out = new Output(options);
  const pace = new Pace(options.clock, options.aheadMs ?? AHEAD_MS);
  const meter = new Meter(options.clock);
  let lastMs: number | undefined;
  const emit = async (pieces: readonly CutPiece[]) => {
    out.announce(pieces);
    lastMs = pieces.at(-1)?.mediaMs ?? lastMs;
    for (const piece of pieces) {
      meter.add(piece.bytes.length);
      await pace.wait(piece, signal);
      await out.add(piece, false);
    }
  };
  try {
    for await (const chunk of ingest) {
      signal.throwIfAborted();
      await emit(cutChunk(cutter, chunk));
    }
    const last = [...cutter.flush()];
    const end = last.pop();
    await emit(last);
    if (end !== undefined) await out.add(end, true);
    else if (lastMs !== undefined) await out.add(endPiece(lastMs), true);
    else throw nothingToPlay();
  } finally {
    await out.close();
  }
}

export function cutChunk(
  cutter: TsCutter,
  chunk: Uint8Array | IngestSegment | "break",
): readonly CutPiece[] {
  if (chunk === "break") return cutter.interrupt();
  return chunk instanceof Uint8Array ? cutter.push(chunk) : cutter.segment(chunk.path, chunk.bytes);
}

export function nothingToPlay(): AceError {
  return new AceError("MEDIA_INVALID", "the input ended before anything that can be played");
}

/** All was sent when the end was seen: a packet that means nothing says it. */
function endPiece(mediaMs: number): CutPiece {
  const bytes = new Uint8Array(TS_PACKET_BYTES).fill(0xff);
  bytes.set([TS_SYNC, TS_NULL_PID >> 8, TS_NULL_PID & 0xff, PAYLOAD_ONLY]);
  return { bytes, isRandomAccess: false, isDiscontinuity: false, mediaMs };
}

/** Numbers, seals, signs and publishes. */
class Output {
  readonly #options: LiveSourceOptions;
  #waiting: { readonly head: LiveHead; readonly bytes: Uint8Array }[] = [];
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isFirst = true;

  constructor(options: LiveSourceOptions) {
    this.#options = options;
  }

  /** Pieces that are cut already, and leave in their time: what an origin holds can be found before. */
  announce(pieces: readonly CutPiece[]): void {
    const { onRun, counter, cipher, descriptor, key } = this.#options;
    // What travels sealed lies in no origin.
    if (onRun === undefined || cipher !== undefined) return;
    const { epoch, nextSeq } = counter;
    for (const { at, path, parts } of placedRuns(pieces)) {
      const names = { epoch, firstSeq: nextSeq + at, path, parts };
      for (const run of signRuns(names, descriptor, key)) onRun(run);
    }
  }

  async add(piece: CutPiece, isEnd: boolean): Promise<void> {
    const { counter, cipher, clock } = this.#options;
    const { epoch } = counter;
    const seq = await counter.next();
    const bytes = (await cipher?.seal({ epoch, seq }, piece.bytes)) ?? piece.bytes;
    const head: LiveHead = {
      epoch,
      seq,
      isRandomAccess: piece.isRandomAccess,
      // What a source sent before it was stopped does not join on.
      isDiscontinuity: piece.isDiscontinuity || (this.#isFirst && seq > 0),
      isEnd,
      mediaMs: piece.mediaMs,
      captureMs: clock.nowMs(),
      length: bytes.length,
      sha256: sha256(bytes),
    };
    this.#isFirst = false;
    this.#waiting.push({ head, bytes });
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#flush();
    await this.#options.counter.close();
  }

  #schedule(): void {
    const waitMs = this.#lastMs + 1_000 / LIVE_BATCHES_PER_S - this.#options.clock.nowMs();
    if (waitMs <= 0 || this.#waiting.length >= LIVE_HEADS_PER_BATCH) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), waitMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { swarm, descriptor, key, onPiece, clock } = this.#options;
    this.#lastMs = clock.nowMs();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, LIVE_HEADS_PER_BATCH);
      const heads = batch.map(({ head }) => head);
      swarm.publish(
        signHeads(heads, descriptor, key),
        batch.map(({ bytes }) => bytes),
      );
      for (const head of heads) onPiece?.(head);
    }
  }
}

/** Consecutive pieces of one segment; `at` counts from the first of all. */
function placedRuns(pieces: readonly CutPiece[]) {
  const runs: { readonly at: number; readonly path: string; readonly parts: OriginPlace[] }[] = [];
  for (const [at, { place }] of pieces.entries()) {
    if (place === undefined) continue;
    const run = runs.at(-1);
    const isNext = run !== undefined && run.path === place.path && run.at + run.parts.length === at;
    if (isNext) run.parts.push(place);
    else runs.push({ at, path: place.path, parts: [place] });
  }
  return runs;
}

/** Lets pieces go no earlier than their clock says. */
class Pace {
  readonly #clock: Clock;
  readonly #aheadMs: number;
  #base: { readonly mediaMs: number; readonly atMs: number } | undefined;

  constructor(clock: Clock, aheadMs: number) {
    this.#clock = clock;
    this.#aheadMs = aheadMs;
  }

  async wait({ mediaMs, isDiscontinuity }: CutPiece, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.nowMs();
    this.#base ??= { mediaMs, atMs: nowMs };
    const dueMs = this.#base.atMs + (mediaMs - this.#base.mediaMs);
    if (nowMs - dueMs > BEHIND_MS && !isDiscontinuity) this.#base = { mediaMs, atMs: nowMs };
    const waitMs = dueMs - nowMs - this.#aheadMs;
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
  }
}

/** Counts what comes in, over a few seconds. */
class Meter {
  readonly #clock: Clock;
  #sinceMs: number;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.nowMs();
  }

  add(bytes: number): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#sinceMs >= METER_MS) {
      this.#sinceMs = nowMs;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    if (this.#bytes * 8 <= INGEST_MAX_KBPS * METER_MS) return;
    throw new AceError("MEDIA_INVALID", `the source sends more than ${INGEST_MAX_KBPS} kbit/s`);
  }
}
