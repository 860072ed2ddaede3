import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { openListener } from "../../src/p2p/listener.ts";
import { folderStore, memoryStore, seedStore } from "../../src/p2p/piece-store.ts";
import { openSwarm } from "../../src/p2p/swarm.ts";
import { openTrackerServer } from "../../src/p2p/tracker-server.ts";
import { joinLeech, joinSeed, joinSwarm, makeFilm, readAll, soon, until } from "./p2p-kit.ts";

describe("a public swarm", () => {
  it("is found through a tracker, and brings the whole file", async () => {
    await using tracker = await openTrackerServer({
      host: "127.0.0.1",
      port: 0,
      isServed: () => true,
      events: silentEvents,
    });
    await using film = await makeFilm(500_000, { announce: [tracker.announceUrl] });
    await using seed = await joinSeed(film);
    await using leech = await joinLeech(film, []);
    await leech.swarm.download(soon());
    const got = await readAll(leech.swarm.read(0, 500_000, soon()));
    expect(got.equals(film.bytes)).toBe(true);
    expect(seed.swarm.stats()).toMatchObject({ access: "none", bytesUp: 500_000 });
  });

  it("brings what is watched first: a seek does not wait for what lies between", async () => {
    await using film = await makeFilm(30_000_000, { pieceLength: 262_144 });
    await using seed = await joinSeed(film);
    await using leech = await joinLeech(film, [seed.address]);
    for (const offset of [21_000_000, 6_000_000, 29_999_900]) {
      const got = await readAll(leech.swarm.read(offset, 100, soon()));
      expect(got.equals(film.bytes.subarray(offset, offset + 100))).toBe(true);
    }
    // Three seeks cost their own pieces, what lies just ahead and the edges: never the whole film.
    expect(leech.swarm.stats().piecesHad).toBeLessThan(leech.swarm.stats().pieces);
  });

  it("feeds two players at once", async () => {
    await using film = await makeFilm(3_000_000);
    await using seed = await joinSeed(film);
    await using leech = await joinLeech(film, [seed.address]);
    const [first, second] = await Promise.all([
      readAll(leech.swarm.read(0, 1_500_000, soon())),
      readAll(leech.swarm.read(1_500_000, 1_500_000, soon())),
    ]);
    expect(Buffer.concat([first, second]).equals(film.bytes)).toBe(true);
  });

  it("goes on when the only peer leaves and another comes", async () => {
    await using film = await makeFilm(2_000_000);
    const gone = await joinSeed(film);
    await using leech = await joinLeech(film, [gone.address]);
    await readAll(leech.swarm.read(0, 10, soon()));
    await gone[Symbol.asyncDispose]();
    await using seed = await joinSeed(film);
    leech.swarm.addPeer(seed.address);
    const got = await readAll(leech.swarm.read(0, 2_000_000, soon()));
    expect(got.equals(film.bytes)).toBe(true);
  });

  it("says so when nobody serves the content", async () => {
    await using film = await makeFilm(100_000);
    await using leech = await joinLeech(film, [], undefined, { stallMs: 200 });
    const reading = readAll(leech.swarm.read(0, 10, soon()));
    await expect(reading).rejects.toMatchObject({ code: "CONTENT_UNREACHABLE" });
    const outside = readAll(leech.swarm.read(99_999, 2, soon()));
    await expect(outside).rejects.toMatchObject({ code: "RANGE_INVALID" });
  });

  it("passes pieces on before it is complete", async () => {
    await using film = await makeFilm(1_000_000);
    await using seed = await joinSeed(film);
    await using middle = await joinLeech(film, [seed.address]);
    // It must not hear of the seed.
    await using far = await joinLeech(film, [middle.address], undefined, { find: { pex: false } });
    const [, got] = await Promise.all([
      middle.swarm.download(soon()),
      readAll(far.swarm.read(0, 1_000_000, soon())),
    ]);
    expect(got.equals(film.bytes)).toBe(true);
    expect(far.swarm.stats().links).toHaveLength(1);
  });
});

describe("what is on disk", () => {
  it("is verified once at the start, and only what is missing is fetched", async () => {
    await using film = await makeFilm(500_000);
    const folder = await mkdtemp(join(tmpdir(), "ace-store-"));
    try {
      await using seed = await joinSeed(film);
      const { torrent } = film;
      {
        const store = await folderStore(torrent, folder);
        await using leech = await joinSwarm({
          torrent,
          store,
          role: "leech",
          peers: [seed.address],
        });
        await leech.swarm.download(soon());
      }
      const spoilt = Buffer.from(film.bytes);
      spoilt.fill(0, 65_536, 70_000);
      await writeFile(join(folder, torrent.infohash, "film.mp4"), spoilt);
      const store = await folderStore(torrent, folder);
      const seen: number[] = [];
      const onVerify = (pieces: number) => seen.push(pieces);
      await using again = await joinSwarm({ torrent, store, role: "leech", onVerify });
      expect(again.swarm.stats()).toMatchObject({ pieces: 8, piecesHad: 7 });
      expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      again.swarm.addPeer(seed.address);
      await again.swarm.download(soon());
      expect(again.swarm.stats().bytesDown).toBe(65_536);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("is never seeded when it is not what the torrent says", async () => {
    await using film = await makeFilm(200_000);
    await writeFile(film.path, Buffer.alloc(200_000));
    await using listener = await openListener({ host: "127.0.0.1", port: 0, clock: systemClock });
    const opening = openSwarm({
      torrent: film.torrent,
      store: seedStore(film.torrent, film.path),
      role: "seed",
      listener,
      events: silentEvents,
      clock: systemClock,
    });
    await expect(opening).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });
});

describe("one listener", () => {
  it("serves several swarms, and tells them apart by their infohash", async () => {
    await using one = await makeFilm(100_000);
    await using two = await makeFilm(100_000);
    await using listener = await openListener({ host: "127.0.0.1", port: 0, clock: systemClock });
    const peers = [`127.0.0.1:${listener.port}`];
    for (const film of [one, two]) {
      const { torrent } = film;
      await using _seed = await openSwarm({
        torrent,
        store: seedStore(torrent, film.path),
        role: "seed",
        listener,
        events: silentEvents,
        clock: systemClock,
      });
      await using leech = await joinSwarm({
        torrent,
        store: memoryStore(torrent),
        role: "leech",
        peers,
      });
      expect((await readAll(leech.swarm.read(0, 100_000, soon()))).equals(film.bytes)).toBe(true);
    }
    await using late = await joinLeech(one, peers);
    await until(() => Object.keys(late.swarm.stats().closed).length > 0, "the wire was closed");
    expect(late.swarm.stats().bytesDown).toBe(0);
  });

  it("says which port is taken", async () => {
    await using listener = await openListener({ host: "127.0.0.1", port: 0, clock: systemClock });
    const { port } = listener;
    const again = openListener({ host: "127.0.0.1", port, clock: systemClock });
    await expect(again).rejects.toMatchObject({ code: "PORT_IN_USE" });
  });
});

it("keeps no peers of swarms that the tracker does not serve", async () => {
  await using film = await makeFilm(100_000);
  await using tracker = await openTrackerServer({
    host: "127.0.0.1",
    port: 0,
    isServed: (infohash) => infohash !== film.torrent.infohash,
    events: silentEvents,
  });
  const warnings: string[] = [];
  const events = { ...silentEvents, warn: (name: string) => warnings.push(name) };
  const announce = [tracker.announceUrl];
  await using _leech = await joinLeech(film, [], undefined, { announce, events });
  await until(() => warnings.includes("p2p.tracker_failed"), "the tracker refused");
});
