// Goal: live streams keep the limits of the node that carries them, beside its films, without starving; and
//       what somebody has brought is paid to nobody else.
// Method: real swarms over loopback under limits that they would break at once; what left and came is counted.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { NodePeers } from "../../src/p2p/node-peers.ts";
import type { SwarmOptions } from "../../src/p2p/swarm-port.ts";
import { openNodeRates, TokenRates } from "../../src/p2p/swarm-rates.ts";
import { CountedLimit } from "../support/counted-limit.ts";
import { descriptorOf, HandSource, joinLive, type LiveParty, take } from "./live-kit.ts";
import { joinLeech, joinSeed, makeFilm, soon, until } from "./p2p-kit.ts";

/** Publishes a piece every few milliseconds until the test is over. */
function feed(parts: AsyncDisposableStack, party: LiveParty, hand: HandSource, everyMs: number) {
  const timer = setInterval(() => hand.publish(party.swarm, 1), everyMs);
  parts.defer(() => clearInterval(timer));
}

/** A film that goes to so many as fast as it may. */
async function seedFilm(
  parts: AsyncDisposableStack,
  leeches: number,
  terms: Pick<SwarmOptions, "nodePeers" | "rates">,
) {
  const film = parts.use(await makeFilm(4_000_000));
  const seed = parts.use(await joinSeed(film, undefined, terms));
  for (let at = 0; at < leeches; at += 1) {
    const { swarm } = parts.use(await joinLeech(film, [seed.address]));
    swarm.download(soon()).catch(() => {});
  }
  return seed;
}

const bansOf = (parties: readonly LiveParty[]) => parties.flatMap(({ log }) => log.bans());

describe("a limit of rate", () => {
  it("holds for what a live source sends: it tells peers to wait, they get the rest of each other", async () => {
    const descriptor = descriptorOf("limited");
    await using parts = new AsyncDisposableStack();
    const [pieceBytes, everyMs, limit] = [12_000, 60, 300_000];
    const rates = { node: openNodeRates({ uploadBytesPerS: limit }) };
    // All are told of each piece at once: without a limit the source would send four streams.
    const source = parts.use(
      await joinLive({ descriptor, role: "source", rates, fan: 4, lagMs: 0 }),
    );
    const viewers: LiveParty[] = [];
    for (let at = 0; at < 4; at += 1) {
      const peers = [source, ...viewers].map(({ address }) => address);
      viewers.push(parts.use(await joinLive({ descriptor, role: "viewer", peers })));
    }
    await until(() => source.swarm.stats().peers === 4, "all are connected");
    const hand = new HandSource(descriptor, { bytes: pieceBytes });
    const startMs = performance.now();
    feed(parts, source, hand, everyMs);
    const count = 30;
    const watched = await Promise.all(
      viewers.map(({ swarm }) => take(swarm.pieces({ behindMs: 60_000 }, soon()), count)),
    );
    const elapsedS = (performance.now() - startMs) / 1_000;
    for (const pieces of watched) {
      const seqs = pieces.map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    }
    const { bytesUp } = source.swarm.stats();
    // At once half a second's worth may leave.
    expect(bytesUp).toBeLessThanOrEqual(limit * (elapsedS + 0.5) + pieceBytes);
    expect(bansOf([source, ...viewers])).toEqual([]);
  });

  it("is shared with films, which do not keep a live stream waiting, nor are kept from going on", async () => {
    const descriptor = descriptorOf("beside");
    await using parts = new AsyncDisposableStack();
    const limit = 60_000;
    const node = openNodeRates({ uploadBytesPerS: limit });
    const seed = await seedFilm(parts, 6, { rates: { node } });
    await until(() => seed.swarm.stats().bytesUp > limit, "the film goes at the limit");
    const rates = { node };
    const source = parts.use(await joinLive({ descriptor, role: "source", rates }));
    const peers = [source.address];
    const viewer = parts.use(await joinLive({ descriptor, role: "viewer", peers }));
    await until(() => source.swarm.stats().peers === 1, "they have met");
    const startMs = performance.now();
    const filmBytes = seed.swarm.stats().bytesUp;
    feed(parts, source, new HandSource(descriptor, { bytes: 3_000 }), 100);
    const pieces = await take(viewer.swarm.pieces({ behindMs: 60_000 }, soon()), 25);
    expect(pieces.map(({ seq }) => seq)).toEqual([...pieces.keys()]);
    await until(() => seed.swarm.stats().bytesUp > filmBytes + limit / 2, "the film goes on");
    const elapsedS = (performance.now() - startMs) / 1_000;
    const sent = source.swarm.stats().bytesUp + seed.swarm.stats().bytesUp - filmBytes;
    // What stood in line when the stream came is sent beside it, and no more than that.
    expect(sent).toBeLessThanOrEqual(limit * (elapsedS + 1) + 8 * 16_384);
    expect(bansOf([source, viewer])).toEqual([]);
  });
});

