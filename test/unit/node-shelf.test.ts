// Goal: a node lists and seeds a content once, whole or not at all, whoever asks for it at once.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Keypair } from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import type { ContentPorts } from "../../src/api/contents.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { LEFTOVER_MS, removeLeftovers } from "../../src/node/leftovers.ts";
import { Shelf } from "../../src/node/shelf.ts";
import { Bans } from "../../src/p2p/bans.ts";
import {
  describeTorrent,
  type SignedContentRecord,
  signContentRecord,
} from "../../src/p2p/content-record.ts";
import { openListener } from "../../src/p2p/listener.ts";
import { NodePeers } from "../../src/p2p/node-peers.ts";
import { openNodeRates } from "../../src/p2p/swarm-rates.ts";
import { type Contents, openContents } from "../../src/store/contents.ts";
import { type Film, joinLeech, makeFilm, newKey, soon, verifier } from "./p2p-kit.ts";

const NETWORK = "ab".repeat(32);
const publisher = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(9));

async function recordOf(film: Film, publishedAtS = 1_000): Promise<SignedContentRecord> {
  const record = {
    v: 1,
    title: "film",
    ...describeTorrent(film.torrent),
    mime: "video/mp4",
    access: "public",
    contract: "",
    network: NETWORK,
    trackers: [],
    peers: [],
    serverKeys: [],
    publisher: publisher.publicKey(),
    publishedAtS,
    torrent: Buffer.from(film.torrentBytes).toString("base64"),
  } as const;
  return await signContentRecord(record, {
    sign: (message) => publisher.sign(Buffer.from(message)),
  });
}

interface House extends AsyncDisposable {
  readonly shelf: Shelf;
  readonly ports: ContentPorts;
  readonly contents: Contents;
  readonly address: string;
}

interface HouseTerms {
  /** What the store of contents does otherwise. */
  fill?(contents: Contents): Contents;
  readonly nodePeers?: NodePeers;
  readonly uploadTo?: readonly string[];
}

async function openHouse(
  dir: string,
  { fill = (contents) => contents, nodePeers = new NodePeers(), uploadTo = [] }: HouseTerms = {},
): Promise<House> {
  await using parts = new AsyncDisposableStack();
  const contents = fill(parts.use(openContents(dir)));
  const listener = parts.use(
    await openListener({ host: "127.0.0.1", port: 0, clock: systemClock }),
  );
  const shelf = parts.use(
    new Shelf({
      contents,
      networkId: NETWORK,
      listener,
      nodeKey: newKey(),
      verifier,
      usage: { onPayload: () => {} },
      resumeDir: join(dir, "resume"),
      terms: {
        rates: openNodeRates({}),
        nodePeers,
        bans: new Bans(),
        uploadTo,
      },
      meter: { watch: () => ({ [Symbol.dispose]: () => {} }), limits: () => {} },
      events: silentEvents,
      clock: systemClock,
    }),
  );
  const held = parts.move();
  const address = `127.0.0.1:${listener.port}`;
  const close = () => held.disposeAsync();
  return { shelf, ports: shelf.ports("x"), contents, address, [Symbol.asyncDispose]: close };
}

function makeFolder(): Disposable & { readonly dir: string } {
  const dir = mkdtempSync(join(tmpdir(), "ace-shelf-"));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}

