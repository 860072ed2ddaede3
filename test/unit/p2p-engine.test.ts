// Goal: the swarm's engine with real peers on loopback: liars, silence, limits, and who is served.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { type EventFields, silentEvents } from "../../src/lib/events.ts";
import { type Chance, seededChance } from "../../src/p2p/chance.ts";
import { DEPTH_START, SNUB_MS_MIN, SNUB_REST_MS } from "../../src/p2p/engine-limits.ts";
import { TICK_MS } from "../../src/p2p/limits.ts";
import { openListener } from "../../src/p2p/listener.ts";
import { memoryStore, type PieceStore, seedStore } from "../../src/p2p/piece-store.ts";
import type { Supplier, SupplierDesk, SupplyNeed } from "../../src/p2p/supplier-port.ts";
import { openSwarm } from "../../src/p2p/swarm.ts";
import { openNodeRates } from "../../src/p2p/swarm-rates.ts";
import { openRawSeed } from "../support/raw-seed.ts";
import {
  type Film,
  goodToken,
  hexOf,
  joinLeech,
  joinSeed,
  joinSwarm,
  makeFilm,
  newKey,
  type Party,
  RawClient,
  readAll,
  soon,
  until,
  verifier,
} from "./p2p-kit.ts";

const aloneWith = { find: { pex: false } };

/** A store that is honest until it is armed, and lies about some blocks of every piece after. */
function lyingStore(film: Film, chance: Chance): { readonly store: PieceStore; arm(): void } {
  const honest = seedStore(film.torrent, film.path);
  let isArmed = false;
  const get = async (index: number) => {
    const piece = await honest.get(index);
    if (!isArmed) return piece;
    const spoilt = Uint8Array.from(piece);
    const lies = 1 + chance.below(4);
    for (let lie = 0; lie < lies; lie += 1) {
      const at = chance.below(spoilt.length);
      spoilt[at] = (spoilt[at] ?? 0) ^ 0xff;
    }
    return spoilt;
  };
  return {
    store: { ...honest, get },
    arm: () => {
      isArmed = true;
    },
  };
}

async function joinPoisoner(film: Film, chance: Chance): Promise<Party> {
  const { store, arm } = lyingStore(film, chance);
  const { torrent } = film;
  const party = await joinSwarm({ torrent, store, role: "seed", ...aloneWith });
  arm();
  return party;
}

describe("a swarm with liars", () => {
  it("plays on with six of twenty, every byte right, and bans them with the evidence", async () => {
    const chance = seededChance(Number(process.env["ACE_SEED"] ?? 20_260));
    await using film = await makeFilm(1_500_000, { pieceLength: 65_536 });
    await using parties = new AsyncDisposableStack();
    const seeds = [parties.use(await joinSeed(film)), parties.use(await joinSeed(film))];
    const poisoners: Party[] = [];
    for (let count = 0; count < 6; count += 1) {
      poisoners.push(parties.use(await joinPoisoner(film, chance)));
    }
    const bans: EventFields[] = [];
    const warn = (name: string, fields?: EventFields) => {
      if (name === "p2p.peer_banned") bans.push(fields ?? {});
    };
    const more = { ...aloneWith, chance, events: { ...silentEvents, warn } };
    const leeches: Party[] = [];
    for (let count = 0; count < 12; count += 1) {
      const known = [...poisoners, ...seeds, ...leeches].map(({ address }) => address);
      leeches.push(parties.use(await joinLeech(film, known, undefined, more)));
    }
    const plays = leeches.map(({ swarm }) => readAll(swarm.read(0, film.bytes.length, soon())));
    for (const got of await Promise.all(plays)) expect(got.equals(film.bytes)).toBe(true);
    const liars = new Set(poisoners.map(({ address }) => `address ${address}`));
    expect(bans.length).toBeGreaterThan(0);
    for (const { peer, expected, got, count } of bans) {
      expect(liars).toContain(peer);
      // Whoever was caught once is not met again.
      expect(count).toBe(1);
      expect(got).toMatch(/^[0-9a-f]{40}$/);
      expect(got).not.toBe(expected);
    }
  }, 90_000);
});

