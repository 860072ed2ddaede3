// Goal: what is asked of whom, for every crowd of peers and every set of players.
// Method: a real download in memory; the peers are sets of pieces that answer late and out of order.
import { hash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Bitfield } from "../../src/p2p/bitfield.ts";
import { seededChance } from "../../src/p2p/chance.ts";
import { Download } from "../../src/p2p/download.ts";
import { REST_SCAN_MAX, URGENT_PIECES } from "../../src/p2p/engine-limits.ts";
import { BLOCK_MAX_BYTES, PIECES_MAX } from "../../src/p2p/limits.ts";
import { memoryStore } from "../../src/p2p/piece-store.ts";
import { Reading } from "../../src/p2p/reading.ts";
import type { Torrent } from "../../src/p2p/torrent.ts";
import type { Block } from "../../src/p2p/wire-guard.ts";

const PIECES = 24;
const PIECE_BYTES = 2 * BLOCK_MAX_BYTES;

function torrentOf(pieces: number): Torrent {
  const digest = Uint8Array.fromHex(hash("sha1", new Uint8Array(PIECE_BYTES), "hex"));
  return {
    infohash: "00".repeat(20),
    contentId: "00".repeat(32),
    name: "film",
    files: [{ path: "film", offset: 0, length: pieces * PIECE_BYTES }],
    length: pieces * PIECE_BYTES,
    pieceLength: PIECE_BYTES,
    pieceHashes: Array.from({ length: pieces }, () => digest),
    announce: [],
    trackerTiers: [],
    webSeeds: [],
    isPrivate: false,
    info: new Uint8Array(),
  };
}

function downloadOf(pieces: number) {
  const torrent = torrentOf(pieces);
  const had = new Bitfield(pieces);
  const download = new Download({
    torrent,
    store: memoryStore(torrent),
    had,
    chance: seededChance(7),
    events: {
      onHad: () => {},
      onBad: () => expect.unreachable("all bytes are good"),
      onLie: () => expect.unreachable("nobody lies"),
      onStoreFault: () => expect.unreachable("memory does not fail"),
    },
  });
  return { download, had };
}

function readingOf(first: number, last = PIECES - 1): Reading {
  return new Reading({ first, last, pieceLength: PIECE_BYTES, bufferS: 10, nowMs: 0 });
}

/** A peer with some of the pieces, which has room for so many requests. */
class ModelPeer {
  readonly asked = new Map<string, Block>();
  readonly #id: string;
  readonly #pieces: ReadonlySet<number>;
  readonly #slots: number;

  constructor(id: string, pieces: ReadonlySet<number>, slots: number) {
    this.#id = id;
    this.#pieces = pieces;
    this.#slots = slots;
  }

  get isFree(): boolean {
    return this.asked.size < this.#slots;
  }

  has(index: number): boolean {
    return this.#pieces.has(index);
  }

