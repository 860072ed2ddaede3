// Goal: a viewer's engine plays what its viewer names, on the operator's terms, and gives away nothing it
// fetched under a licence, whatever records it is shown.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openNodeClient } from "../../src/client/http.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import { openEngine } from "../../src/node/engine.ts";
import type { EngineTerms } from "../../src/node/engine-terms.ts";
import { type ContentRecord, describeTorrent } from "../../src/p2p/content-record.ts";
import { network } from "../support/runtime-kit.ts";
import { joinSeed, makeFilm, newKey } from "./p2p-kit.ts";

async function engineIn(dataDir: string, terms: Partial<EngineTerms> = {}) {
  const viewer = {
    node: openNodeClient("http://127.0.0.1:1", AbortSignal.timeout(20_000)),
    network,
    signer: () => Promise.reject(new Error("nobody signs in here")),
    device: newKey(),
    clock: systemClock,
  };
  return await openEngine({ viewer, dataDir, events: silentEvents, terms });
}

it("a film that was gated is not shared without a gate because a later record calls it public", async () => {
  await using film = await makeFilm(100_000);
  const folder = await mkdtemp(join(tmpdir(), "ace-engine-"));
  const gated: ContentRecord = {
    v: 1,
    title: "A film",
    mime: "video/mp4",
    access: "gated",
    contract: "412",
    network: networkId(network),
    trackers: [],
    peers: [],
    serverKeys: ["4".repeat(64)],
    publisher: accountFromBytes(newKey().publicKey),
    publishedAtS: 1_800_000_000,
    torrent: Buffer.from(film.torrentBytes).toString("base64"),
    ...describeTorrent(film.torrent),
  };
  const open = { ...gated, access: "public", contract: "" } as const;
  {
    await using engine = await engineIn(folder);
    await using _swarm = await engine.join(gated);
  }
  // Another start of the engine, and another publisher: neither makes it public.
  await using engine = await engineIn(folder);
  await expect(engine.join(open)).rejects.toMatchObject({ code: "CONTENT_INVALID" });

  await using other = await engineIn(join(folder, "other"));
  await using swarm = await other.join(open);
  expect(swarm.stats().access).toBe("none");
  await rm(folder, { recursive: true, force: true });
});

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "ace-engine-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function playInto(url: string, query: string): Promise<Buffer> {
  const response = await fetch(`${url}/ace/getstream?${query}`);
  expect(
    response.status,
    await response
      .clone()
      .text()
      .catch(() => ""),
  ).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

it("a magnet link plays without a catalogue: the metadata comes from a peer that it names", async () => {
  await using film = await makeFilm(300_000);
  await using seed = await joinSeed(film);
  await inFolder(async (folder) => {
    for (const cache of ["disk", "memory"] as const) {
      await using engine = await engineIn(join(folder, cache), { cache });
      const url = await engine.play({ port: 0, version: "1" });
      const link = `magnet:?xt=urn:btih:${film.torrent.infohash}&x.pe=${seed.address}`;
      const bytes = await playInto(url, `magnet=${encodeURIComponent(link)}`);
      expect(bytes.equals(film.bytes)).toBe(true);
    }
  });
});

it("an infohash alone plays when there is somebody to ask about it, and is not found otherwise", async () => {
  await using film = await makeFilm(100_000);
  await using seed = await joinSeed(film);
  const { infohash } = film.torrent;
  await inFolder(async (folder) => {
    await using asked = await engineIn(join(folder, "asked"), { peers: [seed.address] });
    const url = await asked.play({ port: 0, version: "1" });
    expect((await playInto(url, `infohash=${infohash}`)).equals(film.bytes)).toBe(true);
    await using lonely = await engineIn(join(folder, "lonely"));
    const away = await fetch(
      `${await lonely.play({ port: 0, version: "1" })}/ace/getstream?infohash=${infohash}`,
    );
    expect(away.status).toBe(502);
  });
});

it("a limit of rate holds for all that the engine fetches", async () => {
  await using film = await makeFilm(300_000);
  await using seed = await joinSeed(film);
  await inFolder(async (folder) => {
    await using engine = await engineIn(folder, {
      downloadBytesPerS: 100_000,
      peers: [seed.address],
    });
    const url = await engine.play({ port: 0, version: "1" });
    const beganMs = performance.now();
    await playInto(url, `infohash=${film.torrent.infohash}`);
    expect(performance.now() - beganMs).toBeGreaterThan(1_500);
  });
});

it("a private engine takes from nobody else", async () => {
  await using film = await makeFilm(100_000);
  await using seed = await joinSeed(film);
  await inFolder(async (folder) => {
    await using engine = await engineIn(folder, { downloadFrom: ["192.0.2.0/24"] });
    await using swarm = await engine.open(
      {
        kind: "magnet",
        value: `magnet:?xt=urn:btih:${film.torrent.infohash}&x.pe=${seed.address}`,
      },
      AbortSignal.timeout(10_000),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(swarm.stats().bytesDown).toBe(0);
  });
});
