// Goal: a source takes its stream from wherever it comes, survives what stops it, and refuses in words
//       what is no stream.
// Method: real HTTP servers on loopback, real files; the stream is cut as the source cuts it.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { openLiveCounter } from "../../src/p2p/live-counter.ts";
import type { LiveHead } from "../../src/p2p/live-head.ts";
import { fileIngest, httpIngest, openPushIngest, streamIngest } from "../../src/p2p/live-ingest.ts";
import { bestVariant, hlsIngest, parseMediaList } from "../../src/p2p/live-ingest-hls.ts";
import { awaitOpening } from "../../src/p2p/live-opening.ts";
import { type Ingest, runLiveSource } from "../../src/p2p/live-source.ts";
import { TsCutter } from "../../src/p2p/ts-cutter.ts";
import { makeTs } from "../support/ts-maker.ts";
import { broadcaster, descriptorOf } from "./live-kit.ts";

const folder = mkdtempSync(join(tmpdir(), "ace-ingest-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let counters = 0;
const fileOf = (name: string) =>
  fileIngest(join(folder, name), false, new AbortController().signal);

/** Runs a source on this input until so many pieces have left, or the input ends. */
async function sourceOf(ingest: Ingest, wanted: number, over = new AbortController()) {
  counters += 1;
  const counter = await openLiveCounter(join(folder, `${counters}.json`), 1);
  const heads: LiveHead[] = [];
  const bytes: Uint8Array[] = [];
  const onPiece = (head: LiveHead) => {
    heads.push(head);
    if (heads.length >= wanted) over.abort();
  };
  const swarm = {
    publish: (_batch: unknown, pieces: readonly Uint8Array[]) => bytes.push(...pieces),
  };
  const descriptor = descriptorOf("ingest");
  const options = { descriptor, key: broadcaster, counter, swarm, clock: systemClock, onPiece };
  await runLiveSource(ingest, { ...options, aheadMs: 60_000 }, over.signal).catch((error) => {
    if (!over.signal.aborted) throw error;
  });
  return { heads, bytes: Buffer.concat(bytes) };
}

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  return {
    url: `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("a source", () => {
  it.each([
    ["nothing", ""],
    ["words", "hello\n"],
  ])(
    "that is given %s and no more says so, instead of ending as if all was well",
    async (_, text) => {
      const input = Readable.from(text === "" ? [] : [Buffer.from(text)]);
      const taken = sourceOf(streamIngest(input, new AbortController().signal), 1);
      await expect(taken).rejects.toMatchObject({ code: "MEDIA_INVALID" });
    },
  );

  it("ends its stream with the end of a file, every byte of it in a piece", async () => {
    const film = makeTs({ seconds: 2 });
    writeFileSync(join(folder, "film.ts"), film);
    const { heads, bytes } = await sourceOf(fileOf("film.ts"), 1_000);
    expect(bytes).toEqual(film);
    expect(heads.map(({ isEnd }) => isEnd)).toEqual(heads.map((_, at) => at === heads.length - 1));
    expect(heads.map(({ seq }) => seq)).toEqual(heads.map((_, at) => at));
  });

  it("says when there is no such file, and when a file is no stream", async () => {
    await expect(sourceOf(fileOf("none"), 1)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
    const text = Readable.from([Buffer.from("#EXTM3U\n".repeat(1_000))]);
    await expect(
      sourceOf(streamIngest(text, new AbortController().signal), 1),
    ).rejects.toMatchObject({ code: "MEDIA_INVALID" });
  });

  it("refuses a stream that is faster than it may be", async () => {
    const flood = (async function* () {
      // One second of 263 Mbit/s.
      yield makeTs({ seconds: 1, picturePackets: 7_000 });
    })();
    await expect(sourceOf(flood, 10_000)).rejects.toThrow(/kbit\/s/);
  });
});

describe("a source on the network", () => {
  it("asks a server again that has hung up, and says that what follows does not join on", async () => {
    let requests = 0;
    using server = await serve((_request, response) => {
      requests += 1;
      response.end(makeTs({ seconds: 1, firstPcrMs: requests * 5_000 }));
    });
    const over = new AbortController();
    const ingest = httpIngest(server.url, silentEvents, over.signal);
    const { heads } = await sourceOf(ingest, 8, over);
    expect(requests).toBe(2);
    expect(heads.filter(({ isDiscontinuity }) => isDiscontinuity)).toHaveLength(1);
  });

  it("follows the playlist of an HLS origin, each segment once", async () => {
    const segments = Array.from({ length: 8 }, (_, at) =>
      makeTs({ seconds: 1, firstPcrMs: at * 1_000 }),
    );
    let newest = 3;
    using server = await serve((request, response) => {
      const number = /^\/low\/(\d+)\.ts$/.exec(request.url ?? "")?.[1];
      if (request.url === "/live.m3u8") {
        response.end("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9\nlow/list.m3u8\n");
      } else if (number !== undefined) response.end(segments[Number(number)]);
      else {
        const listed = [newest - 2, newest - 1, newest].map((at) => `#EXTINF:1,\n${at}.ts`);
        const tags = `#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:${newest - 2}`;
        const end = newest === 7 ? "#EXT-X-ENDLIST" : "";
        response.end(`#EXTM3U\n${tags}\n${listed.join("\n")}\n${end}\n`);
        newest = Math.min(7, newest + 1);
      }
    });
    const over = new AbortController();
    const { heads, bytes } = await sourceOf(
      hlsIngest(`${server.url}/live.m3u8`, { events: silentEvents }, over.signal),
      1_000,
      over,
    );
    expect(bytes).toEqual(Buffer.concat(segments.slice(1)));
    expect(heads.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
  });
});

