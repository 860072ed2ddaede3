// Goal: whatever range a player asks for, it gets that slice of the film and nothing else.
// Method: one engine over one swarm; random ranges against the file itself.
import fc from "fast-check";
import { expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { openListener } from "../../src/p2p/listener.ts";
import { joinSeed, makeFilm } from "../unit/p2p-kit.ts";
import { joinFilm, sourceOf, withPlayer } from "../unit/player-kit.ts";

const FILM_BYTES = 700_001;

it("serves every range as the slice of the file", async () => {
  await using film = await makeFilm(FILM_BYTES);
  await using seed = await joinSeed(film);
  await using listener = await openListener({ host: "127.0.0.1", port: 0, clock: systemClock });
  const { torrent } = film;
  const join = () => joinFilm({ torrent, listener, peers: [seed.address] });
  await withPlayer(sourceOf(new Map([[torrent.infohash, join]])), async (player) => {
    const first = await fetch(`${player.url}/ace/getstream?infohash=${torrent.infohash}`);
    await first.body?.cancel();
    const bound = fc.integer({ min: 0, max: FILM_BYTES - 1 });
    await fc.assert(
      fc.asyncProperty(bound, bound, async (left, right) => {
        const [from, to] = left < right ? [left, right] : [right, left];
        const response = await fetch(first.url, { headers: { range: `bytes=${from}-${to}` } });
        const got = Buffer.from(await response.arrayBuffer());
        expect(response.headers.get("content-length")).toBe(String(to - from + 1));
        expect(got.equals(film.bytes.subarray(from, to + 1))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
