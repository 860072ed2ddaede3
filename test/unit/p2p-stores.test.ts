// Goal: a piece counts as had only while it is there and right, through kills, caps and full disks.
// Method: real files; a child process that is killed at moments that a seed decides.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { appendFile, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { systemClock } from "../../src/lib/clock.ts";
import { AceError } from "../../src/lib/errors.ts";
import { Bitfield } from "../../src/p2p/bitfield.ts";
import { seededChance } from "../../src/p2p/chance.ts";
import { folderStore, memoryStore, type PieceStore, seedStore } from "../../src/p2p/piece-store.ts";
import { cacheStore } from "../../src/p2p/piece-store-cache.ts";
import { spillStore } from "../../src/p2p/piece-store-spill.ts";
import { type Resumed, resumeStore } from "../../src/p2p/resume.ts";
import { decodeResume, encodeResume, loadResume, saveResume } from "../../src/p2p/resume-record.ts";
import { readTorrent } from "../../src/p2p/torrent.ts";
import { isStoredGood } from "../../src/p2p/verify.ts";
import { type Film, joinLeech, joinSeed, makeFilm, readAll, soon } from "./p2p-kit.ts";

const seed = Number(process.env["ACE_SEED"] ?? 7);

const pieceOf = ({ bytes, torrent }: Film, index: number): Uint8Array =>
  Uint8Array.from(bytes.subarray(index * torrent.pieceLength, (index + 1) * torrent.pieceLength));

async function putAll(film: Film, store: PieceStore): Promise<void> {
  for (const index of film.torrent.pieceHashes.keys()) await store.put(index, pieceOf(film, index));
}

interface Shelf {
  readonly film: Film;
  readonly place: string;
  reopen(wrap?: (store: PieceStore) => PieceStore): Promise<Resumed>;
}

function shelfOf(film: Film): Shelf {
  const folder = join(film.folder, "store");
  return {
    film,
    place: join(folder, film.torrent.infohash, "film.mp4"),
    reopen: async (wrap = (store) => store) =>
      await resumeStore({
        torrent: film.torrent,
        store: wrap(await folderStore(film.torrent, folder)),
        path: join(folder, "film.resume"),
        clock: systemClock,
        chance: seededChance(seed),
        batchMs: 20,
      }),
  };
}

async function wrongOnes({ torrent }: Film, store: PieceStore, had: Bitfield) {
  const wrong: number[] = [];
  for (const index of torrent.pieceHashes.keys()) {
    if (had.has(index) && !(await isStoredGood(torrent, store, index))) wrong.push(index);
  }
  return wrong;
}

describe("what was verified once is remembered", () => {
  it("and after a clean end only a sample is read again", async () => {
    await using film = await makeFilm(8_000_000);
    const shelf = shelfOf(film);
    const first = await shelf.reopen();
    expect(first.isCheckDue).toBe(false);
    await putAll(film, first.store);
    await first.store.close();
    let reads = 0;
    const again = await shelf.reopen((store) => ({
      ...store,
      get: async (index) => {
        reads += 1;
        return await store.get(index);
      },
    }));
    expect(again.had.isFull).toBe(true);
    expect(again.isCheckDue).toBe(false);
    expect(reads).toBe(16);
    await again.store.close();
  });

  it("for a seed's own files too, until somebody writes to them", async () => {
    await using film = await makeFilm(3_000_000);
    const { torrent, path } = film;
    const reopen = () =>
      resumeStore({
        torrent,
        store: seedStore(torrent, path),
        path: join(film.folder, "seed.resume"),
        clock: systemClock,
        chance: seededChance(seed),
      });
    const first = await reopen();
    expect(first.isCheckDue).toBe(true);
    for (const index of torrent.pieceHashes.keys()) first.store.mark(index);
    await first.store.close();
    const second = await reopen();
    expect(second.had.isFull).toBe(true);
    await second.store.close();
    await utimes(path, new Date(), new Date(Date.now() + 60_000));
    const third = await reopen();
    expect(third).toMatchObject({ isCheckDue: true, had: { count: 0 } });
    await third.store.close();
  });
});

describe("a record is not believed", () => {
  it.each([
    ["a file grew", async (place: string) => await appendFile(place, "x")],
    ["a file is gone", async (place: string) => await rm(place)],
    [
      "a file was touched",
      async (place: string) => await utimes(place, new Date(), new Date(Date.now() + 60_000)),
    ],
  ])("when %s", async (_what, damage) => {
    await using film = await makeFilm(2_000_000);
    const shelf = shelfOf(film);
    const first = await shelf.reopen();
    await putAll(film, first.store);
    await first.store.close();
    await damage(shelf.place);
    const again = await shelf.reopen();
    expect(again.had.count).toBe(0);
    await again.store.close();
  });

  it("when a piece of the sample is wrong though the file looks untouched", async () => {
    await using film = await makeFilm(600_000);
    const shelf = shelfOf(film);
    const first = await shelf.reopen();
    await putAll(film, first.store);
    await first.store.close();
    await forge(shelf);
    const again = await shelf.reopen();
    expect(again).toMatchObject({ isCheckDue: true, had: { count: 0 } });
    await again.store.close();
  });

  it("when it is damaged, or of another content", async () => {
    await using film = await makeFilm(500_000);
    await using other = await makeFilm(500_000);
    const shelf = shelfOf(film);
    const { store } = await shelf.reopen();
    await store.close();
    const path = join(film.folder, "store", "film.resume");
    const bytes = Uint8Array.from(await readFile(path));
    const record = decodeResume(film.torrent, bytes);
    expect(record && encodeResume(film.torrent, record)).toEqual(bytes);
    expect(decodeResume(other.torrent, bytes)).toBeUndefined();
    for (let at = 0; at < bytes.length; at += 7) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(decodeResume(film.torrent, damaged), `byte ${at}`).toBeUndefined();
    }
    await writeFile(path, bytes.subarray(0, 40));
    expect(await loadResume(film.torrent, path)).toBeUndefined();
  });
});

