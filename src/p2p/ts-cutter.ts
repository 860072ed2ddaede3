/**
 * Cutter: turns a transport stream, in chunks of any size, into the pieces of a live stream.
 *
 * A piece begins at each place where a player can begin, with the tables that the player needs, and
 * is closed when it is full or has lasted `LIVE_PIECE_MS`. What comes before the first such place is
 * of use to nobody and left out. Where a stream does not repeat its tables before such a place, the
 * last ones are sent again, as duplicates that players skip.
 *
 * Units   `mediaMs` is the stream's own clock from where it was cut first; it never runs backwards.
 * Range   A piece is whole packets, at most `LIVE_PIECE_MAX_BYTES`.
 * Errors  `MEDIA_INVALID` for bytes that are no packets of 188, or in which no player could begin.
 * Source  ISO/IEC 13818-1, 2.4.3.3 (duplicate packets) and 2.4.3.5 (random access, clock).
 */
import { concatBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { AUDIO_RAP_MS, LIVE_PIECE_MAX_BYTES, LIVE_PIECE_MS, RAP_WAIT_MAX_BYTES } from "./limits.ts";
import { LIVE_START_PIECE_MS } from "./live-limits.ts";
import type { OriginPlace } from "./live-runs.ts";
import { TsClock } from "./ts-clock.ts";
import { readTsPacket, TS_PACKET_BYTES, TS_SYNC, type TsPacket } from "./ts-packet.ts";
import { TsTables } from "./ts-tables.ts";

export interface CutPiece {
  readonly bytes: Uint8Array;
  readonly isRandomAccess: boolean;
  readonly isDiscontinuity: boolean;
  readonly mediaMs: number;
  /** Where an origin holds it; undefined when it came of no segment, or not whole. */
  readonly place?: OriginPlace;
}

type Packet = Uint8Array;

/** Packets that must agree on where they begin before a stream is believed to be one. */
const SYNC_PACKETS = 3;
/** Nothing is made of fewer bytes: such packets, wherever in one the stream is joined. */
export const TS_START_BYTES = (SYNC_PACKETS + 1) * TS_PACKET_BYTES;

export class TsCutter {
  readonly #tables = new TsTables();
  readonly #clock = new TsClock();
  readonly #cut: CutPiece[] = [];
  /** The last packet of each table, where it fits into one. */
  readonly #lastTables = new Map<"pat" | "pmt", Packet>();
  #rest: Uint8Array = new Uint8Array();
  #isSynced = false;
  #skippedBytes = 0;
  /** Path of the segment that the packets are of, and where in it the next one lies. */
  #path: string | undefined;
  #at = 0;
  #packets: Packet[] = [];
  /** Where the first packet lies that was not put in, and how many were. */
  #firstAt = 0;
  #putIn = 0;
  /** How many of the last packets are tables: they belong to what follows them. */
  #trailingTables = 0;
  #isOpen = false;
  #isRandomAccess = false;
  #isDiscontinuity = false;
  #startMs = 0;
  #lastRapMs = 0;

  /** Pieces that these bytes complete. */
  push(chunk: Uint8Array): readonly CutPiece[] {
    let bytes = this.#rest.length === 0 ? chunk : concatBytes(this.#rest, chunk);
    if (!this.#isSynced) {
      if (bytes.length < TS_START_BYTES) {
        this.#rest = bytes;
        return [];
      }
      const start = findSync(bytes);
      bytes = bytes.subarray(start);
      this.#at += start;
      this.#isSynced = true;
    }
    const whole = bytes.length - (bytes.length % TS_PACKET_BYTES);
    for (let at = 0; at < whole; at += TS_PACKET_BYTES) {
      this.#take(bytes.slice(at, at + TS_PACKET_BYTES));
      this.#at += TS_PACKET_BYTES;
    }
    this.#rest = bytes.slice(whole);
    return this.#cut.splice(0);
  }

  /** The pieces of a whole segment of an HLS origin: none goes on into the next one. */
  segment(path: string, bytes: Uint8Array): readonly CutPiece[] {
    const before = this.flush();
    this.#path = path;
    this.#at = -this.#rest.length;
    this.#startMs = this.#clock.mediaMs;
    const pieces = [...before, ...this.push(bytes), ...this.flush()];
    this.#path = undefined;
    return pieces;
  }

  /** The stream goes on elsewhere: what follows does not join on, and may begin anywhere in a packet. */
  interrupt(): readonly CutPiece[] {
    const last = this.flush();
    this.#isSynced = false;
    this.#rest = new Uint8Array();
    this.#clock.interrupt();
    this.#isDiscontinuity = this.#isOpen || this.#isDiscontinuity;
    this.#isOpen = false;
    this.#skippedBytes = 0;
    return last;
  }

  /** The end: what is left over. */
  flush(): readonly CutPiece[] {
    this.#close(this.#packets.length);
    return this.#cut.splice(0);
  }

  #take(bytes: Packet): void {
    const packet = readTsPacket(bytes);
    if (packet === undefined) throw lostSync();
    this.#tables.read(packet);
    const isClock = packet.pid === this.#tables.clockPid;
    const jumps = isClock && this.#clock.read(packet);
    if (this.#isStart(packet)) this.#begin({ isRandomAccess: true, jumps });
    else if (jumps) this.#begin({ isRandomAccess: false, jumps });
    else if (this.#isFull()) this.#begin({ isRandomAccess: false, jumps: false });
    this.#append(packet, bytes);
  }

  #isStart({ pid, isStart, isRandomAccess }: TsPacket): boolean {
    if (!isStart || !this.#tables.areKnown) return false;
    const { videoPid, audioPid } = this.#tables;
    if (videoPid !== undefined) return pid === videoPid && isRandomAccess;
    const isDue = !this.#isOpen || this.#clock.mediaMs - this.#lastRapMs >= AUDIO_RAP_MS;
    return pid === audioPid && isDue;
  }

  #isFull(): boolean {
    const limitMs = this.#isRandomAccess ? LIVE_START_PIECE_MS : LIVE_PIECE_MS;
    const isLong = this.#clock.mediaMs - this.#startMs >= limitMs;
    const isBig = (this.#packets.length + 1) * TS_PACKET_BYTES > LIVE_PIECE_MAX_BYTES;
    return this.#isOpen && this.#packets.length > 0 && (isLong || isBig);
  }

  #begin({ isRandomAccess, jumps }: { isRandomAccess: boolean; jumps: boolean }): void {
    const tables = isRandomAccess ? this.#trailingTables : 0;
    const first = this.#packets.slice(this.#packets.length - tables);
    this.#close(this.#packets.length - tables);
    const putIn = isRandomAccess ? this.#missingTables(first) : [];
    this.#packets = [...putIn, ...first];
    this.#putIn = putIn.length;
    this.#firstAt = this.#at - first.length * TS_PACKET_BYTES;
    this.#trailingTables = this.#packets.length;
    this.#isDiscontinuity ||= jumps && this.#isOpen;
    this.#isRandomAccess = isRandomAccess;
    this.#startMs = this.#clock.mediaMs;
    if (!isRandomAccess) return;
    this.#isOpen = true;
    this.#lastRapMs = this.#startMs;
  }

  #missingTables(present: readonly Packet[]): readonly Packet[] {
    const kinds = new Set(present.map((bytes) => this.#kindOf(bytes)));
    return [...this.#lastTables].filter(([kind]) => !kinds.has(kind)).map(([, bytes]) => bytes);
  }

  #append(packet: TsPacket, bytes: Packet): void {
    const kind = this.#tables.kindOf(packet.pid);
    if (kind === "pat" || kind === "pmt") this.#remember(kind, packet, bytes);
    if (this.#packets.length === 0) {
      this.#firstAt = this.#at;
      this.#putIn = 0;
    }
    this.#packets.push(bytes);
    this.#trailingTables = kind === "media" ? 0 : this.#trailingTables + 1;
    if (this.#isOpen) return;
    this.#skippedBytes += bytes.length;
    if (kind === "media" || this.#isFull()) this.#packets = [];
    if (this.#skippedBytes > RAP_WAIT_MAX_BYTES) throw noStart(this.#tables);
  }

  /** A table that goes on in a second packet cannot be sent again as a duplicate. */
  #remember(kind: "pat" | "pmt", { isStart }: TsPacket, bytes: Packet): void {
    if (isStart) this.#lastTables.set(kind, bytes);
    else this.#lastTables.delete(kind);
  }

  #kindOf(bytes: Packet): string {
    return this.#tables.kindOf((((bytes[1] ?? 0) & 0x1f) << 8) | (bytes[2] ?? 0));
  }

  #close(count: number): void {
    const packets = this.#packets.slice(0, count);
    const place = this.#placeOf(packets);
    this.#packets = [];
    this.#trailingTables = 0;
    if (!this.#isOpen || packets.length === 0) return;
    this.#cut.push({
      bytes: concatBytes(...packets),
      isRandomAccess: this.#isRandomAccess,
      isDiscontinuity: this.#isDiscontinuity,
      mediaMs: Math.round(this.#startMs),
      ...(place === undefined ? {} : { place }),
    });
    this.#isRandomAccess = false;
    this.#isDiscontinuity = false;
  }

  #placeOf(packets: readonly Packet[]): OriginPlace | undefined {
    const length = (packets.length - this.#putIn) * TS_PACKET_BYTES;
    if (this.#path === undefined || this.#firstAt < 0 || length <= 0) return undefined;
    const tables = concatBytes(...packets.slice(0, this.#putIn));
    return { path: this.#path, offset: this.#firstAt, length, tables };
  }
}

/** A stream that is joined in its middle may begin anywhere in a packet. */
function findSync(bytes: Uint8Array): number {
  for (let at = 0; at < TS_PACKET_BYTES; at += 1) {
    const places = Array.from(
      { length: SYNC_PACKETS },
      (_, packet) => at + packet * TS_PACKET_BYTES,
    );
    if (places.every((place) => bytes[place] === TS_SYNC)) return at;
  }
  throw new AceError("MEDIA_INVALID", "the source sends no MPEG-TS packets of 188 bytes");
}

function lostSync(): AceError {
  return new AceError("MEDIA_INVALID", "the source sent bytes that are not packets of 188 bytes");
}

function noStart({ areKnown, videoPid }: TsTables): AceError {
  const what = areKnown
    ? `no random access indicator on PID ${videoPid ?? "of any sound"}`
    : "no programme tables";
  return new AceError("MEDIA_INVALID", `no player can begin in what the source sends: ${what}`);
}
