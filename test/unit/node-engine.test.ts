// Goal: a viewer's engine plays what its viewer names, on the operator's terms, and gives away nothing it
// fetched under a licence, whatever records it is shown.
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
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
import { readPlain } from "../../src/p2p/encrypted-media.ts";
import { network } from "../support/runtime-kit.ts";
import { type Film, joinSeed, makeFilm, newKey, type Party, soon, verifier } from "./p2p-kit.ts";

async function engineIn(dataDir: string, terms: Partial<EngineTerms> = {}) {
  const viewer = {
    node: openNodeClient("http://127.0.0.1:1", soon()),
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

const never = new AbortController().signal;

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
      await using engine = await engineIn(join(folder, cache), {
        cache,
        trustedHosts: [seed.address],
      });
      const url = await engine.play({ port: 0, version: "1" });
      const link = `magnet:?xt=urn:btih:${film.torrent.infohash}&x.pe=${seed.address}`;
      const bytes = await playInto(url, `magnet=${encodeURIComponent(link)}`);
      expect(bytes.equals(film.bytes)).toBe(true);
    }
  });
});

it("without a service network public torrents play, and what is not public says what is missing", async () => {
  await using film = await makeFilm(300_000);
  await using other = await makeFilm(200_000);
  await using open = await joinSeed(film);
  await using gated = await joinSeed(other, { deviceKey: newKey(), upload: verifier });
  const link = ({ torrent }: Film, { address }: Party) =>
    encodeURIComponent(`magnet:?xt=urn:btih:${torrent.infohash}&x.pe=${address}`);
  await inFolder(async (dataDir) => {
    const viewer = { device: newKey(), clock: systemClock };
    const terms = { trustedHosts: ["127.0.0.1"] };
    await using engine = await openEngine({ viewer, dataDir, events: silentEvents, terms });
    const url = await engine.play({ port: 0, version: "1" });
    expect((await playInto(url, `magnet=${link(film, open)}`)).equals(film.bytes)).toBe(true);
    const refusals = {
      [`magnet=${link(other, gated)}`]: [403, "GATE_REQUIRED", "--network"],
      [`content_id=${"5b".repeat(32)}`]: [404, "CONTENT_NOT_FOUND", "--network"],
      [`infohash=${"5b".repeat(20)}`]: [404, "CONTENT_NOT_FOUND", "--network"],
      "magnet=magnet%3A%3Fxt%3Durn%3Abtih%3Azz": [400, "MAGNET_INVALID", "magnet link"],
    } as const;
    for (const [query, [status, code, word]] of Object.entries(refusals)) {
      const answer = await fetch(`${url}/ace/getstream?${query}`);
      expect([answer.status, await answer.json()], query).toEqual([
        status,
        expect.objectContaining({ code, message: expect.stringContaining(word) }),
      ]);
    }
  });
  expect(gated.swarm.stats().bytesUp).toBe(0);
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

it("a private engine takes from nobody else, and asks nobody else what a magnet link means", async () => {
  await using film = await makeFilm(100_000);
  await using seed = await joinSeed(film);
  const magnet = `magnet:?xt=urn:btih:${film.torrent.infohash}&x.pe=${seed.address}`;
  await inFolder(async (folder) => {
    await using engine = await engineIn(folder, { downloadFrom: ["192.0.2.0/24"] });
    const asking = engine.open({ kind: "magnet", value: magnet }, AbortSignal.timeout(1_500));
    await expect(asking).rejects.toMatchObject({ code: "CONTENT_UNREACHABLE" });
    expect(seed.swarm.stats().bytesUp).toBe(0);
    await using friend = await engineIn(join(folder, "friend"), { downloadFrom: ["127.0.0.0/8"] });
    await using media = await friend.open({ kind: "magnet", value: magnet }, never);
    expect(media.infohash).toBe(film.torrent.infohash);
  });
});

it("a torrent is fetched where it lies, but never from inside our own network", async () => {
  await using film = await makeFilm(100_000);
  await using seed = await joinSeed(film);
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end(film.torrentBytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = Object(server.address());
  const url = `http://127.0.0.1:${port}/film.torrent`;
  await inFolder(async (folder) => {
    await using trusting = await engineIn(join(folder, "trusting"), {
      trustedHosts: [`127.0.0.1:${port}`],
      peers: [seed.address],
    });
    const own = await trusting.play({ port: 0, version: "1" });
    const query = `url=${encodeURIComponent(url)}`;
    expect((await playInto(own, query)).equals(film.bytes)).toBe(true);
    await using careful = await engineIn(join(folder, "careful"), { peers: [seed.address] });
    const answer = await fetch(
      `${await careful.play({ port: 0, version: "1" })}/ace/getstream?${query}`,
    );
    expect(Object(await answer.json()).error).toBe("URL_REFUSED");
    expect(asked).toBe(1);
  });
  server.close();
});

/** Where nobody listens who listens at 127.0.0.1: a machine alone still has all of 127.0.0.0/8. */
const outward =
  Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === "IPv4" && !each.internal)?.address ?? "127.0.0.2";

it("peers of other machines reach an engine that listens for them, and no other", async () => {
  await using film = await makeFilm(100_000);
  await using seed = await joinSeed(film);
  const { infohash } = film.torrent;
  await inFolder(async (folder) => {
    const portOf = (engine: { readonly peerAddress: string }) =>
      Number(engine.peerAddress.split(":").at(-1));
    await using alone = await engineIn(join(folder, "alone"));
    await expect(once(connect(portOf(alone), outward), "connect")).rejects.toThrow();

    const listen = { host: "0.0.0.0", port: 0 };
    await using first = await engineIn(join(folder, "first"), { listen, peers: [seed.address] });
    const name = { kind: "infohash", value: infohash } as const;
    await using media = await first.open(name, never);
    const whole = await readPlain(media, never)[Symbol.asyncIterator]().next();
    expect(whole.done).toBe(false);
    await using second = await engineIn(join(folder, "second"), {
      peers: [`${outward}:${portOf(first)}`],
    });
    const url = await second.play({ port: 0, version: "1" });
    expect((await playInto(url, `infohash=${infohash}`)).equals(film.bytes)).toBe(true);
  });
});
