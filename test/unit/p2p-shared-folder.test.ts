// Goal: two engines that were given one folder do each other no harm: each byte that a player gets is the film's.
// Method: two swarms of one torrent over one folder at once, each as an engine of its own would open it; a
//         third finds afterwards what they left.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { folderStore } from "../../src/p2p/piece-store.ts";
import { cacheStore } from "../../src/p2p/piece-store-cache.ts";
import { type Film, joinLeech, joinSeed, makeFilm, readAll, soon } from "./p2p-kit.ts";

const FILM_BYTES = 3_000_000;
const PIECE_BYTES = 65_536;

type Kind = "files" | "a cache";

async function joinOver(film: Film, kind: Kind, peers: readonly string[]) {
  const { torrent } = film;
  const folder = join(film.folder, "shared");
  const store =
    kind === "files"
      ? await folderStore(torrent, folder)
      : await cacheStore(torrent, { folder, capBytes: 10 * PIECE_BYTES });
  const resumePath = join(folder, "film.resume");
  return await joinLeech(film, peers, undefined, { store, resumePath });
}

async function expectPlays(film: Film, viewer: Awaited<ReturnType<typeof joinOver>>) {
  for (const offset of [0, 1_500_000, 700_000]) {
    const length = FILM_BYTES - offset;
    const got = await readAll(viewer.swarm.read(offset, length, soon()));
    expect(got.equals(film.bytes.subarray(offset))).toBe(true);
  }
}

it.each<Kind>(["files", "a cache"])(
  "two engines over one folder play the film from %s",
  async (kind) => {
    await using film = await makeFilm(FILM_BYTES, { pieceLength: PIECE_BYTES });
    await using seed = await joinSeed(film);
    {
      await using one = await joinOver(film, kind, [seed.address]);
      await using two = await joinOver(film, kind, [seed.address]);
      await Promise.all([one, two, one, two].map((viewer) => expectPlays(film, viewer)));
    }
    await using third = await joinOver(film, kind, [seed.address]);
    await expectPlays(film, third);
  },
);

it("a piece that went from the disk behind the engine's back is fetched again", async () => {
  await using film = await makeFilm(FILM_BYTES, { pieceLength: PIECE_BYTES });
  await using seed = await joinSeed(film);
  await using viewer = await joinOver(film, "a cache", [seed.address]);
  await readAll(viewer.swarm.read(0, 5 * PIECE_BYTES, soon()));
  const home = join(film.folder, "shared", `${film.torrent.infohash}.pieces`);
  for (const name of await readdir(home)) await rm(join(home, name), { force: true });
  await expectPlays(film, viewer);
});