it("a limit of rate holds for what a viewer fetches, with which it asks for what is needed first", async () => {
  const descriptor = descriptorOf("thin");
  await using parts = new AsyncDisposableStack();
  const limit = 100_000;
  const source = parts.use(await joinLive({ descriptor, role: "source" }));
  const rates = { node: openNodeRates({ downloadBytesPerS: limit }) };
  const peers = [source.address];
  const viewer = parts.use(await joinLive({ descriptor, role: "support", peers, rates }));
  await until(() => source.swarm.stats().peers === 1, "they have met");
  const startMs = performance.now();
  new HandSource(descriptor, { bytes: 20_000 }).publish(source.swarm, 12);
  await until(() => viewer.swarm.stats().piecesHad === 12, "all is here");
  // 240,000 bytes, of which half a second's worth and one piece may come at once.
  expect(performance.now() - startMs).toBeGreaterThan(1_500);
  expect(viewer.log.bans()).toEqual([]);
});

describe("what was booked with a limit of rate", () => {
  it("is what moved, when peers refuse, take back and go while they are waited for", async () => {
    const descriptor = descriptorOf("booked");
    await using parts = new AsyncDisposableStack();
    const counted = (bytesPerS: number) => ({
      up: new CountedLimit(bytesPerS),
      down: new CountedLimit(bytesPerS),
      tokens: new TokenRates(),
    });
    const [giver, taker] = [counted(60_000), counted(10_000_000)];
    const rates = { node: giver };
    const sources = await Promise.all(
      [0, 1].map(() => joinLive({ descriptor, role: "source", rates, fan: 4, lagMs: 0 })),
    );
    for (const source of sources) parts.use(source);
    const peers = sources.map(({ address }) => address);
    const terms = { descriptor, role: "support", peers, rates: { node: taker } } as const;
    const viewers = await Promise.all([joinLive(terms), joinLive(terms)]);
    for (const viewer of viewers) parts.use(viewer);
    for (const { swarm } of sources) await until(() => swarm.stats().peers === 2, "they met");
    const hand = new HandSource(descriptor, { bytes: 40_000 });
    for (const { batch, bytes } of hand.make(6)) {
      for (const { swarm } of sources) swarm.publish(batch, [bytes]);
    }
    const given = () => sources.map(({ swarm }) => swarm.stats().bytesUp);
    await until(() => given().every((bytes) => bytes > 0), "both give");
    await sleep(700);
    expect(taker.down.bookedBytes).toBeGreaterThan(0);
    await Promise.all([...viewers, ...sources].map((party) => party[Symbol.asyncDispose]()));
    await sleep(100);
    const total = (parties: readonly LiveParty[], way: "bytesUp" | "bytesDown") =>
      parties.reduce((sum, { swarm }) => sum + swarm.stats()[way], 0);
    expect(taker.down.bookedBytes).toBe(total(viewers, "bytesDown"));
    expect(giver.up.bookedBytes).toBe(total(sources, "bytesUp"));
  });
});

