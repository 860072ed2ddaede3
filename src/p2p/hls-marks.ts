/**
 * Where a segment of live HLS can be cut into parts, and when in the segment that is.
 *
 * A mark is the beginning of a picture (of sound in a stream without pictures): a player that is given
 * what comes before has whole pictures. Its time is what the picture itself says, or the clock that
 * travels with it. Where a stream tells neither, pieces as they came are the marks.
 *
 * Units   `atMs` counts from the beginning of the segment; whole milliseconds.
 * Source  ISO/IEC 13818-1, 2.4.3.6 and 2.4.3.7 (PES header: stream id, PTS, DTS).
 */
import { HLS_CLOCK_SLACK_MS } from "./hls-limits.ts";
import { HLS_SEGMENT_MS_MIN } from "./limits.ts";
import type { LivePiece } from "./live-port.ts";
import { readTsPacket, TS_PACKET_BYTES, type TsPacket } from "./ts-packet.ts";
import { TsTables } from "./ts-tables.ts";

export interface Mark {
  /** Where in the piece. */
  readonly offset: number;
  readonly atMs: number;
}

type Clock = "frame" | "packet";

interface Base {
  readonly pid: number;
  readonly clock: Clock;
  readonly at90k: number;
}

const CLOCK_90K = 2 ** 33;
/** Of a segment of one mark nobody knows how long it is. */
const UNKNOWN_MS = HLS_SEGMENT_MS_MIN / 4;

export class SegmentMarks {
  readonly #firstMediaMs: number;
  readonly #base: Base | undefined;
  #lastMs = 0;
  #count = 1;

  constructor(first: LivePiece) {
    this.#firstMediaMs = first.mediaMs;
    // Of what begins elsewhere nobody knows which frame its first bytes are of.
    this.#base = first.isRandomAccess ? baseOf(first.bytes) : undefined;
  }

  /** The last mark. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Of the next piece: later than all before, and within what a segment may last. */
  marksOf(piece: LivePiece, limitMs: number): readonly Mark[] {
    const marks: Mark[] = [];
    for (const mark of this.#all(piece)) {
      if (mark.atMs <= this.#lastMs || mark.atMs >= limitMs) continue;
      this.#lastMs = mark.atMs;
      this.#count += 1;
      marks.push(mark);
    }
    return marks;
  }

  /** When the segment ends that `next` follows without a break. */
  endBefore(next: LivePiece, limitMs: number): number {
    const [mark] = this.#all(next);
    const endMs = mark?.offset === 0 ? mark.atMs : next.mediaMs - this.#firstMediaMs;
    return Math.min(limitMs, Math.max(this.#lastMs + 1, endMs));
  }

  /** When it ends if nobody saw what follows: the last picture is taken to last as long as the others. */
  endGuess(limitMs: number): number {
    const stepMs = this.#count > 1 ? this.#lastMs / (this.#count - 1) : UNKNOWN_MS;
    return Math.min(limitMs, Math.round(this.#lastMs + Math.max(1, stepMs)));
  }

  #all({ bytes, isRandomAccess, mediaMs }: LivePiece): readonly Mark[] {
    const pieceMs = mediaMs - this.#firstMediaMs;
    const base = this.#base;
    if (base === undefined) return [{ offset: 0, atMs: pieceMs }];
    const marks: Mark[] = [];
    for (const { offset, packet } of startsOf(bytes, base.pid)) {
      const at90k = timeOf(packet, base.clock);
      if (at90k === undefined) continue;
      const atMs = Math.round(sinceOf(base.at90k, at90k) / 90);
      if (Math.abs(atMs - pieceMs) > HLS_CLOCK_SLACK_MS) continue;
      // What is before the first picture of such a piece are the tables that belong to it.
      marks.push({ offset: isRandomAccess && marks.length === 0 ? 0 : offset, atMs });
    }
    return marks;
  }
}

interface Start {
  readonly offset: number;
  readonly packet: TsPacket;
}

/** The first frame of a piece that a player can begin with: which packets are frames, and their clock. */
function baseOf(bytes: Uint8Array): Base | undefined {
  const tables = new TsTables();
  for (const { packet } of packetsOf(bytes)) {
    tables.read(packet);
    const pid = tables.videoPid ?? tables.audioPid;
    if (pid === undefined || packet.pid !== pid || !packet.isStart) continue;
    const frame90k = timeOf(packet, "frame");
    if (frame90k !== undefined) return { pid, clock: "frame", at90k: frame90k };
    const packet90k = timeOf(packet, "packet");
    return packet90k === undefined ? undefined : { pid, clock: "packet", at90k: packet90k };
  }
  return undefined;
}

function* packetsOf(bytes: Uint8Array): Generator<Start> {
  for (let offset = 0; offset + TS_PACKET_BYTES <= bytes.length; offset += TS_PACKET_BYTES) {
    const packet = readTsPacket(bytes.subarray(offset, offset + TS_PACKET_BYTES));
    if (packet !== undefined) yield { offset, packet };
  }
}

function* startsOf(bytes: Uint8Array, pid: number): Generator<Start> {
  for (let offset = 0; offset + TS_PACKET_BYTES <= bytes.length; offset += TS_PACKET_BYTES) {
    const high = bytes[offset + 1] ?? 0;
    const isOurs = (((high & 0x1f) << 8) | (bytes[offset + 2] ?? 0)) === pid;
    if (!isOurs || (high & 0x40) === 0) continue;
    const packet = readTsPacket(bytes.subarray(offset, offset + TS_PACKET_BYTES));
    if (packet !== undefined) yield { offset, packet };
  }
}

function timeOf({ payload, pcr90k }: TsPacket, clock: Clock): number | undefined {
  if (clock === "packet") return pcr90k;
  const [zero, nought, one, , , , , flags = 0] = payload;
  if (zero !== 0 || nought !== 0 || one !== 1) return undefined;
  const hasOwn = (flags & 0x80) !== 0;
  const hasDecoding = (flags & 0xc0) === 0xc0;
  if (!hasOwn) return undefined;
  return readTime(payload, hasDecoding ? 14 : 9);
}

/** 33 bits in five bytes, with marks between. */
function readTime(bytes: Uint8Array, at: number): number | undefined {
  if (at + 5 > bytes.length) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + 5);
  return ((a >> 1) & 7) * 2 ** 30 + b * 2 ** 22 + (c >> 1) * 2 ** 15 + d * 2 ** 7 + (e >> 1);
}

/** From one time to another, over the clock's wrap as well. */
function sinceOf(from: number, to: number): number {
  const ahead = (to - from + CLOCK_90K) % CLOCK_90K;
  return ahead < CLOCK_90K / 2 ? ahead : ahead - CLOCK_90K;
}
