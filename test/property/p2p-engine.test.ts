// Goal: the order of pieces, the places that are given and the rates that are kept, whatever happens.
// Method: the parts themselves against models that are slow and plain.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededChance } from "../../src/p2p/chance.ts";
import { type ChokeCandidate, Choker, chooseUnchoked } from "../../src/p2p/choker.ts";
import {
  AHEAD_SHARE,
  OPTIMISTIC_MS,
  RATE_BURST_MS,
  RECHOKE_MS,
} from "../../src/p2p/engine-limits.ts";
import { BLOCK_MAX_BYTES } from "../../src/p2p/limits.ts";
import { PieceOrder } from "../../src/p2p/piece-order.ts";
import { RateLimit } from "../../src/p2p/rate-limit.ts";

type Step = readonly ["raise" | "lower" | "remove" | "insert", number];

/** An order of twenty pieces after these steps, and what a plain model says of it. */
function played(steps: readonly Step[], seed: number) {
  const order = new PieceOrder(20, seededChance(seed));
  const rarity = Array.from({ length: 20 }, () => 0);
  const inside = new Set(rarity.keys());
  const model = {
    raise: (index: number) => (rarity[index] = (rarity[index] ?? 0) + 1),
    lower: (index: number) => (rarity[index] = (rarity[index] ?? 0) - 1),
    remove: (index: number) => inside.delete(index),
    insert: (index: number) => inside.add(index),
  };
  for (const [kind, index] of steps) {
    if (kind === "lower" && rarity[index] === 0) continue;
    order[kind](index);
    model[kind](index);
  }
  return { order, rarity, inside };
}

const everything = { count: 1_000, scanMax: 1_000, cursor: 0 };

describe("the order of pieces", () => {
  const step = fc.tuple(fc.constantFrom("raise", "lower", "remove", "insert"), fc.nat({ max: 19 }));

  it("is by rarity, and holds what is missing, whatever happened before", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(), (steps, seed) => {
        const { order, rarity, inside } = played(steps, seed);
        // What nobody has is not offered, until somebody has everything.
        const offered = [...inside].filter((index) => (rarity[index] ?? 0) > 0);
        const { found } = order.find(() => true, everything);
        expect(found.toSorted((a, b) => a - b)).toEqual(offered.toSorted((a, b) => a - b));
        const rarities = found.map((index) => rarity[index] ?? 0);
        expect(rarities).toEqual(rarities.toSorted((a, b) => a - b));
        order.seeds = 1;
        expect(new Set(order.find(() => true, everything).found)).toEqual(inside);
        expect(order.size).toBe(inside.size);
      }),
    );
  });

  it("differs between nodes where pieces are equally rare", () => {
    const firsts = Array.from({ length: 64 }, (_, seed) => {
      const order = new PieceOrder(8, seededChance(seed));
      for (let index = 0; index < 8; index += 1) order.raise(index);
      return order.find(() => true, { count: 1, scanMax: 8, cursor: 0 }).found[0];
    });
    expect(new Set(firsts).size).toBe(8);
  });

  it("finds in the end what only one peer of many has", () => {
    const order = new PieceOrder(10_000, seededChance(3));
    for (let index = 0; index < 10_000; index += 1) order.raise(index);
    let cursor = 0;
    for (let look = 0; look < 10_000 / 32; look += 1) {
      const result = order.find((index) => index === 4_321, { count: 1, scanMax: 64, cursor });
      if (result.found[0] === 4_321) return;
      cursor = result.cursor;
    }
    expect.unreachable("the whole was looked through");
  });
});

