// Goal: a public live stream is found by its broadcaster's key and name alone, and nothing else that
//       the DHT says is believed.
// Method: real nodes of a DHT on loopback; a source, and an engine that has no node to ask.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openNodeClient } from "../../src/client/http.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { openEngine } from "../../src/node/engine.ts";
import { openDht } from "../../src/p2p/dht-node.ts";
import { announceLive } from "../../src/p2p/live-announce.ts";
import { describeLive } from "../../src/p2p/live-descriptor.ts";
import { liveItem, liveLink, readLiveItem, readLiveLink } from "../../src/p2p/live-item.ts";
import { type LiveRecord, recordOf, signLiveRecord } from "../../src/p2p/live-record.ts";
import { network } from "../support/runtime-kit.ts";
import { broadcaster, descriptorOf, joinLive, playFilm, take } from "./live-kit.ts";
import { newKey, soon } from "./p2p-kit.ts";

const descriptor = descriptorOf("Nächste");

function signed(change: Partial<LiveRecord> = {}) {
  const record: LiveRecord = {
    ...recordOf(descriptor),
    title: "The next one",
    access: "public",
    contract: "",
    network: "ab".repeat(32),
    trackers: [],
    peers: ["127.0.0.1:7071"],
    serverKeys: ["cd".repeat(32), "ef".repeat(32)],
    publishedAtS: 1_700_000_000,
    ...change,
  };
  return signLiveRecord(record, broadcaster);
}

it("an item says what key and name do not, and reads back as the record that was signed", () => {
  const item = liveItem(signed(), descriptor);
  if (item === undefined) throw new Error("the record is too long");
  expect(item.length).toBeLessThan(1_000);
  expect(readLiveItem(item, descriptor)).toEqual(signed());
  const other = describeLive(newKey().publicKey, descriptor.name);
  expect(() => readLiveItem(item, other)).toThrow(/not signed/);
  const changed = new TextEncoder().encode(new TextDecoder().decode(item).replace("next", "last"));
  expect(() => readLiveItem(changed, descriptor)).toThrow(/not signed/);
  for (const noise of ["", "{}", "[1]", "\ud800"]) {
    expect(() => readLiveItem(new TextEncoder().encode(noise), descriptor)).toThrow(/refused/);
  }
  expect(liveItem(signed({ title: "long".repeat(50), serverKeys: manyKeys() }), descriptor)).toBe(
    undefined,
  );
});

it("a link names key and name, and no other link does", () => {
  const link = liveLink(descriptor);
  expect(readLiveLink(link)).toEqual(descriptor);
  expect(readLiveLink(`magnet:?dn=x&${link.slice("magnet:?".length)}&tr=y`)).toEqual(descriptor);
  const key = "ab".repeat(32);
  expect(readLiveLink(`magnet:?xs=urn:btpk:${key}`)?.name).toBe("");
  for (const text of [
    `magnet:?xt=urn:btih:${"ab".repeat(20)}`,
    `magnet:?xs=urn:btpk:${key}00`,
    `magnet:?xs=urn:btpk:${key}&s=ff`,
    `http://example.org/?xs=urn:btpk:${key}`,
  ]) {
    expect(readLiveLink(text), text).toBeUndefined();
  }
});

it("an engine that no node answers finds the stream by its link, and plays it", async () => {
  await using parts = new AsyncDisposableStack();
  const host = "127.0.0.1";
  const node = { host, port: 0, events: silentEvents };
  const first = parts.use(await openDht({ ...node, bootstrap: [] }));
  const bootstrap = [`${host}:${first.port}`];
  const dht = parts.use(await openDht({ ...node, bootstrap }));
  parts.use(await openDht({ ...node, bootstrap }));
  const source = parts.use(await joinLive({ descriptor, role: "source" }));
  const over = new AbortController();
  const playing = playFilm(source, descriptor, { signal: over.signal });
  parts.defer(async () => {
    over.abort();
    await playing;
  });
  const record = signed({ peers: [source.address] });
  parts.use(announceLive({ dht, key: broadcaster, signed: record, events: silentEvents }));

  const dataDir = await mkdtemp(join(tmpdir(), "ace-item-"));
  parts.defer(() => rm(dataDir, { recursive: true, force: true }));
  const viewer = {
    node: openNodeClient("http://127.0.0.1:1", soon()),
    network,
    signer: () => Promise.reject(new Error("nobody signs in here")),
    device: newKey(),
    clock: systemClock,
  };
  const terms = { dht: { port: 0, bootstrap } };
  const engine = parts.use(await openEngine({ viewer, dataDir, events: silentEvents, terms }));
  const name = { kind: "magnet", value: liveLink(descriptor) } as const;
  await expect
    .poll(() => engine.open(name, AbortSignal.timeout(10_000)).then(closeMedia, () => false), {
      timeout: 45_000,
      interval: 200,
    })
    .toBe(true);
  const media = parts.use(await engine.open(name, soon()));
  if (media.kind !== "live") throw new Error("it is no live stream");
  expect(await take(media.stream.pieces({ behindMs: 0 }, soon()), 3)).toHaveLength(3);

  const unknown = { kind: "magnet", value: liveLink(descriptorOf("none")) } as const;
  await expect(engine.open(unknown, AbortSignal.timeout(20_000))).rejects.toMatchObject({
    code: "CONTENT_NOT_FOUND",
  });
});

async function closeMedia(media: AsyncDisposable): Promise<boolean> {
  await media[Symbol.asyncDispose]();
  return true;
}

function manyKeys(): readonly string[] {
  return Array.from({ length: 12 }, (_, at) => at.toString(16).padStart(64, "0"));
}