it("a record has the form that is written down", () => {
  const place = join(import.meta.dirname, "../vectors/p2p/resume.json");
  const vector = z
    .object({
      torrent: z.string(),
      pieces: z.array(z.int()),
      files: z.array(z.object({ size: z.int(), changedNs: z.string() })),
      isOpen: z.boolean(),
      savedMs: z.int(),
      record: z.string(),
    })
    .parse(JSON.parse(readFileSync(place, "utf8")));
  const torrent = readTorrent(Buffer.from(vector.torrent));
  const pieces = new Bitfield(torrent.pieceHashes.length);
  for (const index of vector.pieces) pieces.set(index);
  const stamps = vector.files.map(({ size, changedNs }) => ({
    size,
    changedNs: BigInt(changedNs),
  }));
  const { isOpen, savedMs } = vector;
  const record = encodeResume(torrent, { pieces, stamps, isOpen, savedMs });
  expect(Buffer.from(record).toString("hex")).toBe(vector.record);
});

/** Other bytes in the same room, and a record that takes the file for untouched. */
async function forge({ film, place }: Shelf): Promise<void> {
  const path = join(film.folder, "store", "film.resume");
  const record = await loadResume(film.torrent, path);
  await writeFile(place, Buffer.alloc(film.bytes.length, 1));
  const { size, mtimeNs } = await stat(place, { bigint: true });
  const stamps = [{ size: Number(size), changedNs: mtimeNs }];
  if (record === undefined) throw new Error("there is no record to forge");
  await saveResume(path, encodeResume(film.torrent, { ...record, stamps }));
}

it("a node that is killed at any moment never counts a piece that is not right", async () => {
  await using film = await makeFilm(16_000_000, { pieceLength: 32_768 });
  const shelf = shelfOf(film);
  const torrentPath = join(film.folder, "film.torrent");
  await writeFile(torrentPath, film.torrentBytes);
  const chance = seededChance(seed);
  const counts: number[] = [];
  const script = join(import.meta.dirname, "../support/resume-writer.ts");
  for (let round = 0; round < 5; round += 1) {
    const paths = [
      torrentPath,
      film.path,
      join(film.folder, "store"),
      join(film.folder, "store", "film.resume"),
    ];
    const child = spawn(process.execPath, [script, ...paths, String(seed + round)]);
    let said = "";
    child.stdout.on("data", (bytes: Buffer) => {
      said += bytes.toString();
    });
    child.stderr.on("data", (bytes: Buffer) => {
      said += bytes.toString();
    });
    await expect.poll(() => said, { timeout: 15_000 }).toMatch(/^had/);
    await sleep(20 + chance.below(300));
    child.kill("SIGKILL");
    await once(child, "exit");
    const { had, store, isCheckDue } = await shelf.reopen();
    expect(isCheckDue, said).toBe(false);
    expect(await wrongOnes(film, store, had)).toEqual([]);
    counts.push(had.count);
    await store.close();
  }
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect(counts.at(-1)).toBeGreaterThan(counts[0] ?? 0);
});