describe("a content that is published", () => {
  it("by several at once is seeded once, and each is answered", async () => {
    using folder = makeFolder();
    await using film = await makeFilm(300_000);
    await using house = await openHouse(folder.dir);
    const records = await Promise.all([recordOf(film), recordOf(film), recordOf(film, 2_000)]);
    const answers = await Promise.all(
      records.map((record) => house.ports.publish({ record, path: film.path })),
    );
    expect(answers.map(({ seeding }) => seeding)).toEqual([true, true, true]);
    expect(house.ports.list()).toHaveLength(1);
    await using leech = await joinLeech(film, [house.address]);
    await leech.swarm.download(soon());
  });

  it("while the node opens what it seeded before is seeded once", async () => {
    using folder = makeFolder();
    await using film = await makeFilm(300_000);
    const record = await recordOf(film);
    {
      await using house = await openHouse(folder.dir);
      await house.ports.publish({ record, path: film.path });
    }
    await using house = await openHouse(folder.dir);
    const opening = house.shelf.open();
    const answer = await house.ports.publish({ record, path: film.path });
    await opening;
    expect(answer.seeding).toBe(true);
    expect(house.ports.list()).toHaveLength(1);
  });

  it("and cannot be written down is not seeded either, and may be published again", async () => {
    using folder = makeFolder();
    await using film = await makeFilm(300_000);
    const record = await recordOf(film);
    let isFull = true;
    const fill = (contents: Contents): Contents => ({
      ...contents,
      put: (content) => {
        if (isFull) throw new Error("the disk is full");
        contents.put(content);
      },
    });
    await using house = await openHouse(folder.dir, { fill });
    const publish = () => house.ports.publish({ record, path: film.path });
    await expect(publish()).rejects.toThrow("the disk is full");
    expect(house.shelf.seeded(film.torrent.infohash)).toBeUndefined();
    expect(house.ports.list()).toEqual([]);
    isFull = false;
    expect((await publish()).seeding).toBe(true);
  });

  it("and whose file is not what its torrent says leaves nothing behind", async () => {
    using folder = makeFolder();
    await using film = await makeFilm(300_000);
    await using house = await openHouse(folder.dir);
    const record = await recordOf(film);
    const other = join(folder.dir, "other");
    writeFileSync(other, new Uint8Array(300_000));
    const wrong = house.ports.publish({ record, path: other });
    const right = house.ports.publish({ record, path: film.path });
    await expect(wrong).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
    expect((await right).seeding).toBe(true);
  });
});

it("a node has so many peers in all its swarms, and each swarm a few in any case", async () => {
  const node = new NodePeers(10);
  for (let peer = 0; peer < 9; peer += 1) node.enter();
  expect(node.roomOf(9, 60)).toBe(1);
  node.enter();
  expect(node.roomOf(10, 60)).toBe(0);
  expect([0, 3, 4, 5].map((size) => node.roomOf(size, 60))).toEqual([4, 1, 0, 0]);
  expect(node.roomOf(0, 2)).toBe(2);
  using folder = makeFolder();
  await using film = await makeFilm(300_000);
  await using house = await openHouse(folder.dir, { nodePeers: node });
  await house.ports.publish({ record: await recordOf(film), path: film.path });
  const before = node.count;
  {
    await using leech = await joinLeech(film, [house.address]);
    await leech.swarm.download(soon());
    expect(node.count).toBe(before + 1);
  }
  await expect.poll(() => node.count, { timeout: 45_000 }).toBe(before);
});

it("a private node gives its seeds to nobody else", async () => {
  using folder = makeFolder();
  await using film = await makeFilm(300_000);
  await using house = await openHouse(folder.dir, { uploadTo: ["192.0.2.0/24"] });
  await house.ports.publish({ record: await recordOf(film), path: film.path });
  await using leech = await joinLeech(film, [house.address]);
  leech.swarm.download(soon()).catch(() => {});
  const closed = () => house.ports.list()[0]?.swarm?.closed ?? {};
  await expect.poll(closed, { timeout: 45_000 }).toHaveProperty("PEER_UNLISTED");
  expect(leech.swarm.stats().bytesDown).toBe(0);
});

it("what publications that never ended left behind is removed after a day, and nothing else", async () => {
  using folder = makeFolder();
  const encrypted = join(folder.dir, "encrypted");
  const [listed, fresh, left] = ["11".repeat(8), "22".repeat(8), "33".repeat(8)];
  for (const name of [listed, fresh, left, "notes"]) {
    mkdirSync(join(encrypted, name), { recursive: true });
    writeFileSync(join(encrypted, name, "film.mp4"), "x");
  }
  const nowMs = Date.now();
  const longAgo = new Date(nowMs - LEFTOVER_MS - 1_000);
  for (const name of [listed, left, "notes"]) utimesSync(join(encrypted, name), longAgo, longAgo);
  const paths = [`/some/other/name/of/it/encrypted/${listed}/film.mp4`, undefined];
  const broken = "44".repeat(8);
  symlinkSync(join(folder.dir, "nowhere"), join(encrypted, broken));
  await removeLeftovers(folder.dir, { paths, nowMs });
  expect((await readdir(encrypted)).sort()).toEqual([listed, fresh, broken, "notes"].sort());
  await removeLeftovers(join(folder.dir, "none"), { paths, nowMs });
});