  announce(download: Download): void {
    for (const index of this.#pieces) download.order.raise(index);
  }

  ask(download: Download, had: Bitfield, nowMs: number): void {
    const count = this.#slots - this.asked.size;
    const has = (index: number) => this.has(index);
    const blocks = download.take(this.#id, { count, nowMs, patienceMs: 300, has });
    expect(blocks.length).toBeLessThanOrEqual(count);
    for (const block of blocks) {
      expect(had.has(block.index)).toBe(false);
      expect(this.has(block.index)).toBe(true);
      expect(this.asked.has(nameOf(block))).toBe(false);
      this.asked.set(nameOf(block), block);
    }
  }

  /** It chokes us: nothing of what it was asked for comes. */
  refuse(download: Download): void {
    for (const block of this.asked.values()) download.giveBack(this.#id, block);
    this.asked.clear();
  }

  /** The first `count` of its answers arrive. Answers who else was asked for them. */
  answer(download: Download, count: number): readonly (readonly [string, string])[] {
    return [...this.asked].slice(0, count).flatMap(([name, block]) => {
      this.asked.delete(name);
      const others = download.put(this.#id, block, new Uint8Array(block.length));
      return others.map((other) => [other, name] as const);
    });
  }
}

function nameOf({ index, offset }: Pick<Block, "index" | "offset">): string {
  return `${index}:${offset}`;
}

type Crowd = ReadonlyMap<string, ModelPeer>;

const crowds: fc.Arbitrary<Crowd> = fc
  .array(fc.tuple(fc.uniqueArray(fc.nat({ max: PIECES - 1 })), fc.integer({ min: 1, max: 20 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((peers) => {
    const named = peers.map(([pieces, slots], place) => {
      const id = `peer-${place}`;
      return [id, new ModelPeer(id, new Set(pieces), slots)] as const;
    });
    return new Map(named);
  });

/** A block at a playhead that nobody was asked for: then all who have it are busy. */
function expectNothingUrgentLeft(download: Download, crowd: Crowd): void {
  const peers = [...crowd.values()];
  for (const { playhead, last } of download.readers) {
    for (let step = 0; step < 2 * URGENT_PIECES; step += 1) {
      const index = playhead + Math.floor(step / 2);
      const block = { index, offset: (step % 2) * BLOCK_MAX_BYTES, length: BLOCK_MAX_BYTES };
      const isAsked = peers.some(({ asked }) => asked.has(nameOf(block)));
      if (index > last || isAsked || !download.lacks(block)) continue;
      const idle = peers.filter((peer) => peer.isFree && peer.has(index));
      expect(idle, `block ${nameOf(block)} is left`).toEqual([]);
    }
  }
}

/** At least one block comes in each round, or each second one where peers are fickle. */
const ROUNDS = 2 * PIECES + 8;

/** @param isRefusing Whether the peer whose turn it is takes back what it was to bring; every other round. */
async function play(
  download: Download,
  had: Bitfield,
  crowd: Crowd,
  isRefusing?: () => boolean,
): Promise<void> {
  const peers = [...crowd.values()];
  for (const peer of peers) peer.announce(download);
  for (let round = 1; round <= (isRefusing === undefined ? 1 : 2) * ROUNDS; round += 1) {
    for (const peer of peers) peer.ask(download, had, round * 100);
    expectNothingUrgentLeft(download, crowd);
    const refusing = round % 2 === 0 ? peers.filter(() => isRefusing?.() ?? false) : [];
    for (const peer of refusing) peer.refuse(download);
    bring(download, crowd, 1 + (round % 3));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** So many answers of each peer arrive, those of the last peer first. */
function bring(download: Download, crowd: Crowd, count: number): void {
  for (const peer of [...crowd.values()].reverse()) {
    for (const [other, name] of peer.answer(download, count)) crowd.get(other)?.asked.delete(name);
  }
}

it("asks for what is missing and the peer has, leaves nothing urgent, and comes to an end", async () => {
  const playheads = fc.array(fc.nat({ max: PIECES - 1 }), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(crowds, playheads, fc.boolean(), async (crowd, starts, wantsAll) => {
      const { download, had } = downloadOf(PIECES);
      download.wantsAll = wantsAll;
      const readers = starts.map((first) => readingOf(first));
      for (const reader of readers) download.addReader(reader);
      await play(download, had, crowd);
      const peers = [...crowd.values()];
      expect(peers.every(({ asked }) => asked.size === 0)).toBe(true);
      const wanted = Array.from({ length: PIECES }, (_, index) => index).filter(
        (index) => wantsAll || readers.some((reader) => reader.covers(index)),
      );
      const missing = wanted.filter((index) => !had.has(index));
      expect(missing.filter((index) => peers.some((peer) => peer.has(index)))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

it("fetches in the end what peers were asked for and did not bring", async () => {
  const moods = fc.infiniteStream(fc.boolean());
  await fc.assert(
    fc.asyncProperty(crowds, moods, async (crowd, mood) => {
      const { download, had } = downloadOf(PIECES);
      download.wantsAll = true;
      const peers = [...crowd.values()];
      await play(download, had, crowd, () => mood.next().value === true);
      const missing = Array.from({ length: PIECES }, (_, index) => index).filter(
        (index) => !had.has(index) && peers.some((peer) => peer.has(index)),
      );
      expect(missing).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

it("asks the next peer at once for what one was asked for and did not bring", () => {
  const { download } = downloadOf(PIECES);
  download.order.seeds = 1;
  download.wantsAll = true;
  const has = (index: number) => index === 4;
  const take = (peer: string) =>
    download.take(peer, { count: 2, nowMs: 0, patienceMs: 100, has }).map(({ offset }) => offset);
  const asked = download.take("one", { count: 2, nowMs: 0, patienceMs: 100, has });
  expect(take("two")).toEqual([]);
  for (const block of asked) download.giveBack("one", block);
  expect(take("two")).toEqual([0, BLOCK_MAX_BYTES]);
});

it("asks for what is watched before anything else", () => {
  fc.assert(
    fc.property(fc.nat({ max: PIECES - 3 }), (playhead) => {
      const { download } = downloadOf(PIECES);
      download.order.seeds = 1;
      download.wantsAll = true;
      download.addReader(readingOf(playhead));
      const terms = { count: 6, nowMs: 0, patienceMs: 100, has: () => true };
      const pieces = download.take("peer", terms).map(({ index }) => index);
      expect(pieces).toEqual([0, 0, 1, 1, 2, 2].map((step) => playhead + step));
    }),
  );
});

it("fetches the rarest first when the whole is wanted, and nothing while urgent blocks are on their way", () => {
  const pieces = 200;
  const { download } = downloadOf(pieces);
  for (let index = 0; index < pieces; index += 1) {
    for (let peer = 0; peer < (index === 90 ? 1 : 3); peer += 1) download.order.raise(index);
  }
  download.wantsAll = true;
  // Neither end of the film: those are wanted for a reader.
  const has = (index: number) => index >= 40 && index < 160;
  const take = (peer: string) =>
    download.take(peer, { count: 2, nowMs: 0, patienceMs: 100, has }).map(({ index }) => index);
  expect(take("one")).toEqual([90, 90]);
  download.addReader(readingOf(120, 120));
  expect(take("two")).toEqual([120, 120]);
  expect(take("three")).toEqual([]);
});

it("asks a second peer for what is urgent when the first is late, and never a third", () => {
  const { download } = downloadOf(PIECES);
  download.order.seeds = 3;
  download.addReader(readingOf(5, 5));
  const take = (peer: string, nowMs: number) =>
    download.take(peer, { count: 2, nowMs, patienceMs: 300, reach: "urgent", has: () => true });
  expect(take("one", 0)).toHaveLength(2);
  expect(take("two", 299)).toHaveLength(0);
  expect(take("two", 300)).toHaveLength(2);
  expect(take("three", 10_000)).toHaveLength(0);
  expect(take("two", 10_000)).toHaveLength(0);
});

it("asks a second peer for the last blocks of the whole when the first is late", () => {
  const { download } = downloadOf(1);
  download.order.seeds = 2;
  download.wantsAll = true;
  const take = (peer: string, nowMs: number) =>
    download.take(peer, { count: 9, nowMs, patienceMs: 300, has: () => true });
  const blocks = take("one", 0);
  expect(blocks).toHaveLength(2);
  expect(take("two", 299)).toHaveLength(0);
  expect(take("two", 300)).toEqual(blocks);
  const [first] = blocks;
  const others = first && download.put("two", first, new Uint8Array(first.length));
  expect(others).toEqual(["one"]);
});

it("serves readers in turn, and first the one with the least ahead of it", () => {
  const { download } = downloadOf(3_000);
  download.order.seeds = 1;
  const take = () =>
    download.take("peer", { count: 8, nowMs: 0, patienceMs: 1e9, has: () => true });
  const [one, two] = [readingOf(0, 999), readingOf(1_000, 1_999)];
  for (const reader of [one, two]) download.addReader(reader);
  for (let turn = 0; turn < 20; turn += 1) take();
  expect(one.takenBytes + two.takenBytes).toBe(20 * 8 * BLOCK_MAX_BYTES);
  expect(Math.abs(one.takenBytes - two.takenBytes)).toBeLessThanOrEqual(8 * BLOCK_MAX_BYTES);
  download.addReader(readingOf(2_000, 2_999));
  expect(take().map(({ index }) => index)).toEqual([0, 0, 1, 1, 2, 2, 3, 3].map((n) => 2_000 + n));
});

it("looks at a bounded number of pieces, however many there are", () => {
  const { download } = downloadOf(PIECES_MAX);
  download.wantsAll = true;
  for (let index = 0; index < PIECES_MAX; index += 1) download.order.raise(index);
  let looks = 0;
  const has = (index: number) => {
    looks += 1;
    return index === PIECES_MAX - 1;
  };
  for (let turn = 1; turn <= 20; turn += 1) {
    download.take("peer", { count: 64, nowMs: 0, patienceMs: 100, has });
    expect(looks).toBeLessThanOrEqual(turn * (REST_SCAN_MAX + 2));
  }
});