describe("the choker", () => {
  const candidate: fc.Arbitrary<Omit<ChokeCandidate, "id">> = fc.record({
    isInterested: fc.boolean(),
    isUnchoked: fc.boolean(),
    isAlways: fc.boolean(),
    receivedBytes: fc.nat({ max: 3 }),
    sentBytes: fc.nat({ max: 3 }),
    waitsSinceMs: fc.nat({ max: 3 }),
  });
  const crowd = fc
    .array(candidate, { maxLength: 30 })
    .map((all) => all.map((one, place) => ({ ...one, id: `peer-${place}` })));

  it("serves as many as there are places, the always served on top, and the best of the rest", () => {
    fc.assert(
      fc.property(crowd, fc.nat({ max: 10 }), fc.boolean(), (all, slots, isSeeding) => {
        const terms = { slots, isSeeding, isNewRound: true, optimistic: undefined };
        const chosen = chooseUnchoked(all, terms);
        const others = all.filter(({ isAlways }) => !isAlways);
        for (const { id, isAlways } of all) if (isAlways) expect(chosen.has(id)).toBe(true);
        const served = others.filter(({ id }) => chosen.has(id));
        expect(served).toHaveLength(Math.min(slots, others.length));
        const worth = (one: ChokeCandidate) => (isSeeding ? one.sentBytes : one.receivedBytes);
        const left = others.filter(({ id, isInterested }) => isInterested && !chosen.has(id));
        const most = Math.max(0, ...left.map(worth));
        const isFair = (one: ChokeCandidate) => one.isInterested && worth(one) >= most;
        if (left.length > 0) expect(served.every(isFair)).toBe(true);
      }),
    );
  });

  it("takes nobody's place between two rounds", () => {
    fc.assert(
      fc.property(crowd, fc.nat({ max: 10 }), (all, slots) => {
        const chosen = chooseUnchoked(all, {
          slots,
          isSeeding: false,
          isNewRound: false,
          optimistic: undefined,
        });
        const isLoser = (one: ChokeCandidate) =>
          one.isUnchoked && one.isInterested && !one.isAlways && !chosen.has(one.id);
        const holders = all.filter((one) => one.isUnchoked && one.isInterested && !one.isAlways);
        if (holders.length <= slots) expect(all.some(isLoser)).toBe(false);
      }),
    );
  });

  it("gives everybody who waits a turn", () => {
    const choker = new Choker({ slots: 2, chance: seededChance(11), nowMs: 0 });
    const ids = Array.from({ length: 8 }, (_, place) => `peer-${place}`);
    const waits = new Map(ids.map((id) => [id, 0]));
    let unchoked: ReadonlySet<string> = new Set();
    const served = new Set<string>();
    for (let nowMs = 0; nowMs <= 10 * OPTIMISTIC_MS; nowMs += RECHOKE_MS) {
      const candidates = ids.map((id, place) => ({
        id,
        isInterested: true,
        isUnchoked: unchoked.has(id),
        isAlways: false,
        // Two of them give far more than all others.
        receivedBytes: place < 2 ? 1_000 : 0,
        sentBytes: 0,
        waitsSinceMs: waits.get(id) ?? 0,
      }));
      const before = unchoked;
      unchoked = choker.choose(candidates, { nowMs, isSeeding: false });
      expect(unchoked.size).toBe(3);
      for (const id of ids) if (before.has(id) !== unchoked.has(id)) waits.set(id, nowMs);
      for (const id of unchoked) served.add(id);
    }
    expect(served.size).toBe(ids.length);
  });
});

interface Crowd {
  readonly bytesPerS: number;
  /** Of the rate: what the live stream would like to have. */
  readonly live: number;
  /** Peers that fetch films, each a block after the other. */
  readonly films: number;
}

const crowds: fc.Arbitrary<Crowd> = fc.record({
  bytesPerS: fc.integer({ min: 20_000, max: 2_000_000 }),
  live: fc.double({ min: 0.1, max: 3, noNaN: true }),
  films: fc.integer({ min: 1, max: 16 }),
});

const blockMs = (bytesPerS: number) => (BLOCK_MAX_BYTES / bytesPerS) * 1_000;