describe("a source that waits to be sent its stream", () => {
  it("is sent a stream by whoever may, one at a time", async () => {
    const over = new AbortController();
    await using push = await openPushIngest({ host: "127.0.0.1", port: 0 }, over.signal);
    expect((await fetch(push.url)).status).toBe(405);
    const running = sourceOf(push.ingest, 8, over);
    const body = makeTs({ seconds: 1 });
    const first = await fetch(push.url, { method: "PUT", body });
    expect(first.status).toBe(204);
    // The source stops in the middle of it.
    await fetch(push.url, { method: "POST", body }).catch(() => {});
    const { heads } = await running;
    expect(heads.filter(({ isDiscontinuity }) => isDiscontinuity)).toHaveLength(1);
  });

  it("is sent nothing by a web page", async () => {
    const { signal } = new AbortController();
    await using push = await openPushIngest({ host: "127.0.0.1", port: 0 }, signal);
    const body = makeTs({ seconds: 1 });
    const page = { origin: "https://elsewhere.example" };
    expect((await fetch(push.url, { method: "POST", body, headers: page })).status).toBe(403);
  });

  it("stops when it is told to, though nothing comes from its input", async () => {
    const over = new AbortController();
    const silent = sourceOf(streamIngest(new PassThrough(), over.signal), 1, over);
    await using push = await openPushIngest({ host: "127.0.0.1", port: 0 }, over.signal);
    const stalled = sourceOf(push.ingest, 1, over);
    const sender = request(push.url, { method: "PUT" }).on("error", () => {});
    sender.write(makeTs({ seconds: 1 }).subarray(0, 300));
    await once(sender, "socket");
    await sleep(50);
    over.abort();
    expect((await Promise.all([silent, stalled])).flatMap(({ heads }) => heads)).toEqual([]);
  });
});

describe("a playlist", () => {
  const base = "http://origin/a/list.m3u8";

  it("is read with its numbers, addresses and breaks", () => {
    const text =
      "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:41\n#EXTINF:4,\nx.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\n/y.ts\n";
    expect(parseMediaList(text, base)).toEqual({
      targetMs: 4_000,
      isEnded: false,
      segments: [
        { number: 41, url: "http://origin/a/x.ts", isDiscontinuity: false },
        { number: 42, url: "http://origin/y.ts", isDiscontinuity: true },
      ],
    });
  });

  it("of several variants gives the one with the most bits", () => {
    const variant = (bits: number) =>
      `#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=9,BANDWIDTH=${bits}\n${bits}.m3u8\n`;
    const text = `#EXTM3U\n${variant(5)}${variant(700)}${variant(70)}`;
    expect(bestVariant(text, base)).toBe("http://origin/a/700.m3u8");
  });

  it.each([
    ["no playlist at all", "<html>"],
    ["encrypted segments", "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=x\na.ts"],
    ["segments of MP4", "#EXTM3U\n#EXT-X-MAP:URI=init.mp4\na.m4s"],
  ])("is refused for %s", (_name, text) => {
    expect(() => parseMediaList(text, base)).toThrow(
      expect.objectContaining({ code: "MEDIA_INVALID" }),
    );
  });
});

