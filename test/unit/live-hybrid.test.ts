// Goal: what lies at a stream's origin alone can be watched and is told to players; and what the origin or a
//       peer has brought is not paid to the other as well.
// Method: pieces made by hand that lie in one file of a real origin, and a source that holds them back or is slow.
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { signRuns } from "../../src/p2p/live-run.ts";
import type { LiveSwarmOptions } from "../../src/p2p/live-swarm-port.ts";
import { broadcaster, descriptorOf, HandSource, joinLive, pieceBytes, take } from "./live-kit.ts";
import { soon, until } from "./p2p-kit.ts";

const NEVER_MS = 600_000;
const PIECE_MS = 200;
const descriptor = descriptorOf("hybrid by hand");

interface Wish {
  readonly bytes: number;
  readonly count: number;
  readonly source: Partial<LiveSwarmOptions>;
  /** Answers in place of the origin. */
  readonly serve?: (response: ServerResponse) => void;
}

/** A source that has published its pieces, which lie at the origin one behind the other, and a viewer of both. */
async function openHybrid(parts: AsyncDisposableStack, { bytes, count, source, serve }: Wish) {
  const segment = Buffer.alloc(bytes * count);
  const server = createServer(({ headers }, response) => {
    if (serve !== undefined) {
      serve(response);
      return;
    }
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    response.writeHead(206, { "content-range": `bytes ${first}-${last}/${segment.length}` });
    response.end(segment.subarray(Number(first), Number(last) + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  parts.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  const host = `127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
  const sender = parts.use(await joinLive({ descriptor, role: "source", ...source }));
  const origin = { url: `http://${host}/`, trustedHosts: [host] };
  const peers = [sender.address];
  const viewer = parts.use(await joinLive({ descriptor, role: "viewer", peers, origin }));
  await until(() => sender.swarm.stats().peers === 1, "they have met");
  const places = Array.from({ length: count }, (_, at) => ({
    offset: at * bytes,
    length: bytes,
    tables: new Uint8Array(),
  }));
  const names = { epoch: 1, firstSeq: 0, path: "0.ts", parts: places };
  for (const run of signRuns(names, descriptor, broadcaster)) sender.swarm.publishRun(run);
  const startMs = Date.now() - count * PIECE_MS;
  const hand = new HandSource(descriptor, { bytes });
  for (const [at, made] of hand.make(count, (seq) => startMs + seq * PIECE_MS).entries()) {
    segment.set(made.bytes, at * bytes);
    sender.swarm.publish(made.batch, [made.bytes]);
  }
  return { sender, viewer };
}

it("what only the origin holds can be watched: players are told so, and go back there", async () => {
  await using parts = new AsyncDisposableStack();
  const source = { fan: 0, lagMs: NEVER_MS };
  const { viewer } = await openHybrid(parts, { bytes: 1_880, count: 40, source });
  const { swarm } = viewer;
  await take(swarm.pieces({ behindMs: 0 }, soon()), 1);
  await until(() => swarm.window()?.firstSeq === 0, "it is told how far back one can go");
  expect(swarm.stats().piecesHad).toBeLessThan(20);
  const fromMs = (swarm.window()?.firstCaptureMs ?? 0) + 20 * PIECE_MS;
  const past = await take(swarm.pieces({ fromMs }, soon()), 10);
  expect(past.map(({ seq }) => seq)).toEqual(past.map((_, at) => 20 + at));
  expect(swarm.stats().bytesDownBySource.peer).toBe(0);
});

describe("a piece that is asked of both", () => {
  it("is taken back from the peer when the origin has brought it", async () => {
    await using parts = new AsyncDisposableStack();
    const bytes = 63_920;
    // It begins at once, and would need seconds for the rest.
    const source = { rates: { swarm: { uploadBytesPerS: 16_000 } } };
    const { sender, viewer } = await openHybrid(parts, { bytes, count: 1, source });
    await take(viewer.swarm.pieces({ behindMs: 0 }, soon()), 1);
    await sleep(2_500);
    const { bytesDown, bytesDownBySource } = viewer.swarm.stats();
    expect(sender.swarm.stats().bytesUp).toBeGreaterThan(0);
    expect(sender.swarm.stats().bytesUp).toBeLessThan(bytes);
    expect(bytesDownBySource).toEqual({ peer: sender.swarm.stats().bytesUp, webseed: bytes });
    expect(bytesDown).toBe(bytes + sender.swarm.stats().bytesUp);
    expect(viewer.log.bans()).toEqual([]);
  });

  it("is not taken back from the origin that brings it: its answer is read to the end", async () => {
    await using parts = new AsyncDisposableStack();
    const bytes = 1_880;
    const ended: boolean[] = [];
    const serve = (response: ServerResponse) => {
      response.writeHead(206, { "content-range": `bytes 0-${bytes - 1}/${bytes}` });
      response.write(pieceBytes(0, bytes));
      response.on("close", () => ended.push(response.writableFinished));
      // Where a length was not told before, the end is told by itself.
      setTimeout(() => response.end(), 100);
    };
    const source = { fan: 0, lagMs: NEVER_MS };
    const { viewer } = await openHybrid(parts, { bytes, count: 1, source, serve });
    await take(viewer.swarm.pieces({ behindMs: 0 }, soon()), 1);
    await until(() => ended.length === 1, "the origin has answered");
    expect(ended).toEqual([true]);
  });

  it("is taken back from the origin when a peer has brought it", async () => {
    await using parts = new AsyncDisposableStack();
    let [asked, left] = [0, 0];
    const serve = (response: ServerResponse) => {
      asked += 1;
      response.on("close", () => {
        left += 1;
      });
    };
    const source = { fan: 0, lagMs: 1_500 };
    const { viewer } = await openHybrid(parts, { bytes: 1_880, count: 1, source, serve });
    await take(viewer.swarm.pieces({ behindMs: 0 }, soon()), 1);
    await until(() => left === asked, "the origin is not waited for");
    expect(asked).toBeGreaterThan(0);
    const failed = viewer.log.told.filter(({ name }) => name === "live.origin_failed");
    expect(failed).toEqual([]);
    expect(viewer.swarm.stats().bytesDownBySource).toEqual({ peer: 1_880, webseed: 0 });
  });
});