/** What a live stream and films get through one limit, each asking again when it has been served. */
function pass({ bytesPerS, live, films }: Crowd) {
  const limit = new RateLimit(bytesPerS);
  const endMs = 400 * blockMs(bytesPerS);
  const waiting = Array.from({ length: films }, () => 0);
  let [film, stream, waitedMs, nextMs] = [0, 0, 0, 0];
  const sendLive = (nowMs: number): void => {
    const waitMs = limit.book(BLOCK_MAX_BYTES, nowMs, "ahead");
    stream += BLOCK_MAX_BYTES;
    waitedMs = Math.max(waitedMs, waitMs);
    nextMs = Math.max(nextMs + blockMs(bytesPerS * live), nowMs + waitMs);
  };
  for (let nowMs = 0; nowMs < endMs; nowMs += endMs / 8_000) {
    for (const [at, dueMs] of waiting.entries()) {
      if (dueMs > nowMs) continue;
      film += BLOCK_MAX_BYTES;
      waiting[at] = nowMs + limit.book(BLOCK_MAX_BYTES, nowMs);
    }
    if (nextMs <= nowMs) sendLive(nowMs);
  }
  return { seconds: endMs / 1_000, film, stream, waitedMs };
}

describe("a limit of rate", () => {
  it("lets live streams go ahead of films, and films go on, at the rate all the same", () => {
    fc.assert(
      fc.property(crowds, (crowd) => {
        const { bytesPerS, live, films } = crowd;
        const { seconds, film, stream, waitedMs } = pass(crowd);
        const most = bytesPerS * seconds;
        const burst = Math.max(2 * BLOCK_MAX_BYTES, (bytesPerS * RATE_BURST_MS) / 1_000);
        // Those that stood in line when the stream came are sent beside it.
        const inLine = (films * BLOCK_MAX_BYTES) / (1 - AHEAD_SHARE);
        expect(film + stream).toBeLessThanOrEqual(most + 2 * burst + inLine);
        expect(stream).toBeGreaterThanOrEqual(Math.min(live, AHEAD_SHARE) * most * 0.8);
        expect(film).toBeGreaterThanOrEqual((1 - AHEAD_SHARE) * most * 0.6);
        // Whoever asks for less than its part waits no longer than its own blocks take.
        if (live <= AHEAD_SHARE / 2)
          expect(waitedMs).toBeLessThanOrEqual(blockMs(bytesPerS * live));
      }),
      { numRuns: 60, seed: Number(process.env["ACE_SEED"] ?? "11") },
    );
  });

  it("does not hold it against a live stream that it had all of the rate while it was alone", () => {
    const limit = new RateLimit(100_000);
    const paceMs = blockMs(100_000);
    let nowMs = 0;
    for (; nowMs < 600 * paceMs; nowMs += paceMs) limit.book(BLOCK_MAX_BYTES, nowMs, "ahead");
    for (let film = 0; film < 20; film += 1) limit.book(BLOCK_MAX_BYTES, nowMs);
    expect(limit.waitMs(BLOCK_MAX_BYTES, nowMs)).toBeGreaterThan(15 * paceMs);
    expect(limit.book(BLOCK_MAX_BYTES, nowMs, "ahead")).toBeLessThan(2 * paceMs);
  });

  it("never lets through more than its rate and one burst", () => {
    const gaps = fc.array(fc.tuple(fc.nat({ max: 500 }), fc.integer({ min: 1, max: 16_384 })), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 10_000_000 }), gaps, (bytesPerS, sends) => {
        const limit = new RateLimit(bytesPerS);
        const burst = Math.max(2 * BLOCK_MAX_BYTES, (bytesPerS * RATE_BURST_MS) / 1_000);
        let nowMs = 0;
        let total = 0;
        let last = 0;
        for (const [gapMs, bytes] of sends) {
          nowMs += gapMs;
          const leavesMs = nowMs + limit.book(bytes, nowMs);
          total += bytes;
          expect(leavesMs + 0.001).toBeGreaterThanOrEqual(last);
          last = leavesMs;
          expect(total).toBeLessThanOrEqual(burst + (leavesMs * bytesPerS) / 1_000 + 1);
        }
      }),
    );
  });
});
