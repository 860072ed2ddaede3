// Goal: what a broadcaster signs about its origin leads to the very bytes of each piece, or is refused.
// Method: streams made from random plans and cut into segments anywhere; single bits changed in what was
//         signed.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deviceKeyFromSeed } from "../../src/p2p/ed25519.ts";
import { describeLive } from "../../src/p2p/live-descriptor.ts";
import { LIVE_RUN_MAX_BYTES, LIVE_RUN_PIECES_MAX } from "../../src/p2p/live-limits.ts";
import { isRunSigned, type OriginPart, readRun, signRuns } from "../../src/p2p/live-run.ts";
import { LiveRuns } from "../../src/p2p/live-runs.ts";
import { TsCutter } from "../../src/p2p/ts-cutter.ts";
import { makeTs } from "../support/ts-maker.ts";

const PACKET = 188;
const seed = Number(process.env["ACE_SEED"] ?? "7");
const key = deviceKeyFromSeed(new Uint8Array(32).fill(3));
const descriptor = describeLive(key.publicKey, "näws");

const plans = fc.record({
  seconds: fc.constant(3),
  gop: fc.integer({ min: 1, max: 40 }),
  picturePackets: fc.integer({ min: 1, max: 40 }),
  repeatTables: fc.boolean(),
});

describe("the pieces of an origin's segments", () => {
  it("are the parts that they say they are, wherever segments begin", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 1_400 }), { minLength: 1, maxLength: 5 });
    const property = fc.property(plans, cuts, fc.nat({ max: 1 }), (plan, sizes, odd) => {
      const film = makeTs(plan);
      const segments = splitAt(
        film,
        sizes.map((packets) => packets * PACKET + odd),
      );
      const cutter = new TsCutter();
      const pieces = segments.flatMap((bytes, at) => cutter.segment(String(at), bytes));
      for (const { place, bytes } of pieces) {
        if (place === undefined) continue;
        const segment = segments[Number(place.path)] ?? new Uint8Array();
        const part = segment.subarray(place.offset, place.offset + place.length);
        expect(Buffer.concat([place.tables, part]).equals(bytes)).toBe(true);
      }
      const unplaced = pieces.filter(({ place }) => place === undefined);
      // A packet on both sides of a border lies in no segment, nor does the piece that it is in.
      expect(unplaced.length).toBeLessThanOrEqual(odd * segments.length);
      expect(pieces.length).toBeGreaterThan(unplaced.length);
    });
    fc.assert(property, { numRuns: 40, seed });
  });
});

const parts: fc.Arbitrary<readonly OriginPart[]> = fc.array(
  fc.record({
    offset: fc.nat({ max: 60_000_000 }),
    length: fc.integer({ min: 1, max: 65_048 }),
    tables: fc
      .integer({ min: 0, max: 2 })
      .map((packets) => new Uint8Array(packets * PACKET).fill(packets)),
  }),
  { minLength: 1, maxLength: 150 },
);

describe("a run", () => {
  it("reads back, in as many as it takes, and with any bit changed is not signed", () => {
    const paths = fc.string({ minLength: 1, maxLength: 100, unit: "binary" });
    const property = fc.property(parts, paths, fc.nat(), (list, path, place) => {
      const names = { epoch: 9, firstSeq: 40, path, parts: list };
      const runs = signRuns(names, descriptor, key);
      const read = runs.map(({ bytes }) => {
        expect(bytes.length).toBeLessThanOrEqual(LIVE_RUN_MAX_BYTES);
        const run = readRun(bytes);
        if (run === undefined) throw new Error("the run does not read");
        expect(isRunSigned(run, descriptor)).toBe(true);
        expect(run.parts.length).toBeLessThanOrEqual(LIVE_RUN_PIECES_MAX);
        expect(run.path).toBe(path);
        return run;
      });
      const known = new LiveRuns();
      for (const run of read) known.put(run);
      for (const [at, part] of list.entries()) {
        const found = known.placeOf({ epoch: 9, seq: 40 + at });
        expect([found?.path, found?.offset, found?.length]).toEqual([
          path,
          part.offset,
          part.length,
        ]);
        expect(Buffer.compare(found?.tables ?? new Uint8Array(), part.tables)).toBe(0);
      }
      expect(known.placeOf({ epoch: 9, seq: 40 + list.length })).toBeUndefined();
      const changed = Uint8Array.from(runs[0]?.bytes ?? []);
      const bit = place % (changed.length * 8);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const other = readRun(changed);
      expect(other !== undefined && isRunSigned(other, descriptor)).toBe(false);
    });
    fc.assert(property, { numRuns: 20, seed });
  });

  it("of any other bytes is none, and does no harm", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const run = readRun(bytes);
      expect(run !== undefined && isRunSigned(run, descriptor)).toBe(false);
    });
    fc.assert(property, { numRuns: 500, seed });
  });

  it("is forgotten with the window, and with the epoch before it", () => {
    const known = new LiveRuns();
    const part = { offset: 0, length: 188, tables: new Uint8Array() };
    const runAt = (epoch: number, firstSeq: number) =>
      signRuns({ epoch, firstSeq, path: "a", parts: [part, part] }, descriptor, key);
    for (const run of [...runAt(1, 0), ...runAt(1, 2)]) known.put(run);
    known.forgetBefore(3);
    expect(known.count).toBe(1);
    for (const run of runAt(2, 0)) known.put(run);
    expect(known.placeOf({ epoch: 1, seq: 2 })).toBeUndefined();
    for (const run of runAt(1, 4)) {
      expect(known.isKnown(run)).toBe(true);
      known.put(run);
    }
    expect(known.count).toBe(1);
  });
});

function splitAt(film: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
  const segments: Uint8Array[] = [];
  let at = 0;
  for (let turn = 0; at < film.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    segments.push(film.subarray(at, at + size));
    at += size;
  }
  return segments;
}
