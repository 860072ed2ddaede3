// Goal: viewers of a stream with an HLS origin take from it what peers do not bring in time, and show
//       nothing that the broadcaster did not sign, whatever the origin or a peer says.
// Method: a real origin on loopback, a real source that follows it, and viewers whose peers hold back
//         every piece or none.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { hlsIngest } from "../../src/p2p/live-ingest-hls.ts";
import type { LiveOriginOptions } from "../../src/p2p/live-origin.ts";
import { type LiveRun, signRuns } from "../../src/p2p/live-run.ts";
import { runLiveSource } from "../../src/p2p/live-source.ts";
import { makeTs } from "../support/ts-maker.ts";
import {
  broadcaster,
  descriptorOf,
  HandSource,
  joinLive,
  type LiveParty,
  memoryCounter,
  take,
} from "./live-kit.ts";
import { newKey, soon, until } from "./p2p-kit.ts";

const NEVER_MS = 600_000;
const segments = Array.from({ length: 6 }, (_, at) =>
  makeTs({ seconds: 1, firstPcrMs: at * 1_000 }),
);
/** What a viewer can be shown: the source begins with the third segment from the end. */
const shown = Buffer.concat(segments.slice(3));

type Serve = (segment: Buffer, request: IncomingMessage, response: ServerResponse) => void;

const serveRange: Serve = (segment, { headers }, response) => {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
  if (first === undefined) {
    response.end(segment);
    return;
  }
  const range = `bytes ${first}-${last}/${segment.length}`;
  response.writeHead(206, { "content-range": range });
  response.end(segment.subarray(Number(first), Number(last) + 1));
};

/** An origin; `serve` answers viewers, which ask below `/cdn/`, and the source gets what is right. */
async function openOrigin(parts: AsyncDisposableStack, serve: Serve = serveRange) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const [, folder, number] = /^\/(in|cdn)\/low\/(\d+)\.ts$/.exec(request.url ?? "") ?? [];
    if (request.url === "/in/live.m3u8") {
      const listed = segments.map((_, at) => `#EXTINF:1,\nlow/${at}.ts\n`).join("");
      response.end(`#EXTM3U\n#EXT-X-TARGETDURATION:1\n${listed}#EXT-X-ENDLIST\n`);
      return;
    }
    const segment = Buffer.from(segments[Number(number)] ?? []);
    if (folder === "in") {
      response.end(segment);
      return;
    }
    asked.push(request);
    serve(segment, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  parts.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  const host = `127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
  const terms = { url: `http://${host}/cdn/`, trustedHosts: [host] };
  return { list: `http://${host}/in/live.m3u8`, asked, terms };
}

const descriptor = descriptorOf("hybrid");

/** @param lagMs How long each piece is held back from everybody; 0 is not at all. */
async function openSource(parts: AsyncDisposableStack, list: string, lagMs: number) {
  const fan = lagMs === 0 ? 1 : 0;
  const source = parts.use(await joinLive({ descriptor, role: "source", fan, lagMs }));
  const over = new AbortController();
  parts.defer(() => over.abort());
  const begin = () => {
    const ingest = hlsIngest(list, { events: silentEvents, isOrigin: true }, over.signal);
    const options = { descriptor, key: broadcaster, counter: memoryCounter(), swarm: source.swarm };
    const onRun = (run: LiveRun) => source.swarm.publishRun(run);
    const running = runLiveSource(
      ingest,
      { ...options, clock: systemClock, aheadMs: 60_000, onRun },
      over.signal,
    );
    running.catch(() => {});
  };
  return { source, begin };
}

async function watch(parts: AsyncDisposableStack, peer: LiveParty, origin: LiveOriginOptions) {
  const before = peer.swarm.stats().peers;
  const viewer = parts.use(
    await joinLive({ descriptor, role: "viewer", origin, peers: [peer.address] }),
  );
  await until(() => peer.swarm.stats().peers > before, "they have met");
  return viewer;
}

/** Reads until the test is over, whatever comes. */
async function read(viewer: LiveParty): Promise<void> {
  await take(viewer.swarm.pieces({ behindMs: 60_000 }, soon()), 1_000).catch(() => {});
}

/** Everything that a viewer is shown until the stream ends. */
async function playAll(viewer: LiveParty): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const { bytes } of viewer.swarm.pieces({ behindMs: 60_000 }, soon())) {
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).subarray(0, -188);
}

