// Goal: who lied stays banned when the process ends, and a person can see why and lift it.
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type EventFields, silentEvents } from "../../src/lib/events.ts";
import { BAN_FILE, liftBan, openBanFile, readBans } from "../../src/p2p/ban-file.ts";
import { Bans } from "../../src/p2p/bans.ts";
import { BAN_FILE_MAX_BYTES, BAN_MS_MAX } from "../../src/p2p/engine-limits.ts";
import { BAN_MS } from "../../src/p2p/limits.ts";
import { seedStore } from "../../src/p2p/piece-store.ts";
import { joinLeech, joinSeed, joinSwarm, makeFilm, soon, until } from "./p2p-kit.ts";

const LIAR = "host 192.0.2.1";
const lie = { reason: "PIECE_BAD", evidence: { piece: 7, expected: "aa", got: "bb" } };

function openFolder() {
  const folder = mkdtempSync(join(tmpdir(), "ace-bans-"));
  const clock = { now: 1_000_000, nowMs: () => clock.now };
  const path = join(folder, "deeper", BAN_FILE);
  const open = (events = silentEvents) => openBanFile(path, { clock, events, lookMs: 5 });
  const remove = () => rmSync(folder, { recursive: true });
  return { folder, path, clock, open, [Symbol.dispose]: remove };
}

describe("a ban", () => {
  it("outlives the process with its evidence, ends in its time, and counts for longer", () => {
    using at = openFolder();
    {
      using book = at.open();
      new Bans(book).add(LIAR, at.clock.now, lie);
    }
    using book = at.open();
    const bans = new Bans(book);
    expect(bans.has(LIAR, at.clock.now + BAN_MS - 1)).toBe(true);
    const [kept] = readBans(at.path, at.clock.now);
    expect(kept).toEqual({
      name: LIAR,
      atMs: 1_000_000,
      untilMs: 1_000_000 + BAN_MS,
      count: 1,
      ...lie,
    });
    at.clock.now += BAN_MS;
    expect(bans.has(LIAR, at.clock.now)).toBe(false);
    expect(readBans(at.path, at.clock.now)).toEqual([]);
    expect(bans.add(LIAR, at.clock.now, lie).count).toBe(2);
    expect(statSync(at.path).mode & 0o077).toBe(0);
  });

  it("is read though a kill cut the line behind it, and the next one is not lost with that", () => {
    using at = openFolder();
    using book = at.open();
    const bans = new Bans(book);
    for (const name of ["host 192.0.2.1", "host 192.0.2.2"]) bans.add(name, at.clock.now, lie);
    truncateSync(at.path, statSync(at.path).size - 9);
    bans.add("host 192.0.2.3", at.clock.now, lie);
    const names = readBans(at.path, at.clock.now).map(({ name }) => name);
    expect(names).toEqual(["host 192.0.2.3", "host 192.0.2.1"]);
  });

  it("is lifted in a running process by whoever may write its file", async () => {
    using at = openFolder();
    using book = at.open();
    const bans = new Bans(book);
    for (const name of ["host 192.0.2.1", "host 192.0.2.2"]) bans.add(name, at.clock.now, lie);
    expect(liftBan(at.path, "host 192.0.2.9", at.clock.now)).toBe(false);
    expect(liftBan(at.path, "host 192.0.2.1", at.clock.now)).toBe(true);
    await until(() => !bans.has("host 192.0.2.1", at.clock.now), "it was lifted");
    expect(bans.has("host 192.0.2.2", at.clock.now)).toBe(true);
    bans.add("host 192.0.2.3", at.clock.now, lie);
    expect(readBans(at.path, at.clock.now)).toHaveLength(2);
  });

  it("that is long over, and whatever else stands in the file, is left out at the next start", () => {
    using at = openFolder();
    {
      using book = at.open();
      new Bans(book).add(LIAR, at.clock.now, lie);
    }
    appendFileSync(at.path, `\nnonsense\n{"ban":{"name":1}}\n${"x".repeat(10_000)}`);
    at.clock.now += BAN_MS + BAN_MS_MAX;
    using _book = at.open();
    expect(readFileSync(at.path, "utf8")).toBe("");
  });

  it("holds in memory where the file cannot be written, and that is told once", () => {
    using at = openFolder();
    appendFileSync(join(at.folder, "deeper"), "a file where the folder should be");
    const told: EventFields[] = [];
    using book = at.open({ ...silentEvents, warn: (_name, fields = {}) => told.push(fields) });
    const bans = new Bans(book);
    for (const name of ["host 192.0.2.1", "host 192.0.2.2"]) bans.add(name, at.clock.now, lie);
    expect(bans.has("host 192.0.2.2", at.clock.now)).toBe(true);
    expect(told).toHaveLength(1);
  });
});

