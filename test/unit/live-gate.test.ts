// Goal: a gated live stream gives nothing to who has no right: no byte of a piece, no head, no number.
// Method: a real source behind a real gate, and everybody who should not get in, one after the other.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { AceError } from "../../src/lib/errors.ts";
import type { PayloadSink } from "../../src/p2p/access-port.ts";
import type { GatePolicy } from "../../src/p2p/link-gate.ts";
import { liveAudience } from "../../src/p2p/live-descriptor.ts";
import { descriptorOf, HandSource, joinLive, type LiveParty, take } from "./live-kit.ts";
import { hexOf, issueToken, newKey, RawClient, soon, until, verifier } from "./p2p-kit.ts";

const descriptor = descriptorOf("gated");
const aud = liveAudience(descriptor.streamId);
const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;

async function openSource(parts: AsyncDisposableStack, more: Pick<GatePolicy, "usage"> = {}) {
  const serverKey = newKey();
  const gate = { deviceKey: serverKey, upload: verifier, ...more };
  const source = parts.use(await joinLive({ descriptor, role: "source", gate }));
  const hand = new HandSource(descriptor);
  const timer = setInterval(() => hand.publish(source.swarm, 1), 40);
  parts.defer(() => clearInterval(timer));
  return { source, serverKeys: [hexOf(serverKey)] };
}

const device = newKey();
const good = { aud, exp: inAnHour(), key: hexOf(device), sub: "viewer" };

const strangers: readonly (readonly [string, string])[] = [
  ["a forged token", issueToken(good, newKey())],
  ["an expired token", issueToken({ ...good, exp: inAnHour() - 7_200 })],
  ["a token for another stream", issueToken({ ...good, aud: liveAudience("0".repeat(40)) })],
  ["a token for a torrent of that id", issueToken({ ...good, aud: `btih:${descriptor.streamId}` })],
  ["a token of another device", issueToken({ ...good, key: hexOf(newKey()) })],
  ["no token", ""],
];

function viewerGate(token: string, serverKeys: readonly string[], key = device): GatePolicy {
  const tokens = { token: async () => token };
  return { deviceKey: key, upload: verifier, download: { tokens, serverKeys, sharing: true } };
}

function expectNothing({ swarm }: LiveParty): void {
  const { bytesDown, piecesHad, pieces } = swarm.stats();
  expect({ bytesDown, piecesHad, heads: pieces }).toEqual({ bytesDown: 0, piecesHad: 0, heads: 0 });
}

describe("a gated live stream", () => {
  it("is watched by who holds a right, who shares it with others that do", async () => {
    await using parts = new AsyncDisposableStack();
    const { source, serverKeys } = await openSource(parts);
    const gate = viewerGate(issueToken(good), serverKeys);
    const near = parts.use(
      await joinLive({ descriptor, role: "viewer", gate, peers: [source.address] }),
    );
    const otherKey = newKey();
    const token = issueToken({ ...good, key: hexOf(otherKey), sub: "friend" });
    const far = parts.use(
      await joinLive({
        descriptor,
        role: "viewer",
        gate: viewerGate(token, serverKeys, otherKey),
        peers: [near.address],
      }),
    );
    await far.swarm.ready(soon());
    expect(await take(far.swarm.pieces({ behindMs: 0 }, soon()), 5)).toHaveLength(5);
    expect(far.swarm.stats().access).toBe("granted");
    expect(near.swarm.stats()).toMatchObject({ ungatedBytesUp: 0, admitted: 1 });
    expect(source.swarm.stats().admitted).toBeGreaterThan(0);
  });

  it.each(strangers)("gives nothing to who comes with %s", async (_name, token) => {
    await using parts = new AsyncDisposableStack();
    const { source, serverKeys } = await openSource(parts);
    const gate = viewerGate(token, serverKeys);
    const stranger = parts.use(
      await joinLive({ descriptor, role: "viewer", gate, peers: [source.address] }),
    );
    const refused = () => Object.keys(source.swarm.stats().closed).length > 0;
    await until(refused, "the stranger is sent away");
    expectNothing(stranger);
    expect(source.swarm.stats()).toMatchObject({ bytesUp: 0, ungatedBytesUp: 0 });
  });

  it("gives nothing to who knows of no gate, nor to who asks while choked", async () => {
    await using parts = new AsyncDisposableStack();
    const { source } = await openSource(parts);
    const public1 = parts.use(
      await joinLive({ descriptor, role: "viewer", peers: [source.address] }),
    );
    using raw = new RawClient(source.listener.port);
    raw.handshake(descriptor.streamId);
    await until(() => raw.messages.length > 0, "the source has answered");
    for (let seq = 0; seq < 200; seq += 1) raw.message(6, seq, 0, 1_880);
    await until(() => raw.isClosed || raw.rejects >= 200, "the raw client is refused");
    await until(() => Object.keys(source.swarm.stats().closed).length > 0, "the other one, too");
    expect(raw.payloadBytes).toBe(0);
    expect(raw.messages.filter(([id]) => id === 4)).toHaveLength(0);
    expectNothing(public1);
    expect(source.swarm.stats()).toMatchObject({ bytesUp: 0, ungatedBytesUp: 0 });
  });
});

