// Goal: whatever goes into a live stream, its HLS parts are its segments' bytes, keep the durations that the
//       list promises, and once told stay what they were.
// Method: streams made of random plans, with and without times in their pictures, and streams that break.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HLS_PART_MS, HLS_PART_SHARE_MIN } from "../../src/p2p/hls-limits.ts";
import { HlsList } from "../../src/p2p/hls-list.ts";
import type { Part, Segment } from "../../src/p2p/hls-segment.ts";
import type { LivePiece } from "../../src/p2p/live-port.ts";
import { TsCutter } from "../../src/p2p/ts-cutter.ts";
import { makeTs, type TsPlan } from "../support/ts-maker.ts";

const seed = Number(process.env["ACE_SEED"] ?? "8216");
const PACKET = 188;
const VIDEO_PID = 0x100;
/** Where in a packet with a clock the payload begins. */
const PAYLOAD_AT = 12;
const SECONDS = 7;

const plans = fc.record({
  seconds: fc.constant(SECONDS),
  fps: fc.constantFrom(20, 24, 25, 30_000 / 1_001, 30, 50, 60),
  gop: fc.integer({ min: 10, max: 150 }),
  picturePackets: fc.integer({ min: 1, max: 40 }),
  firstPcrMs: fc.constantFrom(0, 95_443_000, 95_442_717),
});

/** Times in the pictures themselves, `delayMs` after the clock beside them. */
function timed(film: Buffer, { fps, firstPcrMs }: Required<Pick<TsPlan, "fps" | "firstPcrMs">>) {
  const delayMs = 700;
  let picture = 0;
  for (let at = 0; at < film.length; at += PACKET) {
    const pid = film.readUInt16BE(at + 1) & 0x1fff;
    if (pid !== VIDEO_PID || ((film[at + 1] ?? 0) & 0x40) === 0) continue;
    const decode = Math.round((firstPcrMs + delayMs + (picture * 1_000) / fps) * 90) % 2 ** 33;
    // Shown in another order than decoded: only the time of decoding rises evenly.
    const show = Math.round(decode + ((picture * 7) % 3) * 3_000) % 2 ** 33;
    const header = [0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 10, ...time(3, show), ...time(1, decode)];
    film.set(header, at + PAYLOAD_AT);
    picture += 1;
  }
  return film;
}

function time(prefix: number, at90k: number): readonly number[] {
  const high = Math.floor(at90k / 2 ** 30) & 7;
  const middle = Math.floor(at90k / 2 ** 15) & 0x7fff;
  const low = at90k & 0x7fff;
  return [
    (prefix << 4) | (high << 1) | 1,
    middle >> 7,
    ((middle << 1) & 0xff) | 1,
    low >> 7,
    ((low << 1) & 0xff) | 1,
  ];
}

function piecesOf(film: Uint8Array): readonly LivePiece[] {
  const cutter = new TsCutter();
  const cut = [...cutter.push(film), ...cutter.flush()];
  return cut.map(({ bytes, isRandomAccess, isDiscontinuity, mediaMs }, seq) => {
    return { epoch: 1, seq, bytes, isRandomAccess, isDiscontinuity, mediaMs, captureMs: mediaMs };
  });
}

/** What the list says after each piece is what a player would have read. */
class Reader {
  readonly list = new HlsList();
  readonly told = new Map<string, { readonly bytes: Buffer; readonly durationMs: number }>();
  #hint = "";