/** A peer that says it has everything, lets all ask, and answers nothing: it writes down what it is told. */
async function openMute({ torrent }: Film, greeting?: Uint8Array) {
  const heard: Buffer[] = [];
  const seed = await openRawSeed(torrent.infohash, (message) => heard.push(message), greeting);
  /** The bodies of all messages of one kind, in hexadecimal. */
  const told = (kind: number) =>
    heard.filter(([id]) => id === kind).map((message) => message.subarray(1).toString("hex"));
  return { ...seed, told };
}

const REQUEST = 6;
const CANCEL = 8;

it("does not wait for a peer that says nothing", async () => {
  await using film = await makeFilm(600_000);
  await using mute = await openMute(film);
  await using seed = await joinSeed(film);
  await using leech = await joinLeech(film, [mute.address]);
  const download = leech.swarm.download(soon());
  await until(() => mute.told(REQUEST).length > 0, "it was asked");
  leech.swarm.addPeer(seed.address);
  await download;
  expect(leech.swarm.stats().piecesHad).toBe(film.torrent.pieceHashes.length);
});

it("takes back all that a silent peer was asked for, and then asks it for one block", async () => {
  // Whole pieces only: a shorter last one may leave a pipeline one block short.
  await using film = await makeFilm(31 * 65_536);
  await using mute = await openMute(film);
  const clock = { now: 1_000_000, nowMs: () => clock.now };
  await using leech = await joinLeech(film, [mute.address], undefined, { clock });
  const stop = new AbortController();
  const download = leech.swarm.download(stop.signal);
  await until(() => mute.told(REQUEST).length >= DEPTH_START, "it was asked");
  const asked = new Set(mute.told(REQUEST));
  clock.now += SNUB_MS_MIN - 1;
  await sleep(2 * TICK_MS);
  expect(mute.told(CANCEL)).toEqual([]);
  clock.now += 1;
  await until(() => mute.told(CANCEL).length > 0, "it was cancelled");
  await sleep(2 * TICK_MS);
  expect(mute.told(REQUEST)).toHaveLength(asked.size);
  clock.now += SNUB_REST_MS;
  await until(() => mute.told(REQUEST).length > asked.size, "it was asked again");
  expect(new Set(mute.told(CANCEL))).toEqual(asked);
  expect(mute.told(REQUEST)).toHaveLength(asked.size + 1);
  stop.abort(new Error("enough"));
  await expect(download).rejects.toThrow("enough");
});

it("takes back what a seek makes useless, and asks for the new place at once", async () => {
  await using film = await makeFilm(20_000_000, { pieceLength: 262_144 });
  await using mute = await openMute(film);
  // While the clock stands, silence is no reason to take anything back.
  const clock = { nowMs: () => 1_000_000 };
  await using leech = await joinLeech(film, [mute.address], undefined, { clock });
  const stop = new AbortController();
  const first = readAll(leech.swarm.read(5_000_000, 1_000_000, stop.signal));
  await until(() => mute.told(REQUEST).length > 0, "it was asked");
  const asked = new Set(mute.told(REQUEST));
  stop.abort(new Error("the player seeks"));
  await expect(first).rejects.toThrow("the player seeks");
  await until(() => new Set(mute.told(CANCEL)).size >= asked.size, "all of it was cancelled");
  expect(asked.isSubsetOf(new Set(mute.told(CANCEL)))).toBe(true);
  const before = mute.told(REQUEST).length;
  const seek = new AbortController();
  const second = readAll(leech.swarm.read(15_000_000, 1_000, seek.signal));
  await until(() => mute.told(REQUEST).length > before, "the new place was asked for");
  const piece = Math.floor(15_000_000 / 262_144);
  expect(Number.parseInt(mute.told(REQUEST)[before]?.slice(0, 8) ?? "", 16)).toBe(piece);
  seek.abort(new Error("enough"));
  await expect(second).rejects.toThrow("enough");
});

