// Goal: web servers help out where peers do not, and a stranger's address never makes us ask inside.
// Method: HTTP servers on loopback, which must be trusted by name for that; 200 addresses that must not.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { memoryStore } from "../../src/p2p/piece-store.ts";
import { openNodeRates } from "../../src/p2p/swarm-rates.ts";
import { makeTorrent, readTorrent } from "../../src/p2p/torrent.ts";
import { isPublicAddress, pinUrl } from "../../src/p2p/web-address.ts";
import { fetchWeb } from "../../src/p2p/web-request.ts";
import type { WebSeedOptions } from "../../src/p2p/web-seed-port.ts";
import { joinLeech, joinSeed, joinSwarm, makeFilm, readAll, soon, until } from "./p2p-kit.ts";

interface Web extends AsyncDisposable {
  readonly host: string;
  readonly url: string;
  readonly requests: IncomingMessage[];
}

async function openWeb(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Web> {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return {
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Answers ranges of these bytes, as an ordinary server of files does. */
function ranges(bytes: Buffer) {
  return ({ headers }: IncomingMessage, response: ServerResponse) => {
    const [, first = "0", last = String(bytes.length - 1)] =
      /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    const part = bytes.subarray(Number(first), Number(last) + 1);
    const range = `bytes ${first}-${last}/${bytes.length}`;
    response.writeHead(206, { "content-range": range, "content-length": part.length });
    response.end(part);
  };
}

const webSeeds = (web: Web, more: Partial<WebSeedOptions> = {}) => ({
  webSeeds: { urls: [`${web.url}/film.mp4`], trustedHosts: [web.host], ...more },
});

function watched() {
  const names: string[] = [];
  const note = (name: string) => void names.push(name);
  return { names, events: { info: note, warn: note } };
}

describe("a web seed", () => {
  it("alone brings the whole content, and its share is counted", async () => {
    await using film = await makeFilm(3_000_000);
    await using web = await openWeb(ranges(film.bytes));
    await using viewer = await joinLeech(film, [], undefined, webSeeds(web));
    await viewer.swarm.download(soon());
    const got = await readAll(viewer.swarm.read(0, film.bytes.length, soon()));
    expect(got.equals(film.bytes)).toBe(true);
    expect(viewer.swarm.stats().bytesDownBySource).toEqual({ peer: 0, webseed: 3_000_000 });
    expect(web.requests[0]?.headers).toMatchObject({ "accept-encoding": "identity" });
  });

  it("is left alone while peers are fast enough, and not asked at all without peers' help", async () => {
    await using film = await makeFilm(1_000_000);
    await using web = await openWeb(ranges(film.bytes));
    await using seed = await joinSeed(film);
    await using viewer = await joinLeech(film, [seed.address], undefined, {
      webSeeds: { ...webSeeds(web).webSeeds, mode: "p2p-only" },
    });
    await viewer.swarm.download(soon());
    expect(web.requests).toEqual([]);
    expect(viewer.swarm.stats().bytesDownBySource).toEqual({ peer: 1_000_000, webseed: 0 });
  });

  it("is held to the limit of rate that peers are held to", async () => {
    await using film = await makeFilm(800_000);
    await using web = await openWeb(ranges(film.bytes));
    const rates = { node: openNodeRates({ downloadBytesPerS: 400_000 }) };
    const startMs = performance.now();
    await using viewer = await joinLeech(film, [], undefined, { ...webSeeds(web), rates });
    await viewer.swarm.download(soon());
    // 200 kB may come at once, the rest as fast as it may.
    expect(performance.now() - startMs).toBeGreaterThan(1_400);
    expect(viewer.swarm.stats().bytesDownBySource.webseed).toBe(800_000);
  });

  it("comes first when asked to, and peers after", async () => {
    await using film = await makeFilm(2_000_000);
    await using web = await openWeb(ranges(film.bytes));
    await using viewer = await joinLeech(film, [], undefined, webSeeds(web, { mode: "cdn-first" }));
    const got = await readAll(viewer.swarm.read(500_000, 1_000_000, soon()));
    expect(got.equals(film.bytes.subarray(500_000, 1_500_000))).toBe(true);
  });

  it("gives several files of one torrent, each at its own address", async () => {
    await using film = await makeFilm(150_001);
    const folder = join(film.folder, "A film & more");
    const files = new Map([
      ["film.mp4", film.bytes],
      ["subtitles/de.srt", randomBytes(99_999)],
      ["subtitles/empty.srt", Buffer.alloc(0)],
    ]);
    await mkdir(join(folder, "subtitles"), { recursive: true });
    for (const [path, bytes] of files) await writeFile(join(folder, path), bytes);
    const torrent = readTorrent(await makeTorrent(folder, { announce: [], pieceLength: 32_768 }));
    await using web = await openWeb((request, response) => {
      const path = decodeURIComponent(request.url ?? "").replace("/all/A film & more/", "");
      ranges(files.get(path) ?? Buffer.alloc(0))(request, response);
    });
    await using viewer = await joinSwarm({
      torrent,
      store: memoryStore(torrent),
      role: "leech",
      webSeeds: { urls: [`${web.url}/all`], trustedHosts: [web.host] },
    });
    await viewer.swarm.download(soon());
    const got = await readAll(viewer.swarm.read(0, torrent.length, soon()));
    const expected = torrent.files.map(({ path }) => files.get(path) ?? Buffer.alloc(0));
    expect(got.equals(Buffer.concat(expected))).toBe(true);
  });
});

describe("a web seed that misbehaves", () => {
  it("with a bad piece is barred, and another one brings it", async () => {
    await using film = await makeFilm(1_000_000);
    await using liar = await openWeb(ranges(Buffer.alloc(film.bytes.length, 1)));
    await using honest = await openWeb(ranges(film.bytes));
    const { names, events } = watched();
    await using viewer = await joinLeech(film, [], undefined, {
      events,
      webSeeds: {
        urls: [`${liar.url}/film`, `${honest.url}/film`],
        trustedHosts: [liar.host, honest.host],
      },
    });
    await viewer.swarm.download(soon());
    expect(names).toContain("p2p.webseed_barred");
    const asked = liar.requests.length;
    expect(asked).toBeLessThanOrEqual(3);
  });

  it.each([
    ["with another range", { "content-range": "bytes 1-5/1000000" }],
    ["with another total", { "content-range": "bytes 0-16383/16384" }],
    ["with compressed bytes", { "content-encoding": "gzip" }],
    ["with the whole file at once", undefined],
  ])("by an answer %s is barred for the session", async (_what, headers) => {
    await using film = await makeFilm(1_000_000);
    await using web = await openWeb((_request, response) => {
      if (headers !== undefined) response.writeHead(206, headers);
      response.end(film.bytes.subarray(0, 500_000));
    });
    const { names, events } = watched();
    await using viewer = await joinLeech(film, [], undefined, {
      events,
      webSeeds: webSeeds(web, { mode: "cdn-first" }).webSeeds,
    });
    const player = new AbortController();
    const reading = readAll(viewer.swarm.read(0, 900_000, player.signal));
    await until(() => names.includes("p2p.webseed_barred"), "the server is barred");
    player.abort();
    await expect(reading).rejects.toThrow();
    expect(viewer.swarm.stats().piecesHad).toBe(0);
  });

  it("by being busy is asked again later, with a fresh proof each time", async () => {
    await using film = await makeFilm(300_000);
    let refusals = 2;
    await using web = await openWeb((request, response) => {
      refusals -= 1;
      if (refusals < 0) ranges(film.bytes)(request, response);
      else response.writeHead(503).end();
    });
    let proofs = 0;
    const credentials = {
      headers: async (url: string) => {
        proofs += 1;
        return { authorization: `DPoP ${proofs}`, dpop: url };
      },
    };
    await using viewer = await joinLeech(film, [], undefined, webSeeds(web, { credentials }));
    await viewer.swarm.download(soon());
    const shown = web.requests.map(({ headers }) => headers.authorization);
    expect(new Set(shown).size).toBe(shown.length);
    expect(web.requests[0]?.headers["dpop"]).toBe(`${web.url}/film.mp4`);
  });
});

describe("redirects", () => {
  it("are followed three times, without the proof that was for the first server", async () => {
    await using end = await openWeb((_request, response) => response.end("here"));
    await using start = await openWeb((request, response) => {
      const left = Number(request.url?.slice(1));
      const location = left > 0 ? `/${left - 1}` : end.url;
      response.writeHead(302, { location }).end();
    });
    const wish = {
      trustedHosts: [start.host, end.host],
      bytesMax: 100,
      secrets: async () => ({ authorization: "DPoP secret" }),
    };
    const got = await fetchWeb({ ...wish, url: `${start.url}/2` }, soon());
    expect(Buffer.from(got).toString()).toBe("here");
    expect(start.requests.map(({ headers }) => headers.authorization)).toEqual(
      start.requests.map(() => "DPoP secret"),
    );
    expect(end.requests[0]?.headers.authorization).toBeUndefined();
    await expect(fetchWeb({ ...wish, url: `${start.url}/3` }, soon())).rejects.toThrow(/redirects/);
    await expect(fetchWeb({ ...wish, url: `${start.url}/0`, bytesMax: 3 }, soon())).rejects.toThrow(
      /too long/,
    );
  });

  it("to the inside are refused, and nothing is asked there", async () => {
    await using inner = await openWeb((_request, response) => response.end("secret"));
    await using start = await openWeb((_request, response) => {
      response.writeHead(307, { location: `${inner.url}/latest/meta-data` }).end();
    });
    const wish = { url: start.url, trustedHosts: [start.host], bytesMax: 100 };
    await expect(fetchWeb(wish, soon())).rejects.toMatchObject({ code: "URL_REFUSED" });
    expect(inner.requests).toEqual([]);
  });
});

describe("addresses", () => {
  const text = readFileSync(join(import.meta.dirname, "../fixtures/ssrf-urls.json"), "utf8");
  const corpus = z.array(z.string()).parse(JSON.parse(text));
  const names: Readonly<Record<string, readonly string[]>> = {
    "public.test": ["93.184.216.34"],
    "both.test": ["93.184.216.34", "127.0.0.1"],
    "inner.test": ["10.1.2.3"],
    "mapped.test": ["::ffff:93.184.216.34"],
    "metadata.test": ["169.254.169.254"],
    "link.test": ["fe80::5"],
    "unique.test": ["fd00::5"],
    localhost: ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
  };
  const resolve = async (name: string) => names[name] ?? [];

  it("that lead inside, in 200 disguises, are refused", async () => {
    expect(corpus.length).toBeGreaterThanOrEqual(200);
    const passed: string[] = [];
    for (const url of corpus) {
      const verdict = await pinUrl(url, [], resolve).then(
        () => "asked",
        (error: { readonly code?: string }) => error.code,
      );
      if (verdict !== "URL_REFUSED") passed.push(url);
    }
    expect(passed).toEqual([]);
  });

  it("of the public internet are pinned to what their name said first", async () => {
    let answers = 0;
    const changing = async () => {
      answers += 1;
      return [answers === 1 ? "93.184.216.34" : "127.0.0.1"];
    };
    const pinned = await pinUrl("https://public.test/film", [], changing);
    expect(pinned).toMatchObject({ address: "93.184.216.34", family: 4 });
    expect(await pinUrl("https://[2606:2800:220:1::1]/", [], resolve)).toMatchObject({ family: 6 });
    const failing = () => Promise.reject(new Error("EAI_AGAIN"));
    const later = pinUrl("https://public.test/film", [], failing);
    await expect(later).rejects.toMatchObject({ code: "CONTENT_UNREACHABLE" });
    expect(isPublicAddress("8.8.8.8")).toBe(true);
    expect(isPublicAddress("example")).toBe(false);
  });

  it("inside are asked when the operator trusts that host, and no other port of it", async () => {
    await expect(pinUrl("http://127.0.0.1:8080/x", ["127.0.0.1:8080"])).resolves.toBeDefined();
    await expect(pinUrl("http://127.0.0.1:8081/x", ["127.0.0.1:8080"])).rejects.toThrow();
    await expect(pinUrl("ftp://127.0.0.1:8080/x", ["127.0.0.1:8080"])).rejects.toThrow();
  });
});
