// Goal: a live stream reaches those who watch, whole and in order, whoever lies in between.
// Method: real swarms over loopback; liars are real nodes whose bytes or heads are not the source's.
import { describe, expect, it } from "vitest";
import { applyPieceKey } from "../../src/p2p/cipher-live.ts";
import { signHeads } from "../../src/p2p/live-head.ts";
import type { LiveCipher } from "../../src/p2p/live-swarm-port.ts";
import {
  broadcaster,
  descriptorOf,
  HandSource,
  headOf,
  joinLive,
  type LiveParty,
  pieceBytes,
  playFilm,
  take,
} from "./live-kit.ts";
import { soon, until } from "./p2p-kit.ts";

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
    const signal = soon();
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

/** Publishes a piece every few milliseconds until the test is over. */
function feed(parts: AsyncDisposableStack, party: LiveParty, hand: HandSource, everyMs = 40): void {
  const timer = setInterval(() => hand.publish(party.swarm, 1), everyMs);
  parts.defer(() => clearInterval(timer));
}

describe("who comes late", () => {
  it("begins near the head without a link to the source, and can go back in the window", async () => {
    const descriptor = descriptorOf("late");
    await using parts = new AsyncDisposableStack();
    const source = parts.use(await joinLive({ descriptor, role: "source" }));
    const support = parts.use(
      await joinLive({ descriptor, role: "support", peers: [source.address] }),
    );
    const hand = new HandSource(descriptor);
    const startMs = Date.now() - 6_000;
    hand.publish(source.swarm, 150, (seq) => startMs + seq * 40);
    feed(parts, source, hand);
    await until(() => support.swarm.stats().piecesHad >= 150, "the support node has the window");
    const peers = [support.address];
    const late = parts.use(await joinLive({ descriptor, role: "viewer", peers }));
    const [first] = await take(late.swarm.pieces({ behindMs: 200 }, soon()), 1);
    expect(first?.isRandomAccess).toBe(true);
    expect(first?.captureMs).toBeGreaterThan(startMs + 4_000);
    expect(late.swarm.stats().piecesHad).toBeLessThan(100);
    await until(() => late.swarm.window()?.firstSeq === 0, "old heads are here too");
    const past = await take(late.swarm.pieces({ fromMs: startMs }, soon()), 160);
    expect(past.map(({ seq }) => seq)).toEqual(past.map((_, at) => at));
    expect(past.at(0)?.captureMs).toBe(startMs);
  });
});

describe("a source", () => {
  it("that was restarted goes on with its stream after a gap, which is told", async () => {
    const descriptor = descriptorOf("again");
    await using parts = new AsyncDisposableStack();
    const viewer = parts.use(await joinLive({ descriptor, role: "viewer" }));
    const first = await joinLive({ descriptor, role: "source", peers: [viewer.address] });
    new HandSource(descriptor).publish(first.swarm, 10);
    const reading = viewer.swarm.pieces({ behindMs: 60_000 }, soon())[Symbol.asyncIterator]();
    for (let seq = 0; seq < 10; seq += 1) expect((await reading.next()).value?.seq).toBe(seq);
    await first[Symbol.asyncDispose]();
    const second = parts.use(
      await joinLive({ descriptor, role: "source", peers: [viewer.address] }),
    );
    const hand = new HandSource(descriptor, { firstSeq: 210 });
    feed(parts, second, hand);
    const { value } = await reading.next();
    expect(value).toMatchObject({ seq: 210, isDiscontinuity: true, isRandomAccess: true });
    expect((await reading.next()).value).toMatchObject({ seq: 211, isDiscontinuity: false });
  });

  it("that lost count begins a new epoch, which viewers follow", async () => {
    const descriptor = descriptorOf("epoch");
    await using parts = new AsyncDisposableStack();
    const source = parts.use(await joinLive({ descriptor, role: "source" }));
    const viewer = parts.use(
      await joinLive({ descriptor, role: "viewer", peers: [source.address] }),
    );
    new HandSource(descriptor).publish(source.swarm, 10);
    const reading = viewer.swarm.pieces({ behindMs: 60_000 }, soon())[Symbol.asyncIterator]();
    for (let seq = 0; seq < 10; seq += 1) await reading.next();
    const bytes = pieceBytes(0, 376);
    const head = { ...headOf(0, bytes), epoch: 2 };
    source.swarm.publish(signHeads([head], descriptor, broadcaster), [bytes]);
    const { value } = await reading.next();
    expect(value).toMatchObject({ epoch: 2, seq: 0, isDiscontinuity: true });
    expect(value?.bytes).toEqual(bytes);
  });

  it("gives each piece about once, and reaches all when the one it told first is mute", async () => {
    const descriptor = descriptorOf("fan");
    await using parts = new AsyncDisposableStack();
    const source = parts.use(await joinLive({ descriptor, role: "source", lagMs: 300 }));
    const viewers: LiveParty[] = [];
    for (let at = 0; at < 5; at += 1) {
      const peers = [source, ...viewers].map(({ address }) => address);
      viewers.push(parts.use(await joinLive({ descriptor, role: "viewer", peers })));
    }
    await until(
      () => viewers.every(({ swarm }) => swarm.stats().peers === 5),
      "all are connected to all",
    );
    // It takes a turn like the others, and neither fetches nor passes anything on.
    const mute = { descriptor, role: "source", peers: [source.address] } as const;
    parts.use(await joinLive(mute));
    await until(() => source.swarm.stats().peers === 6, "the mute one is connected");
    const hand = new HandSource(descriptor);
    feed(parts, source, hand);
    const watched = await Promise.all(
      viewers.map(({ swarm }) => take(swarm.pieces({ behindMs: 60_000 }, soon()), 60)),
    );
    for (const pieces of watched)
      expect(pieces.map(({ seq }) => seq)).toEqual(pieces.map((_, at) => at));
    // Told to all at once, five viewers would take five times the stream from the source.
    const bytes = hand.seq * 188 * 10;
    expect(source.swarm.stats().bytesUp / bytes).toBeLessThan(3);
  });
});

it("carries pieces enciphered, and opens them only for readers that hold the key", async () => {
  const descriptor = descriptorOf("sealed");
  const key = new Uint8Array(16).fill(7);
  const cipher: LiveCipher = {
    seal: async ({ seq }, plain) => applyPieceKey(key, seq, plain),
    open: async ({ seq }, sealed) => applyPieceKey(key, seq, sealed),
  };
  await using source = await joinLive({ descriptor, role: "source" });
  await using carrier = await joinLive({ descriptor, role: "support", peers: [source.address] });
  await using viewer = await joinLive({
    descriptor,
    role: "viewer",
    peers: [carrier.address],
    cipher,
  });
  const over = new AbortController();
  const playing = playFilm(source, descriptor, { signal: over.signal, cipher });
  const [plain] = await take(viewer.swarm.pieces({ behindMs: 0 }, soon()), 1);
  const [sealed] = await take(carrier.swarm.pieces({ behindMs: 60_000 }, soon()), 1);
  over.abort();
  await playing;
  expect(plain?.bytes[0]).toBe(0x47);
  expect(plain?.bytes[188]).toBe(0x47);
  expect(sealed?.bytes.length).toBeGreaterThan(0);
  expect([sealed?.bytes[0], sealed?.bytes[188], sealed?.bytes[376]]).not.toEqual([
    0x47, 0x47, 0x47,
  ]);
});