describe("the place of a source", () => {
  it("is never used twice: not after an end in order, not after a crash, not when it is lost", async () => {
    const path = join(folder, "place.json");
    const first = await openLiveCounter(path, 5);
    for (let seq = 0; seq < 250; seq += 1) expect(await first.next()).toBe(seq);
    // A crash: nothing is closed.
    const second = await openLiveCounter(path, 6);
    expect(second.epoch).toBe(5);
    const next = await second.next();
    expect(next).toBeGreaterThanOrEqual(250);
    expect(next).toBeLessThanOrEqual(450);
    await second.close();
    const third = await openLiveCounter(path, 7);
    expect(await third.next()).toBe(next + 1);
    writeFileSync(path, '{"epoch":5,"se');
    expect((await openLiveCounter(path, 8)).epoch).toBe(8);
  });
});

it("an origin's segment is named to nobody by an address with a query, where a secret may be", async () => {
  using server = await serve((request, response) => {
    const list = "#EXTM3U\n#EXTINF:1,\n0.ts?key=secret\n#EXTINF:1,\n1.ts\n#EXT-X-ENDLIST\n";
    response.end(request.url === "/live.m3u8" ? list : "segment");
  });
  const options = { events: silentEvents, isOrigin: true };
  const { signal } = new AbortController();
  const given = await Array.fromAsync(hlsIngest(`${server.url}/live.m3u8`, options, signal));
  expect(given).toHaveLength(2);
  expect(given[0]).toBeInstanceOf(Uint8Array);
  expect(given[1]).toMatchObject({ path: "1.ts" });
});

describe("what waits for the first piece of an input", () => {
  const { signal } = new AbortController();
  const film = makeTs({ seconds: 2 });
  const chunks = Array.from({ length: Math.ceil(film.length / 1_000) }, (_, at) =>
    Uint8Array.from(film.subarray(at * 1_000, (at + 1) * 1_000)),
  );
  async function* given(parts: readonly (Uint8Array | "break")[], read: { count: number }): Ingest {
    for (const part of parts) {
      read.count += 1;
      yield part;
    }
  }

  it("reads no further than that, and loses nothing of it", async () => {
    const read = { count: 0 };
    const opening = await awaitOpening(given(chunks, read), signal);
    expect(read.count).toBeLessThan(chunks.length / 2);
    const late = await sourceOf(opening.ingest, 1_000);
    const plain = await sourceOf(given(chunks, read), 1_000);
    expect(late.bytes.equals(plain.bytes)).toBe(true);
    expect(late.heads.map(({ length }) => length)).toEqual(plain.heads.map(({ length }) => length));
    expect(late.heads.at(-1)?.isEnd).toBe(true);
  });

  it("takes an input of one piece, and none that ends before one", async () => {
    // It is known to end only when the input does.
    const one = film.subarray(0, 10 * 188);
    expect(new TsCutter().push(one)).toEqual([]);
    const short = await awaitOpening(given([one], { count: 0 }), signal);
    expect((await sourceOf(short.ingest, 1_000)).heads.length).toBeGreaterThan(0);
    await expect(awaitOpening(given([], { count: 0 }), signal)).rejects.toThrow(
      "the input ended before anything that can be played",
    );
  });

  it("closes an input that is no stream, and one that nobody reads on", async () => {
    const closed: string[] = [];
    async function* input(name: string, bytes: Uint8Array): Ingest {
      try {
        for (;;) yield bytes;
      } finally {
        closed.push(name);
      }
    }
    const wrong = awaitOpening(input("wrong", new Uint8Array(4_096)), signal);
    await expect(wrong).rejects.toMatchObject({ code: "MEDIA_INVALID" });
    await (await awaitOpening(input("left", film), signal))[Symbol.asyncDispose]();
    expect(closed).toEqual(["wrong", "left"]);
  });
});
