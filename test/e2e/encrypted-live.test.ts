// Goal: a live stream under changing keys plays for who holds the licence, and for nobody else.
// Method: a real devnet, node and licence; a source in this process; engines as viewers have them.
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadDeviceKey, makeDeviceSeed } from "../../src/access/device-key.ts";
import { callOperations } from "../../src/client/build.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { ContentKeys } from "../../src/node/content-keys.ts";
import { joinLiveRecord } from "../../src/node/live-join.ts";
import { liveKeyRing } from "../../src/node/live-keys.ts";
import { tokenSourceOf } from "../../src/node/token-source.ts";
import { openViewerGuard } from "../../src/node/viewer-guard.ts";
import type { DeviceKey } from "../../src/p2p/ed25519.ts";
import { openListener } from "../../src/p2p/listener.ts";
import { openLiveCounter } from "../../src/p2p/live-counter.ts";
import { describeLive } from "../../src/p2p/live-descriptor.ts";
import {
  type LiveRecord,
  readLiveRecord,
  recordOf,
  signLiveRecord,
} from "../../src/p2p/live-record.ts";
import { runLiveSource } from "../../src/p2p/live-source.ts";
import { openLiveSwarm } from "../../src/p2p/live-swarm.ts";
import type { LiveSwarm } from "../../src/p2p/live-swarm-port.ts";
import { type EncryptedWorld, openEncryptedWorld } from "../support/encrypted-world.ts";
import { until } from "../support/node-kit.ts";
import { makeTs } from "../support/ts-maker.ts";
import { soon } from "../unit/p2p-kit.ts";

const EPOCH = 1_900_000_000;
const PACKET_BYTES = 188;
const SECONDS = 60;
const WATCHED_BYTES = 100 * PACKET_BYTES;

const film = makeTs({ seconds: SECONDS });
const broadcaster = loadDeviceKey(makeDeviceSeed());
const serverKey = loadDeviceKey(makeDeviceSeed());
const supportKey = loadDeviceKey(makeDeviceSeed());
const descriptor = describeLive(broadcaster.publicKey, "match");
const { contentId } = descriptor;
const stack = new AsyncDisposableStack();
const stop = new AbortController();
/** What the source gave to the swarm. */
const sent: Uint8Array[] = [];
let world: EncryptedWorld;

/** A node with a network of its own starts in seconds, on a busy machine in many. */
const START_MS = 180_000;

beforeAll(async () => {
  world = stack.use(await openEncryptedWorld());
  const port = { host: "127.0.0.1", port: 0, clock: systemClock };
  const listener = stack.use(await openListener(port));
  const record: LiveRecord = {
    ...recordOf(descriptor),
    title: "A match",
    access: "gated",
    contract: world.licence.toString(),
    network: networkId(world.network),
    trackers: [],
    peers: [`127.0.0.1:${listener.port}`],
    serverKeys: [serverKey.publicKey.toHex(), supportKey.publicKey.toHex()],
    encryption: { kind: "live" },
    publishedAtS: Math.floor(Date.now() / 1_000),
  };
  const args = [Uint8Array.fromHex(contentId), record.swarm];
  const add = { contract: world.licence, method: "addContent", args };
  await world.client.call(world.owner, callOperations(add));
  await world.client.node.publish(
    { record: signLiveRecord(record, broadcaster) },
    world.adminToken,
  );
  await world.settle();
  const licenceOf = (swarm: string) => (swarm === record.swarm ? world.licence : undefined);
  const viewer = world.viewer(world.owner);
  const guard = stack.use(
    openViewerGuard({ viewer, licenceOf, dir: world.folder, events: silentEvents }),
  );
  const common = { listener, trackers: [], events: silentEvents, clock: systemClock };
  const { serverKeys: servers } = record;
  const gate = { deviceKey: serverKey, servers, upload: guard.policy.verifier };
  const swarm = stack.use(
    await openLiveSwarm({ descriptor, title: "A match", role: "source", gate, ...common }),
  );
  const { cipher } = liveKeyRing({
    contentId,
    secret: makeDeviceSeed(),
    bring: (key) => world.client.node.keepKey(contentId, key, world.adminToken),
    events: silentEvents,
    clock: systemClock,
  });
  const counter = await openLiveCounter(join(world.folder, "counter.json"), EPOCH);
  const watched: typeof swarm.publish = (batch, pieces) => {
    sent.push(...pieces);
    swarm.publish(batch, pieces);
  };
  const options = { descriptor, key: broadcaster, counter, swarm: { publish: watched }, cipher };
  const whole = (async function* () {
    yield film;
  })();
  const running = runLiveSource(
    whole,
    { ...options, clock: systemClock, aheadMs: 2_000 },
    stop.signal,
  );
  stack.defer(async () => {
    stop.abort();
    await running.catch(() => {});
  });
}, START_MS);
afterAll(() => stack.disposeAsync());

