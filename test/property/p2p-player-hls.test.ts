// Goal: whatever pieces a live stream is made of, its HLS is a list that players can rely on; whatever is
// asked of the player API, its questions are read or refused, and nothing else.
import fc from "fast-check";
import { expect, it } from "vitest";
import { isAceError } from "../../src/lib/errors.ts";
import { HlsList } from "../../src/p2p/hls-list.ts";
import type { Segment } from "../../src/p2p/hls-segment.ts";
import type { LivePiece } from "../../src/p2p/live-port.ts";
import { contentName, fileIndex } from "../../src/p2p/player-name.ts";

const step = fc.record({
  isRandomAccess: fc.boolean(),
  isDiscontinuity: fc.constantFrom(false, false, false, false, true),
  tookMs: fc.integer({ min: 0, max: 1_500 }),
  skipped: fc.constantFrom(0, 0, 0, 3),
});

const streams = fc.array(step, { maxLength: 200 }).map((steps) => {
  let [seq, mediaMs] = [0, 0];
  return steps.map(({ isRandomAccess, isDiscontinuity, tookMs, skipped }): LivePiece => {
    seq += 1 + skipped;
    mediaMs += tookMs;
    const bytes = Buffer.alloc(188);
    bytes.writeUInt32BE(seq);
    return { epoch: 1, seq, bytes, isRandomAccess, isDiscontinuity, mediaMs, captureMs: mediaMs };
  });
});

function numberOf(chunk: Uint8Array | undefined): number {
  return Buffer.from(chunk ?? new Uint8Array(4)).readUInt32BE(0);
}

/** What the list says after each segment, and the segments themselves. */
function segmentsOf(pieces: readonly LivePiece[]): readonly Segment[] {
  const list = new HlsList();
  const made: Segment[] = [];
  let lastSequence = 0;
  for (const piece of pieces.filter((each) => list.add(each))) {
    expect(piece.seq).toBeGreaterThan(0);
    const segment = list.find(made.length);
    if (segment !== undefined) made.push(segment);
    const text = list.playlist(({ number }) => String(number));
    const sequence = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
    const target = Number(/TARGETDURATION:(\d+)/.exec(text)?.[1]);
    const durations = [...text.matchAll(/EXTINF:([\d.]+)/g)].map(([, value]) => Number(value));
    expect(sequence).toBeGreaterThanOrEqual(lastSequence);
    expect(Math.max(...durations.map(Math.round))).toBeLessThanOrEqual(target);
    lastSequence = sequence;
  }
  return made;
}

it("segments are whole pieces in order, from places to begin at or where the list would break its promise", () => {
  fc.assert(
    fc.property(streams, (pieces) => {
      const byNumber = new Map(pieces.map((piece) => [piece.seq, piece]));
      const pieceOf = (chunk: Uint8Array | undefined) => byNumber.get(numberOf(chunk));
      const made = segmentsOf(pieces);
      const told = made.flatMap((segment) => segment.chunks.map(numberOf));
      expect(told).toEqual([...new Set(told)].toSorted((left, right) => left - right));
      for (const [place, { number, chunks, isIndependent, isDiscontinuity }] of made.entries()) {
        expect(number).toBe(place);
        expect(pieceOf(chunks[0])?.isRandomAccess).toBe(isIndependent);
        // What begins elsewhere goes on with what the last one ended with.
        const before = made[place - 1]?.chunks.at(-1);
        const [ended, begun] = [before, chunks[0]].map((chunk) => {
          return pieces.findIndex(({ seq }) => seq === numberOf(chunk));
        });
        if (!isIndependent)
          expect({ begun, isDiscontinuity }).toEqual({
            begun: (ended ?? -1) + 1,
            isDiscontinuity: false,
          });
        // Inside of a segment nothing is broken off.
        expect(chunks.slice(1).some((chunk) => pieceOf(chunk)?.isDiscontinuity)).toBe(false);
      }
      const broken = made.filter(
        ({ number, chunks }) => number > 0 && pieceOf(chunks[0])?.isDiscontinuity === true,
      );
      expect(broken.every(({ isDiscontinuity }) => isDiscontinuity)).toBe(true);
    }),
    { numRuns: 300, seed: 6878 },
  );
});

it("every query names a content, or is refused with a code", () => {
  const key = fc.constantFrom(
    "id",
    "content_id",
    "infohash",
    "url",
    "magnet",
    "_idx",
    "format",
    "x",
  );
  const value = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[0-9a-f]{40}$/),
    fc.stringMatching(/^[0-9A-F]{64}$/),
    fc.constantFrom(
      "magnet:?xt=urn:btih:",
      "http://[",
      "https://films.example/a.torrent",
      "-1",
      "1e9",
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 4 }), (pairs) => {
      const query = new URLSearchParams(pairs);
      for (const read of [contentName, fileIndex]) {
        try {
          read(query);
        } catch (error) {
          expect(isAceError(error, "REQUEST_INVALID")).toBe(true);
        }
      }
      const named = ["content_id", "id", "infohash", "url", "magnet"].filter((name) =>
        query.get(name),
      );
      const [first = "none"] = named;
      const alone = new URLSearchParams({ [first]: query.get(first) ?? "" });
      expect(outcomeOf(() => contentName(query))).toEqual(outcomeOf(() => contentName(alone)));
    }),
    { numRuns: 2_000, seed: 6878 },
  );
});

/** What is answered, or "refused". */
function outcomeOf<T>(work: () => T): T | "refused" {
  try {
    return work();
  } catch {
    return "refused";
  }
}