  take(piece: LivePiece): void {
    const before = this.told.size;
    this.list.add(piece);
    this.read();
    if (this.told.size === before) return;
    // What was hinted at is what came, unless the stream broke off before anything of it.
    const [number = 0, part = 0] = this.#hint.split(".").map(Number);
    if (this.#hint !== "") expect(this.list.findPart(number, part)).toBeDefined();
    this.#hint = this.hint();
  }

  /** Every part in the list is there, and is what it was when it was told first. */
  read(): void {
    for (const { number, part, durationMs } of this.parts()) {
      const found = this.list.findPart(number, part);
      const bytes = Buffer.concat(found?.chunks ?? []);
      expect(found?.durationMs).toBe(durationMs);
      const known = this.told.get(`${number}.${part}`);
      if (known !== undefined) expect(known.bytes.equals(bytes)).toBe(true);
      this.told.set(`${number}.${part}`, { bytes, durationMs });
    }
  }

  parts() {
    return [...this.text().matchAll(/PART:DURATION=([\d.]+),URI="(\d+)\.(\d+)"/g)].map(
      ([, seconds, number, part]) => {
        return {
          number: Number(number),
          part: Number(part),
          durationMs: Math.round(Number(seconds) * 1_000),
        };
      },
    );
  }

  hint(): string {
    return /PRELOAD-HINT:TYPE=PART,URI="([\d.]+)"/.exec(this.text())?.[1] ?? "";
  }

  targetMs(): number {
    return Math.round(Number(/PART-TARGET=([\d.]+)/.exec(this.text())?.[1]) * 1_000);
  }

  segments(): readonly Segment[] {
    const numbers = Array.from({ length: this.list.newest.number }, (_, number) => number);
    return numbers
      .map((number) => this.list.find(number))
      .filter((segment) => segment !== undefined);
  }

  /** Of each segment that is kept: its parts are its bytes and its time. How many parts there are. */
  checkWhole(): number {
    const targetMs = this.targetMs();
    for (const { parts, chunks, durationMs, isIndependent } of this.segments()) {
      const bytes = Buffer.concat(parts.flatMap((part) => part.chunks));
      expect(bytes.equals(Buffer.concat(chunks))).toBe(true);
      expect(parts.reduce((sum, part) => sum + part.durationMs, 0)).toBe(durationMs);
      expect(parts.every((part) => part.durationMs > 0 && part.sizeBytes > 0)).toBe(true);
      expect(parts[0]?.isIndependent).toBe(isIndependent);
      expect(Math.max(...parts.map((part) => part.durationMs))).toBeLessThanOrEqual(targetMs);
    }
    return this.segments().flatMap(({ parts }) => parts).length;
  }

  /** Of each part that was told: it is there yet, or gone with its segment. */
  checkTold(): void {
    for (const [name, { bytes }] of this.told) {
      const [number = 0, part = 0] = name.split(".").map(Number);
      const found = this.list.findPart(number, part);
      if (found === undefined) expect(this.list.find(number)).toBeUndefined();
      else expect(bytes.equals(Buffer.concat(found.chunks))).toBe(true);
    }
  }

  text(): string {
    return this.list.playlist(
      ({ number }) => String(number),
      (number, part) => `${number}.${part}`,
    );
  }
}

describe("parts of a stream with pictures", () => {
  it("begin with a picture and last as long as is promised, and hints come true", () => {
    const property = fc.property(plans, fc.boolean(), (plan, isTimed) => {
      const film = makeTs(plan);
      const reader = new Reader();
      for (const piece of piecesOf(isTimed ? timed(film, plan) : film)) reader.take(piece);
      reader.list.end();
      expect(reader.checkWhole()).toBeGreaterThan(SECONDS);
      expect(reader.targetMs()).toBe(HLS_PART_MS);
      const segments = reader.segments();
      for (const { parts } of segments) checkPictures(parts);
      expect(segments.every(({ isIndependent }) => isIndependent)).toBe(true);
      // Its pieces are told with the clock of the stream; their sum is the stream's length.
      const sumMs = segments.reduce((sum, { durationMs }) => sum + durationMs, 0);
      expect(Math.abs(sumMs - SECONDS * 1_000)).toBeLessThan(60);
    });
    fc.assert(property, { numRuns: 16, seed });
  });

  it.each([
    [25, 9],
    [50, 17],
    [30, 11],
  ])(
    "can be begun with in the middle of a segment, tables and all: %i a second, each %ith",
    (fps, gop) => {
      const film = makeTs({ seconds: 5, fps, gop });
      for (const made of [film, timed(Buffer.from(film), { fps, firstPcrMs: 0 })]) {
        const reader = new Reader();
        for (const piece of piecesOf(made)) reader.take(piece);
        const parts = reader.segments().flatMap((segment) => segment.parts);
        checkPictures(parts);
        expect(parts.every(({ isIndependent }) => isIndependent)).toBe(true);
      }
    },
  );

  it("are longer, and never more than is told, where pictures are far apart", () => {
    for (const fps of [1, 2, 4]) {
      const reader = new Reader();
      for (const piece of piecesOf(makeTs({ seconds: 12, fps, gop: fps * 2 }))) reader.take(piece);
      expect(reader.checkWhole()).toBeGreaterThan(3);
      expect(reader.targetMs()).toBe(Math.max(HLS_PART_MS, 1_000 / fps));
    }
  });
});

it("what is hinted at may be asked for, and a few parts more, also where parts last for seconds", () => {
  const list = new HlsList();
  for (const seq of [0, 1, 2, 3]) {
    const at = { mediaMs: seq * 2_500, captureMs: seq * 2_500 };
    const first = { isRandomAccess: seq === 0, isDiscontinuity: false };
    list.add({ epoch: 1, seq, bytes: Buffer.alloc(PACKET), ...first, ...at });
  }
  const { number, parts } = list.newest;
  expect(parts).toBeGreaterThan(1);
  const ahead = [0, 1, 2, 3].map((more) => list.isTooFar({ number, part: parts + more }));
  expect(ahead).toEqual([false, false, false, true]);
});

describe("parts of any stream", () => {
  const step = fc.record({
    isRandomAccess: fc.boolean(),
    event: fc.constantFrom("none", "none", "none", "none", "break", "interrupt"),
    tookMs: fc.integer({ min: 0, max: 900 }),
  });

  it("once told stay what they were, whatever breaks, and become segments", () => {
    const property = fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const reader = new Reader();
      let mediaMs = 0;
      for (const [seq, { isRandomAccess, event, tookMs }] of steps.entries()) {
        mediaMs += tookMs;
        const bytes = Buffer.alloc(PACKET);
        bytes.writeUInt32BE(seq);
        if (event === "interrupt") reader.list.interrupt();
        const isDiscontinuity = event === "break";
        const at = { epoch: 1, seq, mediaMs, captureMs: mediaMs };
        reader.list.add({ ...at, bytes, isRandomAccess, isDiscontinuity });
        reader.read();
        reader.checkWhole();
      }
      reader.list.end();
      reader.read();
      reader.checkWhole();
      reader.checkTold();
    });
    fc.assert(property, { numRuns: 100, seed });
  });
});

function checkPictures(parts: readonly Part[]): void {
  for (const { chunks, isIndependent } of parts) {
    const bytes = Buffer.concat(chunks);
    expect(startsPicture(bytes)).toBe(true);
    // Who begins with it needs the tables before the picture: they are in the same part.
    expect(pidAt(bytes, 0) === 0).toBe(isIndependent);
    expect(pidAt(bytes, bytes.length - PACKET)).toBe(VIDEO_PID);
  }
  for (const { durationMs } of parts.slice(0, -1)) {
    expect(durationMs).toBeGreaterThanOrEqual(HLS_PART_MS * HLS_PART_SHARE_MIN);
  }
}

/** The first packet that is no table begins a picture. */
function startsPicture(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += PACKET) {
    if (pidAt(bytes, at) !== VIDEO_PID) continue;
    return ((bytes[at + 1] ?? 0) & 0x40) !== 0;
  }
  return false;
}

function pidAt(bytes: Buffer, at: number): number {
  return bytes.readUInt16BE(at + 1) & 0x1fff;
}