describe("a store with a cap", () => {
  it.each(["memory", "cache"])(
    "%s: holds what was used last, and says what it gave up",
    async (kind) => {
      await using film = await makeFilm(650_000);
      const { torrent } = film;
      const capBytes = 4 * torrent.pieceLength;
      const openStore = async () =>
        kind === "memory"
          ? memoryStore(torrent, capBytes)
          : await cacheStore(torrent, { folder: film.folder, capBytes });
      const store = await openStore();
      const gone: number[] = [];
      store.onEvicted?.((index) => gone.push(index));
      for (const index of [0, 1, 2, 3]) await store.put(index, pieceOf(film, index));
      expect(Buffer.from(await store.get(0)).equals(pieceOf(film, 0))).toBe(true);
      await store.put(4, pieceOf(film, 4));
      await store.put(5, pieceOf(film, 5));
      expect(gone).toEqual([1, 2]);
      await expect(store.get(1)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
      expect(Buffer.from(await store.get(0)).equals(pieceOf(film, 0))).toBe(true);
      await store.close();
      if (kind === "memory") return;
      const files = await readdir(join(film.folder, `${torrent.infohash}.pieces`));
      expect(files.sort()).toEqual(["0", "3", "4", "5"]);
      const again = await openStore();
      expect([0, 1, 2, 3, 4, 5].map((index) => again.mayHold?.(index))).toEqual([
        true,
        false,
        false,
        true,
        true,
        true,
      ]);
    },
  );

  it("a piece that went is not had after the next start", async () => {
    await using film = await makeFilm(650_000);
    const { torrent, folder } = film;
    const capBytes = 4 * torrent.pieceLength;
    const reopen = async () =>
      await resumeStore({
        torrent,
        store: await cacheStore(torrent, { folder, capBytes }),
        path: join(folder, "cache.resume"),
        clock: systemClock,
        chance: seededChance(seed),
      });
    const { store } = await reopen();
    await putAll(film, store);
    await store.close();
    const again = await reopen();
    expect(again.had.count).toBe(4);
    expect(await wrongOnes(film, again.store, again.had)).toEqual([]);
    await again.store.close();
  });
});

it("while the disk is full pieces are in memory, and go to the disk when it has room", async () => {
  await using film = await makeFilm(650_000);
  const { torrent } = film;
  let isFull = false;
  const disk = memoryStore(torrent);
  const full = new AceError("STORE_FULL", "no room");
  const put = async (index: number, piece: Uint8Array) => {
    if (isFull) throw full;
    await disk.put(index, piece);
  };
  const faults: AceError[] = [];
  const capBytes = 2 * torrent.pieceLength;
  const store = spillStore({ ...disk, put }, capBytes);
  store.onFull?.((error) => faults.push(error));
  const gone: number[] = [];
  store.onEvicted?.((index) => gone.push(index));
  await store.put(0, pieceOf(film, 0));
  isFull = true;
  for (const index of [1, 2, 3]) await store.put(index, pieceOf(film, index));
  expect(faults).toEqual([full, full, full]);
  expect(gone).toEqual([1]);
  expect(Buffer.from(await store.get(3)).equals(pieceOf(film, 3))).toBe(true);
  isFull = false;
  await store.put(4, pieceOf(film, 4));
  expect([0, 1, 2, 3, 4].map((index) => disk.mayHold?.(index))).toEqual([
    true,
    false,
    true,
    true,
    true,
  ]);
  expect(Buffer.from(await store.get(2)).equals(pieceOf(film, 2))).toBe(true);
});

describe("a swarm", () => {
  it("opens at once on a store that it must check, and fetches only what is not there", async () => {
    await using film = await makeFilm(4_000_000);
    const { torrent, folder } = film;
    const store = await folderStore(torrent, folder);
    for (const index of torrent.pieceHashes.keys()) {
      if (index % 10 !== 3) await store.put(index, pieceOf(film, index));
    }
    await store.close();
    await using seed = await joinSeed(film);
    const resumePath = join(folder, "film.resume");
    {
      await using viewer = await joinLeech(film, [seed.address], undefined, {
        store: await folderStore(torrent, folder),
        resumePath,
      });
      expect(viewer.swarm.stats().piecesHad).toBe(0);
      await viewer.swarm.download(soon());
      const missing = torrent.pieceHashes.filter((_, index) => index % 10 === 3).length;
      expect(viewer.swarm.stats().bytesDown).toBe(missing * torrent.pieceLength);
    }
    await using again = await joinLeech(film, [], undefined, {
      store: await folderStore(torrent, folder),
      resumePath,
    });
    expect(again.swarm.stats().piecesHad).toBe(torrent.pieceHashes.length);
  });

  it("plays a film that its store cannot hold, twice, and says what it gave up", async () => {
    await using film = await makeFilm(2_000_000);
    const { torrent } = film;
    await using seed = await joinSeed(film);
    const store = memoryStore(torrent, 12 * torrent.pieceLength);
    await using viewer = await joinLeech(film, [seed.address], undefined, { store });
    for (let round = 0; round < 2; round += 1) {
      const got = await readAll(viewer.swarm.read(0, torrent.length, soon()));
      expect(got.equals(film.bytes)).toBe(true);
    }
    expect(viewer.swarm.stats().piecesHad).toBeLessThanOrEqual(12);
    await expect(viewer.swarm.download(soon())).rejects.toMatchObject({
      code: "STORE_FULL",
    });
  });

  it("plays on while its disk is full, and goes on by itself when there is room", async () => {
    await using film = await makeFilm(2_000_000);
    const { torrent, folder } = film;
    const disk = await folderStore(torrent, folder);
    let isFull = true;
    const full: PieceStore = {
      ...disk,
      put: async (index, piece) => {
        if (isFull) throw new AceError("STORE_FULL", "no room");
        await disk.put(index, piece);
      },
    };
    await using seed = await joinSeed(film);
    await using viewer = await joinLeech(film, [seed.address], undefined, { store: full });
    const got = await readAll(viewer.swarm.read(0, torrent.length, soon()));
    expect(got.equals(film.bytes)).toBe(true);
    isFull = false;
    await viewer.swarm.download(soon());
    expect(viewer.swarm.stats().piecesHad).toBe(torrent.pieceHashes.length);
  });
});