describe("the fast extension", () => {
  it("opens no way around the gate: each request is refused, and nothing is allowed before", async () => {
    await using film = await makeFilm(500_000);
    const gate = { deviceKey: newKey(), upload: verifier };
    await using seed = await joinSeed(film, gate);
    using client = new RawClient(seed.listener.port);
    client.handshake(film.torrent.infohash);
    client.message(2);
    const pieces = film.torrent.pieceHashes.length;
    for (let index = 0; index < pieces; index += 1) client.message(6, index, 0, 16_384);
    await until(() => client.rejects === pieces, "each was refused");
    expect(client.payloadBytes).toBe(0);
    // Neither "unchoke" nor "allowed fast".
    expect([1, 17].filter((kind) => client.kinds.has(kind))).toEqual([]);
  });

  it("has hints that are heard and not obeyed", async () => {
    await using film = await makeFilm(500_000);
    const hint = (kind: number, index: number) => [0, 0, 0, 5, kind, 0, 0, 0, index];
    const hints = Buffer.from([...hint(17, 2), ...hint(13, 3), ...hint(13, 200)]);
    await using mute = await openMute(film, hints);
    await using leech = await joinLeech(film, [mute.address]);
    const stop = new AbortController();
    const reading = readAll(leech.swarm.read(100_000, 10, stop.signal));
    await until(() => mute.told(REQUEST).length > 0, "it was asked");
    expect(Number.parseInt(mute.told(REQUEST)[0]?.slice(0, 8) ?? "", 16)).toBe(1);
    expect(mute.isConnected()).toBe(true);
    stop.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
  });
});

it("works over IPv6 from end to end", async () => {
  await using film = await makeFilm(300_000);
  const { torrent, path } = film;
  await using parts = new AsyncDisposableStack();
  const join = async (role: "seed" | "leech", peers: readonly string[]) => {
    const listener = parts.use(await openListener({ host: "::1", port: 0, clock: systemClock }));
    const store = role === "seed" ? seedStore(torrent, path) : memoryStore(torrent);
    const rest = { events: silentEvents, clock: systemClock };
    const swarm = parts.use(await openSwarm({ torrent, store, role, peers, listener, ...rest }));
    return { swarm, listener };
  };
  const seed = await join("seed", []);
  const own = `[0:0:0:0:0:0:0:1]:${seed.listener.port}`;
  const leech = await join("leech", [own]);
  const got = await readAll(leech.swarm.read(0, 300_000, soon()));
  expect(got.equals(film.bytes)).toBe(true);
  expect(leech.swarm.stats().links[0]?.address).toBe(`[::1]:${seed.listener.port}`);
});

describe("a private node", () => {
  it("lets nobody in whom it neither gives to nor takes from", async () => {
    await using film = await makeFilm(100_000);
    await using seed = await joinSeed(film, undefined, { uploadTo: ["10.0.0.0/8", "::1"] });
    await using leech = await joinLeech(film, [seed.address]);
    await until(() => (seed.swarm.stats().closed["PEER_UNLISTED"] ?? 0) > 0, "it was refused");
    expect(leech.swarm.stats().bytesDown).toBe(0);
    await using friendly = await joinSeed(film, undefined, { uploadTo: ["127.0.0.1"] });
    leech.swarm.addPeer(friendly.address);
    await leech.swarm.download(soon());
  });

  it("takes from nobody else, though it may give to all", async () => {
    await using film = await makeFilm(100_000);
    await using seed = await joinSeed(film);
    await using leech = await joinLeech(film, [seed.address], undefined, {
      downloadFrom: ["192.0.2.7:6881"],
    });
    leech.swarm.download(soon()).catch(() => {});
    await until(() => leech.swarm.stats().peers > 0, "they are connected");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(leech.swarm.stats().bytesDown).toBe(0);
    expect(leech.swarm.stats().links[0]?.detail).toMatchObject({ isInterested: false });
  });

  it("says which entry is no address", async () => {
    await using film = await makeFilm(100_000);
    for (const entry of ["example.org", "10.0.0.0/40", "10.0.0.1/", "[::1"]) {
      const joining = joinLeech(film, [], undefined, { uploadTo: [entry] });
      await expect(joining).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    }
  });
});

