// Goal: whatever a source says of its clock, a live list promises a sensible target duration, once, and
//       keeps it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HLS_TARGET_S_MAX } from "../../src/p2p/hls-limits.ts";
import { HlsList } from "../../src/p2p/hls-list.ts";
import { HLS_SEGMENT_MAX_BYTES } from "../../src/p2p/limits.ts";
import type { LivePiece } from "../../src/p2p/live-port.ts";

const seed = Number(process.env["ACE_SEED"] ?? "6621");
const PIECE_MS = 200;

interface Step {
  readonly isRandomAccess: boolean;
  readonly tookMs: number;
}

function piecesOf(steps: readonly Step[]): readonly LivePiece[] {
  let mediaMs = 0;
  return steps.map(({ isRandomAccess, tookMs }, seq) => {
    mediaMs += tookMs;
    const bytes = Buffer.alloc(188);
    bytes.writeUInt32BE(seq);
    const at = { epoch: 1, seq, mediaMs, captureMs: seq * PIECE_MS };
    return { ...at, bytes, isRandomAccess, isDiscontinuity: false };
  });
}

/** A stream that players can begin in where it is said, in milliseconds between such places. */
function streamOf(gapsMs: readonly number[]): readonly LivePiece[] {
  const steps = gapsMs.flatMap((gapMs) => {
    return Array.from({ length: gapMs / PIECE_MS }, (_, place) => {
      return { isRandomAccess: place === 0, tookMs: PIECE_MS };
    });
  });
  return piecesOf(steps);
}

/** The list as it was read after each piece, and the numbers of the pieces that it had. */
function readAll(pieces: readonly LivePiece[]) {
  const list = new HlsList();
  const texts: string[] = [];
  const told: number[] = [];
  for (const piece of pieces) {
    const { number } = list.newest;
    list.add(piece);
    const chunks = list.newest.number > number ? (list.find(number)?.chunks ?? []) : [];
    told.push(...chunks.map((chunk) => Buffer.from(chunk).readUInt32BE(0)));
    const text = list.playlist(String, (...name) => name.join("."));
    if (text.includes("#EXTINF:")) texts.push(text);
  }
  return { texts, told };
}

function numbersIn(text: string, name: string): readonly number[] {
  return [...text.matchAll(new RegExp(`#EXT-?${name}:([\\d.]+)`, "g"))].map(([, value]) => {
    return Number(value);
  });
}

function checkPromise(texts: readonly string[]): void {
  const targets = texts.flatMap((text) => numbersIn(text, "X-TARGETDURATION"));
  const [target = 1] = targets;
  expect(new Set(targets).size).toBeLessThanOrEqual(1);
  expect(target).toBeLessThanOrEqual(HLS_TARGET_S_MAX);
  for (const text of texts) {
    const durations = numbersIn(text, "INF").map(Math.round);
    expect(Math.max(...durations)).toBeLessThanOrEqual(target);
    const [partS = 0] = [...text.matchAll(/PART-TARGET=([\d.]+)/g)].map(([, value]) =>
      Number(value),
    );
    expect(partS).toBeLessThan(HLS_TARGET_S_MAX + 1);
  }
  const sequences = texts.flatMap((text) => numbersIn(text, "X-MEDIA-SEQUENCE"));
  expect(sequences).toEqual(sequences.toSorted((left, right) => left - right));
}

describe("the target duration", () => {
  it("is told once and kept, whatever the clock of the source does", () => {
    const lie = fc.constantFrom(-3_600_000, -1, 9_999, 10_001, 95_443_717, 2 ** 40);
    const took = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 900 }) }, lie);
    const step = fc.record({ isRandomAccess: fc.boolean(), tookMs: took });
    const property = fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      checkPromise(readAll(piecesOf(steps)).texts);
    });
    fc.assert(property, { numRuns: 200, seed });
  });

  it("is kept where places to begin at come at any distance, and nothing is left out for it", () => {
    const gap = fc.integer({ min: 1, max: 100 }).map((pieces) => pieces * PIECE_MS);
    const property = fc.property(fc.array(gap, { minLength: 2, maxLength: 12 }), (gapsMs) => {
      const { texts, told } = readAll(streamOf(gapsMs));
      checkPromise(texts);
      expect(told).toEqual(told.map((_, place) => place));
      expect(texts.at(-1) ?? "").not.toContain("#EXT-X-DISCONTINUITY\n");
    });
    fc.assert(property, { numRuns: 100, seed });
  });

  it.each([200, 400, 1_000, 1_400, 2_000, 10_000, 12_000])(
    "of a stream with a place to begin at every %i ms cuts nowhere else",
    (gapMs) => {
      const pieces = streamOf(Array.from({ length: 12 }, () => gapMs));
      const list = new HlsList();
      for (const piece of pieces) {
        list.add(piece);
        list.playlist(String);
      }
      const [last] = [list.find(list.newest.number - 1)];
      expect(last?.isIndependent).toBe(true);
      const segmentMs = Math.ceil(1_000 / gapMs) * gapMs;
      expect(last?.durationMs).toBe(segmentMs);
      expect(list.targetMs).toBe(Math.round(segmentMs / 1_000) * 1_000);
    },
  );
});