it("a source that has no room for a viewer just now has not refused it, whatever another one says", async () => {
  await using parts = new AsyncDisposableStack();
  const keys = [newKey(), newKey()];
  const serverKeys = keys.map(hexOf);
  const [busy, other] = await Promise.all(
    keys.map((deviceKey) => {
      const gate = { deviceKey, upload: verifier };
      const rates = { swarm: { uploadBytesPerS: 100 } };
      return joinLive({ descriptor, role: "source", gate, rates });
    }),
  );
  if (busy === undefined || other === undefined) throw new Error("two sources");
  for (const source of [busy, other]) parts.use(source);
  let hasRight = true;
  const token = async () => {
    if (hasRight) return issueToken(good);
    throw new AceError("LICENCE_MISSING", "no more");
  };
  const download = { tokens: { token }, serverKeys, sharing: true };
  const gate = { deviceKey: device, upload: verifier, download };
  const peers = [busy.address];
  const viewer = parts.use(await joinLive({ descriptor, role: "support", gate, peers }));
  await until(() => viewer.swarm.stats().access === "granted", "it is let in");
  new HandSource(descriptor, { bytes: 12_000 }).publish(busy.swarm, 10);
  await until(() => viewer.swarm.stats().piecesHad >= 2, "the limit is used up");
  hasRight = false;
  viewer.swarm.addPeer(other.address);
  await until(() => viewer.swarm.stats().accessCode === "LICENCE_MISSING", "it has no new token");
  await sleep(200);
  expect(viewer.swarm.stats().access).toBe("granted");
});

it("a gated live stream tells what each viewer got under its token, to the byte that it has", async () => {
  await using parts = new AsyncDisposableStack();
  const told: Parameters<PayloadSink["onPayload"]>[0][] = [];
  const usage = { onPayload: (sent: (typeof told)[0]) => told.push(sent) };
  const { source, serverKeys } = await openSource(parts, { usage });
  let got = 0;
  {
    await using watching = new AsyncDisposableStack();
    const gate = viewerGate(issueToken(good), serverKeys);
    const viewer = watching.use(
      await joinLive({ descriptor, role: "viewer", gate, peers: [source.address] }),
    );
    await take(viewer.swarm.pieces({ behindMs: 0 }, soon()), 5);
    got = viewer.swarm.stats().bytesDown;
  }
  await until(() => source.swarm.stats().peers === 0, "the viewer is gone");
  const sum = told.reduce((bytes, use) => bytes + use.bytes, 0);
  expect(told.every((use) => use.grant.account === "viewer" && use.aud === aud)).toBe(true);
  expect(sum).toBe(source.swarm.stats().bytesUp);
  // What left may be on its way still when the viewer leaves.
  expect(sum).toBeGreaterThanOrEqual(got);
  expect(got).toBeGreaterThan(0);
});

const supportKey = newKey();