describe("a limit of rate", () => {
  // Only the time it must take at least is looked at: a busy machine takes longer.
  const timed = async (leech: Party) => {
    const startMs = performance.now();
    await leech.swarm.download(soon());
    return performance.now() - startMs;
  };

  it("holds for what a swarm sends, what it fetches, and for all swarms of a node together", async () => {
    await using film = await makeFilm(200_000);
    const rate = 150_000;
    const node = openNodeRates({ uploadBytesPerS: rate });
    await using slow = await joinSeed(film, undefined, {
      rates: { swarm: { uploadBytesPerS: rate } },
    });
    await using one = await joinSeed(film, undefined, { rates: { node } });
    await using two = await joinSeed(film, undefined, { rates: { node } });
    await using fast = await joinSeed(film);
    await using a = await joinLeech(film, [slow.address]);
    await using b = await joinLeech(film, [fast.address], undefined, {
      rates: { peer: { downloadBytesPerS: rate } },
    });
    await using c = await joinLeech(film, [one.address], undefined, aloneWith);
    await using d = await joinLeech(film, [two.address], undefined, aloneWith);
    const [upMs = 0, downMs = 0, ...shared] = await Promise.all([a, b, c, d].map(timed));
    // What may burst at once is half a second's worth.
    expect(upMs).toBeGreaterThan(700);
    expect(downMs).toBeGreaterThan(700);
    expect(Math.max(...shared)).toBeGreaterThan(1_900);
  });
});

describe("the places of a seed", () => {
  it("only what is asked for counts against a limit of downloads", async () => {
    await using film = await makeFilm(64_000);
    await using seed = await joinSeed(film);
    const node = openNodeRates({ downloadBytesPerS: 1_000_000 });
    await using viewer = await joinLeech(film, [seed.address], undefined, { rates: { node } });
    await viewer.swarm.download(soon());
    const BURST_BYTES = 500_000;
    expect(node.down.available(systemClock.nowMs())).toBeGreaterThanOrEqual(BURST_BYTES - 65_536);
  });

  it("are few; whoever is done makes room, and a node that is always served comes on top", async () => {
    await using film = await makeFilm(400_000);
    const [serverKey, supportKey] = [newKey(), newKey()];
    const gate = { deviceKey: serverKey, upload: verifier };
    await using seed = await joinSeed(film, gate, {
      uploadSlots: 1,
      alwaysUnchoked: [hexOf(supportKey)],
    });
    let mostServed = 0;
    const watch = setInterval(() => {
      const links = seed.swarm.stats().links.filter(({ detail }) => detail?.isChoking === false);
      mostServed = Math.max(mostServed, links.length);
    }, 1);
    await using parties = new AsyncDisposableStack();
    parties.defer(() => clearInterval(watch));
    const viewers = [newKey(), newKey(), newKey(), newKey(), supportKey];
    const downloads = viewers.map(async (deviceKey) => {
      const tokens = { token: async () => goodToken(film.torrent, deviceKey) };
      const download = { serverKeys: [hexOf(serverKey)], tokens };
      const policy = { deviceKey, download };
      const viewer = parties.use(await joinLeech(film, [seed.address], policy, aloneWith));
      await viewer.swarm.download(soon());
    });
    await Promise.all(downloads);
    // One place, one in turn, and the support node.
    expect(mostServed).toBeLessThanOrEqual(3);
    expect(seed.swarm.stats().bytesUp).toBe(viewers.length * 400_000);
  }, 90_000);
});