/** A support node that proves this key, and whose account has no licence. */
async function support(parts: AsyncDisposableStack, server: DeviceKey): Promise<LiveSwarm> {
  const viewer = world.viewer(world.stranger);
  const { record } = readLiveRecord((await viewer.node.content(contentId)).record);
  const licenceOf = () => world.licence;
  const dataDir = join(world.folder, server.publicKey.toHex().slice(0, 8));
  const guard = parts.use(
    openViewerGuard({ viewer, licenceOf, dir: dataDir, events: silentEvents }),
  );
  return parts.use(
    await joinLiveRecord(record, {
      role: "support",
      listener: parts.use(await openListener({ host: "127.0.0.1", port: 0, clock: systemClock })),
      device: viewer.device,
      server,
      verifier: guard.policy.verifier,
      tokens: tokenSourceOf(viewer, contentId),
      dataDir,
      events: silentEvents,
      clock: systemClock,
    }),
  );
}

const streamUrl = async (who: typeof world.buyer) => {
  const engine = await world.engine(world.viewer(who), silentEvents);
  const url = await engine.play({ port: 0, version: "1" });
  return `${url}/ace/getstream?content_id=${contentId}`;
};

it("plays for the licence holder, while what travels is not the film", async () => {
  const response = await fetch(await streamUrl(world.buyer));
  expect(response.status).toBe(200);
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    if (Buffer.concat(chunks).length > WATCHED_BYTES) break;
  }
  const got = Buffer.concat(chunks).subarray(0, WATCHED_BYTES);
  // It begins with tables that the cutter may have put there; pictures follow as they were filmed.
  for (let at = 0; at < got.length; at += PACKET_BYTES) {
    const packet = got.subarray(at, at + PACKET_BYTES);
    // On a crowded machine a piece may be left out; what says so has no payload.
    if (((packet[3] ?? 0) & 0x10) === 0) continue;
    expect(film.includes(packet), `packet at ${at}`).toBe(true);
  }
  expect(sent.length).toBeGreaterThan(0);
  for (const piece of sent) {
    expect(piece.length % PACKET_BYTES).toBe(0);
    expect(film.includes(piece.subarray(0, PACKET_BYTES))).toBe(false);
  }
});

it("is refused at once to who has no licence", async () => {
  const answer = await fetch(await streamUrl(world.stranger));
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ error: "LICENCE_MISSING" });
});

it("is carried, enciphered, by a support node that the record lists, without a licence", async () => {
  await using parts = new AsyncDisposableStack();
  const carrier = await support(parts, supportKey);
  await carrier.ready(soon());
  await until(async () => carrier.stats().piecesHad > 3);
  const carried = carrier.pieces({ behindMs: 0 }, soon());
  for await (const { bytes } of carried) {
    expect(sent.some((piece) => Buffer.compare(piece, bytes) === 0)).toBe(true);
    break;
  }
});

it("is refused to a support node that the record does not list: it needs a licence", async () => {
  await using parts = new AsyncDisposableStack();
  const other = await support(parts, loadDeviceKey(makeDeviceSeed()));
  await expect(other.ready(soon())).rejects.toMatchObject({
    code: "LICENCE_MISSING",
  });
  expect(other.stats()).toMatchObject({ bytesDown: 0, pieces: 0, piecesHad: 0 });
});

it("has its key and the next at the node, and says that it is encrypted", async () => {
  const kept = new ContentKeys(join(world.folder, "node"));
  expect(kept.find(contentId, EPOCH)).toMatchObject({ isFollowed: true });
  expect(kept.find(contentId, EPOCH + 1)?.key).toHaveLength(16);
  expect(await world.client.node.content(contentId)).toMatchObject({
    encryption: "live",
    live: true,
  });
});