async function openListed(parts: AsyncDisposableStack) {
  const serverKey = newKey();
  const servers = [hexOf(serverKey), hexOf(supportKey)];
  const gate = { deviceKey: serverKey, upload: verifier, servers };
  const source = parts.use(await joinLive({ descriptor, role: "source", gate }));
  const hand = new HandSource(descriptor);
  const timer = setInterval(() => hand.publish(source.swarm, 1), 40);
  parts.defer(() => clearInterval(timer));
  return { source, servers };
}

describe("a support node", () => {
  it("that the record lists carries the stream without a licence, to viewers who hold one", async () => {
    await using parts = new AsyncDisposableStack();
    const { source, servers } = await openListed(parts);
    const own = { deviceKey: supportKey, upload: verifier, servers };
    const support = parts.use(
      await joinLive({ descriptor, role: "support", gate: own, peers: [source.address] }),
    );
    await support.swarm.ready(soon());
    const gate = { ...viewerGate(issueToken(good), servers), servers };
    const viewer = parts.use(
      await joinLive({ descriptor, role: "viewer", gate, peers: [support.address] }),
    );
    expect(await take(viewer.swarm.pieces({ behindMs: 0 }, soon()), 5)).toHaveLength(5);
    expect(support.swarm.stats()).toMatchObject({ access: "none", ungatedBytesUp: 0 });
    expect(source.swarm.stats().ungatedBytesUp).toBe(0);

    const stranger = parts.use(
      await joinLive({
        descriptor,
        role: "viewer",
        gate: viewerGate("", servers, newKey()),
        peers: [support.address],
      }),
    );
    await until(() => Object.keys(support.swarm.stats().closed).length > 0, "it is sent away");
    expectNothing(stranger);
  });

  it("that the record does not list gets nothing, whatever it says of itself", async () => {
    await using parts = new AsyncDisposableStack();
    const { source, servers } = await openListed(parts);
    const key = newKey();
    const own = { deviceKey: key, upload: verifier, servers: [...servers, hexOf(key)] };
    const support = parts.use(
      await joinLive({ descriptor, role: "support", gate: own, peers: [source.address] }),
    );
    const gate = { ...viewerGate(issueToken(good), servers), servers };
    const viewer = parts.use(
      await joinLive({
        descriptor,
        role: "viewer",
        gate,
        peers: [source.address, support.address],
      }),
    );
    expect(await take(viewer.swarm.pieces({ behindMs: 0 }, soon()), 5)).toHaveLength(5);
    await until(() => "SERVER_UNKNOWN" in viewer.swarm.stats().closed, "the viewer leaves it");
    expectNothing(support);
  });

  it("takes from viewers, too, when the source is out of reach", async () => {
    await using parts = new AsyncDisposableStack();
    const { source, servers } = await openListed(parts);
    const gate = { ...viewerGate(issueToken(good), servers), servers };
    const viewer = parts.use(
      await joinLive({ descriptor, role: "viewer", gate, peers: [source.address] }),
    );
    expect(await take(viewer.swarm.pieces({ behindMs: 0 }, soon()), 2)).toHaveLength(2);
    const own = { deviceKey: supportKey, upload: verifier, servers };
    const support = parts.use(
      await joinLive({ descriptor, role: "support", gate: own, peers: [viewer.address] }),
    );
    await until(() => support.swarm.stats().piecesHad > 2, "pieces arrive");
    expect(viewer.swarm.stats().ungatedBytesUp).toBe(0);
  });
});

describe("a viewer", () => {
  it("shows no token to a node that the record does not list", async () => {
    await using parts = new AsyncDisposableStack();
    const { source } = await openSource(parts);
    let shown = 0;
    const tokens = {
      token: async () => {
        shown += 1;
        return issueToken(good);
      },
    };
    const download = { tokens, serverKeys: [hexOf(newKey())] };
    const gate = { deviceKey: device, upload: verifier, download };
    const viewer = parts.use(
      await joinLive({ descriptor, role: "viewer", gate, peers: [source.address] }),
    );
    await until(() => "SERVER_UNKNOWN" in viewer.swarm.stats().closed, "the viewer leaves");
    expect(shown).toBe(0);
    expectNothing(viewer);
  });
});
