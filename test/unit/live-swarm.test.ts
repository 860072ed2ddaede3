// Goal: a live stream reaches those who watch, whole and in order, whoever lies in between.
// Method: real swarms over loopback; liars are real nodes whose bytes or heads are not the source's.
import { describe, expect, it } from "vitest";
import { descriptorOf, joinLive, playFilm, take } from "./live-kit.ts";

describe("a live stream", () => {
  it("goes from a file in a loop through a source to two peers, whole and in order", async () => {
    const descriptor = descriptorOf("loop");
    await using source = await joinLive({ descriptor, role: "source" });
    await using first = await joinLive({ descriptor, role: "viewer", peers: [source.address] });
    await using second = await joinLive({
      descriptor,
      role: "viewer",
      peers: [source.address, first.address],
    });
    const over = new AbortController();
    const playing = playFilm(source, descriptor, { signal: over.signal });
    const signal = AbortSignal.timeout(15_000);
    const [a, b] = await Promise.all([
      take(first.swarm.pieces({ behindMs: 0 }, signal), 12),
      take(second.swarm.pieces({ behindMs: 0 }, signal), 12),
    ]);
    over.abort();
    await playing;
    for (const pieces of [a, b]) {
      expect(pieces[0]?.isRandomAccess).toBe(true);
      expect(pieces.every(({ bytes }) => bytes.length % 188 === 0 && bytes[0] === 0x47)).toBe(true);
      const seqs = pieces.map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, at) => (seqs[0] ?? 0) + at));
    }
  });
});