describe("a viewer of a stream with an origin", () => {
  it("takes all from it when peers hold everything back, byte for byte", async () => {
    await using parts = new AsyncDisposableStack();
    const { list, terms } = await openOrigin(parts);
    const { source, begin } = await openSource(parts, list, NEVER_MS);
    const viewer = await watch(parts, source, terms);
    begin();
    // The packet that says the end lies in no segment: only the peers could give it.
    const pieces = await take(viewer.swarm.pieces({ behindMs: 60_000 }, soon()), 15);
    const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
    expect(bytes.equals(shown.subarray(0, bytes.length))).toBe(true);
    expect(pieces.slice(1).some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
    const { bytesDown, bytesDownBySource } = viewer.swarm.stats();
    expect(bytesDownBySource.peer).toBe(0);
    expect(bytesDownBySource.webseed).toBe(bytesDown);
    expect(bytesDown).toBeGreaterThanOrEqual(bytes.length);
  });

  it("passes on what it took from there to those who have no origin", async () => {
    await using parts = new AsyncDisposableStack();
    const { list, terms } = await openOrigin(parts);
    const { source, begin } = await openSource(parts, list, NEVER_MS);
    const near = await watch(parts, source, terms);
    const far = parts.use(await joinLive({ descriptor, role: "viewer", peers: [near.address] }));
    begin();
    const [, pieces] = await Promise.all([
      take(near.swarm.pieces({ behindMs: 60_000 }, soon()), 12),
      take(far.swarm.pieces({ behindMs: 60_000 }, soon()), 8),
    ]);
    const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
    expect(shown.includes(bytes)).toBe(true);
    expect(far.swarm.stats().bytesDownBySource).toMatchObject({ webseed: 0 });
  });

  it("asks it for nothing while peers bring everything", async () => {
    await using parts = new AsyncDisposableStack();
    const { list, asked, terms } = await openOrigin(parts);
    const { source, begin } = await openSource(parts, list, 0);
    const viewer = await watch(parts, source, terms);
    begin();
    expect((await playAll(viewer)).equals(shown)).toBe(true);
    expect(asked).toHaveLength(0);
    expect(viewer.swarm.stats().bytesDownBySource.webseed).toBe(0);
  });

  it("begins with it where it is told to, and goes on with peers", async () => {
    await using parts = new AsyncDisposableStack();
    const { list, asked, terms } = await openOrigin(parts);
    const { source, begin } = await openSource(parts, list, 200);
    const viewer = await watch(parts, source, { ...terms, mode: "cdn-first" });
    begin();
    expect((await playAll(viewer)).equals(shown)).toBe(true);
    const paths = new Set(asked.map(({ url }) => url));
    expect(paths.size).toBeGreaterThan(0);
    expect(paths.size).toBeLessThanOrEqual(2);
    expect(viewer.swarm.stats().bytesDownBySource.peer).toBeGreaterThan(0);
  });
});

describe("an origin", () => {
  it("may have no ranges, and fail at first", async () => {
    await using parts = new AsyncDisposableStack();
    let requests = 0;
    const { list, terms } = await openOrigin(parts, (segment, _request, response) => {
      requests += 1;
      if (requests <= 2) response.writeHead(503);
      response.end(requests <= 2 ? "" : segment);
    });
    const { source, begin } = await openSource(parts, list, NEVER_MS);
    const viewer = await watch(parts, source, terms);
    begin();
    const pieces = await take(viewer.swarm.pieces({ behindMs: 60_000 }, soon()), 5);
    const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
    expect(shown.includes(bytes)).toBe(true);
  });

  it("that drips holds a place for a while only, and is asked anew", async () => {
    await using parts = new AsyncDisposableStack();
    let requests = 0;
    const { list, terms } = await openOrigin(parts, (segment, request, response) => {
      requests += 1;
      if (requests > 2) {
        serveRange(segment, request, response);
        return;
      }
      const dripping = setInterval(() => response.write("\u0000"), 20);
      response.on("close", () => clearInterval(dripping));
    });
    const { source, begin } = await openSource(parts, list, NEVER_MS);
    const viewer = await watch(parts, source, { ...terms, requestMs: 400 });
    begin();
    const pieces = await take(viewer.swarm.pieces({ behindMs: 60_000 }, soon()), 5);
    expect(shown.includes(Buffer.concat(pieces.map((piece) => piece.bytes)))).toBe(true);
    expect(viewer.log.told.some(({ name }) => name === "live.origin_failed")).toBe(true);
  });

  it.each<readonly [string, Serve]>([
    [
      "answers with other bytes",
      (segment, request, response) =>
        serveRange(Buffer.from(segment.map((byte) => byte ^ 1)), request, response),
    ],
    [
      "answers with another part",
      (segment, request, response) =>
        serveRange(Buffer.concat([segment.subarray(188), segment]), request, response),
    ],
  ])("that %s is asked no more, and what it gave is shown to nobody", async (_what, serve) => {
    await using parts = new AsyncDisposableStack();
    const { list, asked, terms } = await openOrigin(parts, serve);
    const { source, begin } = await openSource(parts, list, 1_500);
    const viewer = await watch(parts, source, terms);
    begin();
    const played = await playAll(viewer);
    expect(shown.includes(played)).toBe(true);
    expect(asked.length).toBeLessThanOrEqual(2);
    const barred = viewer.log.told.filter(({ name }) => name === "live.origin_barred");
    expect(barred).toHaveLength(1);
    expect(barred[0]?.fields).toMatchObject({ url: terms.url, promised: expect.any(String) });
    expect(viewer.log.bans()).toHaveLength(0);
  });
});

describe("an origin that is not for everybody", () => {
  it("in the local network is not asked unless the viewer trusts it", async () => {
    await using parts = new AsyncDisposableStack();
    const { list, asked, terms } = await openOrigin(parts);
    const { source, begin } = await openSource(parts, list, 1_500);
    const viewer = await watch(parts, source, { url: terms.url });
    begin();
    void read(viewer);
    await until(
      () => viewer.log.told.some(({ name }) => name === "live.origin_barred"),
      "the origin is left alone",
    );
    expect(asked).toHaveLength(0);
  });

  it("is shown the viewer's right with each request, and gives nothing without", async () => {
    await using parts = new AsyncDisposableStack();
    const { list, asked, terms } = await openOrigin(parts, (segment, request, response) => {
      if (request.headers.authorization === "DPoP right") serveRange(segment, request, response);
      else response.writeHead(401).end();
    });
    const { source, begin } = await openSource(parts, list, NEVER_MS);
    const urls: string[] = [];
    const headers = async (url: string) => {
      urls.push(url);
      return { authorization: "DPoP right" };
    };
    const viewer = await watch(parts, source, { ...terms, credentials: { headers } });
    const stranger = await watch(parts, source, terms);
    begin();
    void read(stranger);
    await take(viewer.swarm.pieces({ behindMs: 60_000 }, soon()), 5);
    expect(urls.every((url) => url.startsWith(terms.url))).toBe(true);
    await until(
      () => stranger.log.told.some(({ name }) => name === "live.origin_failed"),
      "the stranger is refused",
    );
    expect(stranger.swarm.stats().bytesDown).toBe(0);
    expect(asked.length).toBeGreaterThan(1);
  });
});

describe("who says where the origin holds pieces", () => {
  it("is the broadcaster alone: a peer that makes it up is banned, with what it said in the log", async () => {
    await using parts = new AsyncDisposableStack();
    const { terms } = await openOrigin(parts);
    const forger = parts.use(await joinLive({ descriptor, role: "source" }));
    const viewer = await watch(parts, forger, terms);
    new HandSource(descriptor).publish(forger.swarm, 1);
    await until(() => viewer.swarm.stats().pieces > 0, "heads arrive");
    const part = { offset: 0, length: 1_880, tables: new Uint8Array() };
    const names = { epoch: 1, firstSeq: 0, path: "low/0.ts", parts: [part] };
    for (const run of signRuns(names, descriptor, newKey())) forger.swarm.publishRun(run);
    await until(() => viewer.log.bans().length > 0, "the forger is banned");
    expect(viewer.log.bans()[0]).toMatchObject({
      reason: "RUN_BAD",
      what: "not signed by the broadcaster",
    });
  });

  it("cannot lead a viewer out of the origin's folder", async () => {
    await using parts = new AsyncDisposableStack();
    const { asked, terms } = await openOrigin(parts);
    const source = parts.use(
      await joinLive({ descriptor, role: "source", fan: 0, lagMs: NEVER_MS }),
    );
    const viewer = await watch(parts, source, terms);
    const part = { offset: 0, length: 1_880, tables: new Uint8Array() };
    const names = { epoch: 1, firstSeq: 0, path: "../cdn2/low/0.ts", parts: [part] };
    for (const run of signRuns(names, descriptor, broadcaster)) source.swarm.publishRun(run);
    new HandSource(descriptor).publish(source.swarm, 1);
    void read(viewer);
    await until(
      () => viewer.log.told.some(({ name }) => name === "live.origin_barred"),
      "the path is refused",
    );
    await sleep(100);
    expect(asked).toHaveLength(0);
  });
});