describe("a file of bans", () => {
  it("that cannot be read any more ends nothing: they hold in memory, and a person is told which", async () => {
    using at = openFolder();
    const told: string[] = [];
    using book = at.open({ ...silentEvents, warn: (name) => told.push(name) });
    const bans = new Bans(book);
    bans.add(LIAR, at.clock.now, lie);
    rmSync(at.path);
    mkdirSync(at.path);
    await until(() => told.length > 0, "it is told");
    expect(told).toEqual(["p2p.bans_unsaved"]);
    expect(bans.has(LIAR, at.clock.now)).toBe(true);
    expect(() => readBans(at.path, at.clock.now)).toThrow(at.path);
    using _second = at.open();
  });

  it("that two engines share keeps those of both when one writes it anew", () => {
    using at = openFolder();
    using one = at.open();
    using other = at.open();
    new Bans(one).add(LIAR, at.clock.now, lie);
    const evidence = Object.fromEntries(
      Array.from({ length: 16 }, (_, field) => [`field ${field}`, "x".repeat(256)]),
    );
    const bans = new Bans(other);
    const add = (name: string) => bans.add(name, at.clock.now, { reason: "PIECE_BAD", evidence });
    for (let count = 0; count < 4_000; count += 1) add(`host 192.0.2.${count % 50}`);
    expect(statSync(at.path).size).toBeLessThan(BAN_FILE_MAX_BYTES);
    expect(readBans(at.path, at.clock.now).map(({ name }) => name)).toContain(LIAR);
  });
});

it("a liar that one swarm found out is not dealt with by the next process in another swarm", async () => {
  using at = openFolder();
  await using film = await makeFilm(400_000);
  const honest = seedStore(film.torrent, film.path);
  let isArmed = false;
  const get = async (index: number) => {
    const piece = Uint8Array.from(await honest.get(index));
    if (isArmed) piece[0] = (piece[0] ?? 0) ^ 1;
    return piece;
  };
  const store = { ...honest, get };
  const { torrent } = film;
  const own = { find: { pex: false } };
  await using liar = await joinSwarm({ torrent, store, role: "seed", ...own });
  isArmed = true;
  const stop = new AbortController();
  {
    using book = at.open();
    const bans = new Bans(book);
    await using viewer = await joinLeech(film, [liar.address], undefined, { bans, ...own });
    viewer.swarm.download(stop.signal).catch(() => {});
    await until(() => bans.count > 0, "the liar is banned");
    stop.abort(new Error("enough"));
  }
  expect(readBans(at.path, at.clock.now)[0]?.evidence).toMatchObject({
    infohash: torrent.infohash,
    got: expect.stringMatching(/^[0-9a-f]{40}$/),
  });
  using book = at.open();
  const bans = new Bans(book);
  const name = readBans(at.path, at.clock.now)[0]?.name ?? "";
  expect(name).toBe(`address ${liar.address}`);
  await using seed = await joinSeed(film);
  const peers = [liar.address, seed.address];
  await using again = await joinLeech(film, peers, undefined, { bans, ...own });
  await again.swarm.download(soon());
  expect(again.swarm.stats().links.map(({ address }) => address)).toEqual([seed.address]);
});
