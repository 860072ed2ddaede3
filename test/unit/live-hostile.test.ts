// Goal: a forged, reordered or withheld piece or head never reaches a player, and who sent it is
//       banned with the evidence in the log.
// Method: real nodes over loopback. A liar is a node that was given the broadcaster's true heads and
//         bytes that are not theirs, or heads that the broadcaster never signed.
import { describe, expect, it } from "vitest";
import { signHeads } from "../../src/p2p/live-head.ts";
import { signRuns } from "../../src/p2p/live-run.ts";
import {
  broadcaster,
  descriptorOf,
  type HandMade,
  HandSource,
  headOf,
  joinLive,
  type LiveParty,
  pieceBytes,
  take,
} from "./live-kit.ts";
import { newKey, soon, until } from "./p2p-kit.ts";

/** A viewer that knows only the liar at first, and then the source as well. */
async function watchLiar(
  lie: (made: readonly HandMade[], liar: LiveParty) => void,
): Promise<{ viewer: LiveParty; seqs: readonly number[]; isTrue: boolean; liar: LiveParty }> {
  const descriptor = descriptorOf("liar");
  await using source = await joinLive({ descriptor, role: "source" });
  await using liar = await joinLive({ descriptor, role: "source" });
  await using viewer = await joinLive({ descriptor, role: "viewer", peers: [liar.address] });
  const hand = new HandSource(descriptor);
  lie(hand.publish(source.swarm, 10), liar);
  await until(() => viewer.log.bans().length > 0, "the liar is banned");
  viewer.swarm.addPeer(source.address);
  const pieces = await take(viewer.swarm.pieces({ behindMs: 60_000 }, soon()), 10);
  const seqs = pieces.map(({ seq }) => seq);
  const isTrue = pieces.every(
    ({ seq, bytes }) => Buffer.compare(bytes, pieceBytes(seq, bytes.length)) === 0,
  );
  return { viewer, seqs, isTrue, liar };
}

describe("a viewer of a live stream", () => {
  it("bans who forges a piece, keeps the digests as evidence, and plays the true one", async () => {
    const seen = await watchLiar((made, liar) => {
      for (const { batch, bytes } of made) {
        liar.swarm.publish(batch, [bytes.map((byte) => byte ^ 1)]);
      }
    });
    const [ban] = seen.viewer.log.bans();
    expect(ban).toMatchObject({ reason: "PIECE_BAD", peer: `address ${seen.liar.address}` });
    expect(ban?.["promised"]).not.toBe(ban?.["got"]);
    expect(seen.seqs).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(seen.isTrue).toBe(true);
  });

  it("bans who gives the pieces in another order", async () => {
    const seen = await watchLiar((made, liar) => {
      for (const [at, { batch }] of made.entries()) {
        liar.swarm.publish(batch, [made[(at + 1) % made.length]?.bytes ?? new Uint8Array()]);
      }
    });
    expect(seen.viewer.log.bans()[0]).toMatchObject({ reason: "PIECE_BAD" });
    expect(seen.isTrue).toBe(true);
    expect(seen.seqs).toHaveLength(10);
  });

  it("bans who announces pieces and gives none", async () => {
    const seen = await watchLiar((made, liar) => {
      for (const { batch } of made) liar.swarm.publish(batch, [new Uint8Array()]);
    });
    expect(seen.viewer.log.bans()[0]).toMatchObject({ reason: "PIECE_WITHHELD", pieces: 6 });
    expect(seen.isTrue).toBe(true);
  });

  it("bans who sends a head that the broadcaster did not sign, and passes none on", async () => {
    const seen = await watchLiar((made, liar) => {
      const forger = newKey();
      for (const { batch, bytes } of made) {
        liar.swarm.publish(signHeads(batch.heads, descriptorOf("liar"), forger), [bytes]);
      }
    });
    const [ban] = seen.viewer.log.bans();
    expect(ban).toMatchObject({ reason: "HEAD_BAD", what: "not signed by the broadcaster" });
    expect(ban?.["head"]).toMatch(/^[0-9a-f]{252}$/);
    expect(seen.isTrue).toBe(true);
  });

  it("believes no head of another stream of the same broadcaster", async () => {
    const seen = await watchLiar((made, liar) => {
      for (const { batch, bytes } of made) {
        liar.swarm.publish(signHeads(batch.heads, descriptorOf("other"), broadcaster), [bytes]);
      }
    });
    expect(seen.viewer.log.bans()[0]).toMatchObject({ reason: "HEAD_BAD" });
    expect(seen.isTrue).toBe(true);
  });
});