it("leaves room where the longest way between places to begin at was seen once", () => {
  const gapsMs = [600, 2_400, 1_200, 4_600, 3_800, 600, 4_800, 4_800];
  const pieces = streamOf(gapsMs);
  const list = new HlsList();
  let text = "";
  for (const piece of pieces) {
    list.add(piece);
    if (list.newest.number > 1) text ||= list.playlist(String);
  }
  expect(numbersIn(text, "X-TARGETDURATION")).toEqual([5]);
  const segments = Array.from({ length: list.newest.number }, (_, number) => list.find(number));
  expect(segments.every((segment) => segment?.isIndependent)).toBe(true);
});

it("one long way between places to begin at does not make segments short for ever", () => {
  const gapsMs = [...Array.from({ length: 8 }, () => 400), 2_400, ...Array(30).fill(400)];
  const list = new HlsList();
  for (const piece of streamOf(gapsMs)) {
    list.add(piece);
    list.playlist(String);
  }
  expect(list.find(list.newest.number - 1)?.durationMs).toBe(1_200);
});

it("a clock that jumps unsaid is a break, and what it said is in no duration", () => {
  const honest = streamOf([1_000, 1_000, 1_000]);
  const jumped = streamOf([1_000, 1_000, 1_000]).map((piece) => {
    return { ...piece, seq: piece.seq + 15, mediaMs: piece.mediaMs + 95_443_717 };
  });
  const text = readAll([...honest, ...jumped]).texts.at(-1) ?? "";
  expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
  expect(numbersIn(text, "INF")).toEqual([1, 1, 1, 1, 1]);
});

it("a segment that would be too big ends before, and the next one goes on with what follows", () => {
  const bytes = Buffer.alloc(188 * 348);
  const list = new HlsList();
  const count = Math.ceil((HLS_SEGMENT_MAX_BYTES * 2.5) / bytes.length);
  for (let seq = 0; seq < count; seq += 1) {
    const at = { epoch: 1, seq, mediaMs: seq, captureMs: seq };
    list.add({ ...at, bytes, isRandomAccess: seq === 0, isDiscontinuity: false });
  }
  list.end();
  const segments = [0, 1, 2].flatMap((number) => list.find(number) ?? []);
  const chunks = segments.reduce((sum, segment) => sum + segment.chunks.length, 0);
  expect(chunks).toBe(count);
  expect(Math.max(...segments.map(({ sizeBytes }) => sizeBytes))).toBeLessThanOrEqual(
    HLS_SEGMENT_MAX_BYTES,
  );
  expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
});

it("is of a list that lasts three of it, also where segments became short", () => {
  const list = new HlsList();
  const pieces = streamOf([10_000, 10_000, ...Array.from({ length: 60 }, () => 1_000)]);
  let lasted = 0;
  for (const piece of pieces) {
    list.add(piece);
    const text = list.playlist(String);
    const listedS = numbersIn(text, "INF").reduce((sum, durationS) => sum + durationS, 0);
    // What has a place in it keeps that until the list is long enough without.
    expect(listedS).toBeGreaterThanOrEqual(Math.min(lasted, 30));
    lasted = listedS;
  }
  expect(list.targetMs).toBe(10_000);
  const oldest = Array.from({ length: list.newest.number }, (_, number) => number).find(
    (number) => list.find(number) !== undefined,
  );
  expect(list.newest.number - (oldest ?? 0)).toBe(60);
});