/** A supplier that has the film and brings what it is asked for in the next turn. */
class FilmSupplier implements Supplier {
  readonly id = "webseed";
  readonly needs = new Set<SupplyNeed>();
  readonly bad: number[] = [];
  isStopped = false;
  readonly #bytes: Uint8Array;
  readonly #pieceLength: number;
  #desk: SupplierDesk | undefined;

  constructor(bytes: Uint8Array, pieceLength: number) {
    this.#bytes = bytes;
    this.#pieceLength = pieceLength;
  }

  start(desk: SupplierDesk): void {
    this.#desk = desk;
  }

  tick(need: SupplyNeed): void {
    this.needs.add(need);
    if (need === "none" || this.bad.length > 0) return;
    for (const block of this.#desk?.take(64) ?? []) {
      const start = block.index * this.#pieceLength + block.offset;
      const bytes = this.#bytes.subarray(start, start + block.length);
      setImmediate(() => this.#desk?.put(block, bytes));
    }
  }

  onBad(index: number): void {
    this.bad.push(index);
  }

  stop(): void {
    this.isStopped = true;
  }
}

describe("a supplier", () => {
  it("brings everything where there is no peer", async () => {
    await using film = await makeFilm(500_000);
    const supplier = new FilmSupplier(film.bytes, film.torrent.pieceLength);
    {
      await using leech = await joinLeech(film, [], undefined, { suppliers: [supplier] });
      const got = await readAll(leech.swarm.read(0, 500_000, soon()));
      expect(got.equals(film.bytes)).toBe(true);
      const { bytesDown, bytesDownBySource } = leech.swarm.stats();
      expect(bytesDownBySource).toEqual({ peer: 0, webseed: bytesDown });
    }
    expect(supplier.isStopped).toBe(true);
  });

  it("is called when the peers are too slow for a player, and brings what it waits for", async () => {
    await using film = await makeFilm(500_000);
    const supplier = new FilmSupplier(film.bytes, film.torrent.pieceLength);
    await using seed = await joinSeed(film, undefined, {
      rates: { swarm: { uploadBytesPerS: 10_000 } },
    });
    const late = { ...aloneWith, suppliers: [supplier] };
    await using viewer = await joinLeech(film, [seed.address], undefined, late);
    await until(() => viewer.swarm.stats().links[0]?.detail?.isPeerChoking === false, "served");
    const got = await readAll(viewer.swarm.read(0, 400_000, soon()));
    expect(got.equals(film.bytes.subarray(0, 400_000))).toBe(true);
    expect(supplier.needs).toContain("late");
    expect(viewer.swarm.stats().bytesDownBySource.webseed).toBeGreaterThan(0);
  });

  it("is left alone while nobody waits for anything", async () => {
    await using film = await makeFilm(100_000);
    const supplier = new FilmSupplier(film.bytes, film.torrent.pieceLength);
    await using leech = await joinLeech(film, [], undefined, { suppliers: [supplier] });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect([...supplier.needs]).toEqual(["none"]);
    expect(leech.swarm.stats().bytesDown).toBe(0);
  });

  it("that lies is told so, and peers bring the piece", async () => {
    await using film = await makeFilm(500_000);
    const supplier = new FilmSupplier(new Uint8Array(500_000), film.torrent.pieceLength);
    await using leech = await joinLeech(film, [], undefined, { suppliers: [supplier] });
    const reading = readAll(leech.swarm.read(0, 500_000, soon()));
    await until(() => supplier.bad.length > 0, "its first piece was found bad");
    await using seed = await joinSeed(film);
    leech.swarm.addPeer(seed.address);
    expect((await reading).equals(film.bytes)).toBe(true);
  });
});
