/**
 * A file of transport stream played again and again as one stream: its clocks go on, its packets keep
 * counting.
 *
 * Every round the program clock and the time stamps of pictures and sound move on by how long the
 * file lasts, so that no player sees a jump where the file begins anew.
 *
 * Units   Clocks count 90,000 a second and start anew after 2^33. Bytes are changed in place.
 * Range   A file whose own clock jumps, or that is no run of whole packets, cannot be joined on:
 *         `nextRound` says so.
 * Source  ISO/IEC 13818-1, 2.4.3.3 (counters), 2.4.3.5 (program clock), 2.4.3.7 (time stamps).
 */
import { readTsPacket, TS_PACKET_BYTES, TS_SYNC } from "./ts-packet.ts";

const CLOCK_TURN = 2 ** 33;
/** A file that lasts longer than a day is taken for one whose clock jumps. */
const LOOP_MAX_90K = 86_400 * 90_000;
const PES_HEADER_BYTES = 14;
const STAMP_BYTES = 5;
const PCR_AT = 6;

interface Track {
  /** As the file has it. */
  readonly first: number;
  last: number;
  step: number;
}

interface Counter {
  /** The counter as the file has it, and as it leaves. */
  read: number;
  sent: number;
}

export class TsLoop {
  readonly #tracks = new Map<number, Track>();
  readonly #counters = new Map<number, Counter>();
  #rest: Uint8Array = new Uint8Array();
  #shift = 0;
  #round = 0;
  #isWhole = true;

  /** The next bytes of the file, as they belong after those before. */
  take(chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const whole = bytes.length - (bytes.length % TS_PACKET_BYTES);
    for (let at = 0; at < whole; at += TS_PACKET_BYTES) {
      this.#restamp(bytes.subarray(at, at + TS_PACKET_BYTES));
    }
    this.#rest = bytes.subarray(whole);
    return bytes.subarray(0, whole);
  }

  /** Called where the file ends. False when what follows does not join on. */
  nextRound(): boolean {
    const lasts = [...this.#tracks.values()].map(({ first, last, step }) => last + step - first);
    const length = Math.max(0, ...lasts);
    const isJoined = this.#isWhole && length > 0 && length < LOOP_MAX_90K;
    this.#rest = new Uint8Array();
    this.#round += 1;
    if (isJoined) this.#shift = (length * this.#round) % CLOCK_TURN;
    return isJoined;
  }

  #restamp(packet: Uint8Array): void {
    const read = readTsPacket(packet);
    if (read === undefined || packet[0] !== TS_SYNC) {
      this.#isWhole = false;
      return;
    }
    this.#count(packet, read.pid, read.payload.length > 0);
    if (read.pcr90k !== undefined) writePcr(packet, turn(read.pcr90k + this.#shift));
    if (read.isStart) this.#stamp(read.pid, read.payload);
  }

  #count(packet: Uint8Array, pid: number, hasPayload: boolean): void {
    const control = packet[3] ?? 0;
    const read = control & 0x0f;
    const before = this.#counters.get(pid);
    if (before === undefined) {
      this.#counters.set(pid, { read, sent: read });
      return;
    }
    // The same number twice is the same packet twice, which the rules allow.
    const isNext = hasPayload && (read !== before.read || this.#isFirstOfRound(pid));
    before.read = read;
    if (isNext) before.sent = (before.sent + 1) & 0x0f;
    packet[3] = (control & 0xf0) | before.sent;
  }

  readonly #seen = new Map<number, number>();

  #isFirstOfRound(pid: number): boolean {
    const isFirst = this.#seen.get(pid) !== this.#round;
    this.#seen.set(pid, this.#round);
    return isFirst;
  }

  #stamp(pid: number, payload: Uint8Array): void {
    if (payload.length < PES_HEADER_BYTES || !isPes(payload)) return;
    const flags = (payload[7] ?? 0) >> 6;
    if (flags < 2) return;
    const presented = readStamp(payload.subarray(9));
    const hasBoth = flags === 3 && payload.length >= PES_HEADER_BYTES + STAMP_BYTES;
    const decoded = hasBoth ? readStamp(payload.subarray(PES_HEADER_BYTES)) : presented;
    if (this.#round === 0) this.#measure(pid, decoded);
    writeStamp(payload.subarray(9), turn(presented + this.#shift));
    if (hasBoth) writeStamp(payload.subarray(PES_HEADER_BYTES), turn(decoded + this.#shift));
  }

  #measure(pid: number, decoded: number): void {
    const track = this.#tracks.get(pid);
    if (track === undefined) this.#tracks.set(pid, { first: decoded, last: decoded, step: 0 });
    else {
      if (decoded < track.last) this.#isWhole = false;
      track.step = decoded - track.last;
      track.last = decoded;
    }
  }
}

/** A packet of pictures or sound with the header that holds time stamps. */
function isPes(payload: Uint8Array): boolean {
  const [zero, nought, one, id = 0, , , marker = 0] = payload;
  const isMedia = (id >= 0xc0 && id <= 0xef) || id === 0xbd || id === 0xfd;
  return zero === 0 && nought === 0 && one === 1 && isMedia && (marker & 0xc0) === 0x80;
}

function turn(clock: number): number {
  return clock % CLOCK_TURN;
}

function readStamp([a = 0, b = 0, c = 0, d = 0, e = 0]: Uint8Array): number {
  return ((a >> 1) & 7) * 2 ** 30 + b * 2 ** 22 + (c >> 1) * 2 ** 15 + d * 2 ** 7 + (e >> 1);
}

function writeStamp(place: Uint8Array, stamp: number): void {
  place[0] = ((place[0] ?? 0) & 0xf1) | ((Math.floor(stamp / 2 ** 30) & 7) << 1);
  place[1] = Math.floor(stamp / 2 ** 22) & 0xff;
  place[2] = ((Math.floor(stamp / 2 ** 15) & 0x7f) << 1) | 1;
  place[3] = Math.floor(stamp / 2 ** 7) & 0xff;
  place[4] = ((stamp & 0x7f) << 1) | 1;
}

function writePcr(packet: Uint8Array, pcr90k: number): void {
  const half = Math.floor(pcr90k / 2);
  packet[PCR_AT] = Math.floor(half / 2 ** 24) & 0xff;
  packet[PCR_AT + 1] = (half >> 16) & 0xff;
  packet[PCR_AT + 2] = (half >> 8) & 0xff;
  packet[PCR_AT + 3] = half & 0xff;
  packet[PCR_AT + 4] = ((packet[PCR_AT + 4] ?? 0) & 0x7f) | ((pcr90k % 2) << 7);
}