it("the peers of live streams count among those of the node, which keeps some places for each", async () => {
  const descriptor = descriptorOf("places");
  await using parts = new AsyncDisposableStack();
  const nodePeers = new NodePeers(5);
  const source = parts.use(await joinLive({ descriptor, role: "source", nodePeers }));
  await seedFilm(parts, 5, { nodePeers });
  await until(() => nodePeers.count === 5, "films have taken all places");
  const peers = [source.address];
  const viewers = Array.from({ length: 6 }, () => joinLive({ descriptor, role: "viewer", peers }));
  for (const viewer of await Promise.all(viewers)) parts.use(viewer);
  await until(() => (source.swarm.stats().closed["SWARM_FULL"] ?? 0) > 0, "one was sent away");
  await until(() => source.swarm.stats().peers === 4, "four are in");
  expect(nodePeers.count).toBe(9);
});

describe("a private node", () => {
  it("gives a live stream to nobody else, and tells them nothing of it", async () => {
    const descriptor = descriptorOf("given to few");
    await using parts = new AsyncDisposableStack();
    const source = parts.use(await joinLive({ descriptor, role: "source" }));
    const uploadTo = ["192.0.2.0/24"];
    const closed = parts.use(await joinLive({ descriptor, role: "source", uploadTo }));
    const peers = [source.address];
    const near = parts.use(await joinLive({ descriptor, role: "viewer", peers, uploadTo }));
    const asks = { descriptor, role: "viewer", peers: [near.address, closed.address] } as const;
    const far = parts.use(await joinLive(asks));
    for (const { swarm } of [source, closed]) new HandSource(descriptor).publish(swarm, 5);
    expect(await take(near.swarm.pieces({ behindMs: 60_000 }, soon()), 5)).toHaveLength(5);
    await until(() => "PEER_UNLISTED" in closed.swarm.stats().closed, "a stranger is sent away");
    await until(() => far.swarm.stats().peers > 0, "they have met");
    await sleep(500);
    expect(far.swarm.stats()).toMatchObject({ bytesDown: 0, pieces: 0 });
    expect(near.swarm.stats().bytesUp).toBe(0);
  });

  it("takes a live stream of nobody else", async () => {
    const descriptor = descriptorOf("taken of few");
    await using parts = new AsyncDisposableStack();
    const source = parts.use(await joinLive({ descriptor, role: "source" }));
    const peers = [source.address];
    const downloadFrom = ["192.0.2.0/24"];
    const viewer = parts.use(await joinLive({ descriptor, role: "support", peers, downloadFrom }));
    await until(() => viewer.swarm.stats().peers > 0, "they have met");
    new HandSource(descriptor).publish(source.swarm, 5);
    await sleep(500);
    expect(viewer.swarm.stats().bytesDown).toBe(0);
  });
});

describe("a piece that somebody has brought", () => {
  it("is taken back from who is slower, so that it is not paid twice", async () => {
    const descriptor = descriptorOf("twice");
    await using parts = new AsyncDisposableStack();
    const bytes = 64_000;
    // It begins at once, and would need seconds for the rest.
    const rates = { swarm: { uploadBytesPerS: 16_000 } };
    const slow = parts.use(await joinLive({ descriptor, role: "source", rates }));
    const fast = parts.use(await joinLive({ descriptor, role: "source" }));
    const peers = [slow.address, fast.address];
    const viewer = parts.use(
      await joinLive({ descriptor, role: "support", peers, chance: () => 0 }),
    );
    for (const { swarm } of [slow, fast]) await until(() => swarm.stats().peers === 1, "they met");
    const hand = new HandSource(descriptor, { bytes });
    const [made] = hand.publish(slow.swarm, 1);
    await until(() => slow.swarm.stats().bytesUp > 0, "the slow one has begun");
    if (made !== undefined) fast.swarm.publish(made.batch, [made.bytes]);
    await until(() => viewer.swarm.stats().piecesHad === 1, "the fast one has brought it");
    await sleep(2_500);
    const [kept, came] = [slow.swarm.stats().bytesUp, viewer.swarm.stats().bytesDown];
    expect(kept).toBeLessThan(bytes);
    expect(came).toBe(kept + bytes);
    expect(viewer.log.bans()).toEqual([]);
  });
});