it("stops a stream whose broadcaster signs two things of one piece, and shows others the proof", async () => {
  const descriptor = descriptorOf("two tongues");
  await using left = await joinLive({ descriptor, role: "source" });
  await using right = await joinLive({ descriptor, role: "source" });
  await using viewer = await joinLive({ descriptor, role: "viewer", peers: [left.address] });
  await using friend = await joinLive({ descriptor, role: "viewer", peers: [viewer.address] });
  const hand = new HandSource(descriptor);
  hand.publish(left.swarm, 5);
  await take(friend.swarm.pieces({ behindMs: 0 }, soon()), 1);
  const other = pieceBytes(99, 1_880);
  right.swarm.publish(signHeads([headOf(4, other)], descriptor, broadcaster), [other]);
  viewer.swarm.addPeer(right.address);
  for (const { swarm, log } of [viewer, friend]) {
    await expect(take(swarm.pieces({ behindMs: 0 }, soon()), 99)).rejects.toMatchObject({
      code: "LIVE_EQUIVOCATION",
    });
    const told = log.told.find(({ name }) => name === "live.equivocation");
    expect(told?.fields["first"]).not.toBe(told?.fields["second"]);
  }
});

it("plays on while six of twenty peers give false bytes", async () => {
  const descriptor = descriptorOf("poison");
  await using parts = new AsyncDisposableStack();
  const source = parts.use(await joinLive({ descriptor, role: "source" }));
  const poisoners: LiveParty[] = [];
  for (let at = 0; at < 6; at += 1) {
    poisoners.push(parts.use(await joinLive({ descriptor, role: "source" })));
  }
  const viewers: LiveParty[] = [];
  for (let at = 0; at < 14; at += 1) {
    const peers = [...poisoners, ...viewers.slice(-3)].map(({ address }) => address);
    if (at < 3) peers.push(source.address);
    viewers.push(parts.use(await joinLive({ descriptor, role: "viewer", peers })));
  }
  const hand = new HandSource(descriptor);
  const timer = setInterval(() => {
    const made = hand.next();
    for (const { swarm } of poisoners) swarm.publish(made.batch, [made.bytes.map((byte) => ~byte)]);
    source.swarm.publish(made.batch, [made.bytes]);
  }, 60);
  parts.defer(() => clearInterval(timer));
  const watched = await Promise.all(
    viewers.map(({ swarm }) => take(swarm.pieces({ behindMs: 300 }, soon()), 40)),
  );
  for (const pieces of watched) {
    for (const { seq, bytes } of pieces) expect(bytes).toEqual(pieceBytes(seq, bytes.length));
  }
  const bans = viewers.flatMap(({ log }) => log.bans());
  expect(bans.length).toBeGreaterThan(0);
  const liars = new Set(poisoners.map(({ address }) => `address ${address}`));
  for (const ban of bans) expect(liars).toContain(ban["peer"]);
});

it("a viewer does not tell its peers what was signed long ago, and is not banned for doing so", async () => {
  const descriptor = descriptorOf("again");
  await using one = await joinLive({ descriptor, role: "source" });
  await using other = await joinLive({ descriptor, role: "source" });
  const peers = [one.address, other.address];
  await using viewer = await joinLive({ descriptor, role: "viewer", peers });
  await using next = await joinLive({ descriptor, role: "viewer", peers: [viewer.address] });
  await until(() => viewer.swarm.stats().peers === 3, "they have met");
  const hand = new HandSource(descriptor, { firstSeq: 5_000 });
  hand.publish(one.swarm, 3);
  await until(() => next.swarm.stats().pieces === 3, "heads are passed on");
  const part = { offset: 0, length: 1_880, tables: new Uint8Array() };
  for (let firstSeq = 0; firstSeq < 2_000; firstSeq += 1) {
    const names = { epoch: 1, firstSeq, path: "0.ts", parts: [part] };
    const { swarm } = firstSeq % 2 === 0 ? one : other;
    for (const run of signRuns(names, descriptor, broadcaster)) swarm.publishRun(run);
  }
  hand.publish(one.swarm, 1);
  const bans = () => [...viewer.log.bans(), ...next.log.bans()];
  await until(() => next.swarm.stats().pieces === 4 || bans().length > 0, "the next head arrives");
  expect(bans()).toEqual([]);
  expect(next.swarm.stats().pieces).toBe(4);
});
