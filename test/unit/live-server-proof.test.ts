// Goal: a support node that the broadcaster lists gets the segments of a gated origin without a licence, and
//       nobody else does by what it shows: not again, not elsewhere, not later, not with another key.
// Method: an origin on loopback that checks proofs as docs/spec/live.md says, a gated source that gives peers
//         nothing, and support nodes that join by the record.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkDpop, DpopMemory, makeDpopProof } from "../../src/access/dpop.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { AceError } from "../../src/lib/errors.ts";
import { joinLiveRecord } from "../../src/node/live-join.ts";
import type { DeviceKey } from "../../src/p2p/ed25519.ts";
import { openListener } from "../../src/p2p/listener.ts";
import { type LiveRecord, recordOf } from "../../src/p2p/live-record.ts";
import { signRuns } from "../../src/p2p/live-run.ts";
import { broadcaster, descriptorOf, EventLog, HandSource, joinLive } from "./live-kit.ts";
import { hexOf, newKey, until, verifier } from "./p2p-kit.ts";

const NEVER_MS = 600_000;
const [PIECES, PIECE_BYTES] = [6, 1_880];
const descriptor = descriptorOf("guarded origin");
const [sourceKey, supportKey] = [newKey(), newKey()];
const serverKeys = [hexOf(sourceKey), hexOf(supportKey)];

interface Origin {
  readonly host: string;
  readonly url: string;
  readonly seen: IncomingMessage[];
  given: number;
}

/** Gives below `/guarded/` to the servers of the stream alone, and below `/other/` to those of another. */
async function openOrigin(parts: AsyncDisposableStack, segment: Buffer): Promise<Origin> {
  const memory = new DpopMemory();
  const origin: Origin = { host: "", url: "", seen: [], given: 0 };
  const server = createServer((request, response) => {
    origin.seen.push(request);
    const url = `http://${request.headers.host}${request.url}`;
    const listed = request.url?.startsWith("/guarded/") ? serverKeys : [hexOf(newKey())];
    const nowS = Date.now() / 1_000;
    const proof = checkDpop(String(request.headers["dpop"]), { method: "GET", url, nowS });
    if (!proof.ok || !listed.includes(proof.deviceKey) || !memory.use(proof, nowS)) {
      response.writeHead(401).end();
      return;
    }
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    response.writeHead(206, { "content-range": `bytes ${first}-${last}/${segment.length}` });
    const bytes = segment.subarray(Number(first), Number(last) + 1);
    origin.given += bytes.length;
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  parts.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  const host = `127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
  return Object.assign(origin, { host, url: `http://${host}/guarded/` });
}

async function openGuarded(parts: AsyncDisposableStack) {
  const segment = Buffer.alloc(PIECES * PIECE_BYTES);
  const origin = await openOrigin(parts, segment);
  const gate = { deviceKey: sourceKey, upload: verifier, servers: serverKeys };
  const terms = { descriptor, role: "source", gate, fan: 0, lagMs: NEVER_MS } as const;
  const source = parts.use(await joinLive(terms));
  const record: LiveRecord = {
    ...recordOf(descriptor),
    title: "Match",
    access: "gated",
    contract: "257",
    network: "ab".repeat(32),
    trackers: [],
    peers: [source.address],
    serverKeys,
    origin: origin.url,
    publishedAtS: 1_800_000_000,
  };
  const begin = () => {
    const places = Array.from({ length: PIECES }, (_, at) => ({
      offset: at * PIECE_BYTES,
      length: PIECE_BYTES,
      tables: new Uint8Array(),
    }));
    const names = { epoch: 1, firstSeq: 0, path: "0.ts", parts: places };
    for (const run of signRuns(names, descriptor, broadcaster)) source.swarm.publishRun(run);
    const made = new HandSource(descriptor, { bytes: PIECE_BYTES }).publish(source.swarm, PIECES);
    for (const [at, { bytes }] of made.entries()) segment.set(bytes, at * PIECE_BYTES);
  };
  return { origin, source, record, begin };
}

async function support(
  parts: AsyncDisposableStack,
  { record, origin }: { record: LiveRecord; origin: Origin },
  server: DeviceKey,
) {
  const dataDir = await mkdtemp(join(tmpdir(), "ace-proof-"));
  parts.defer(() => rm(dataDir, { recursive: true, force: true }));
  const clock = systemClock;
  const events = new EventLog();
  const listener = parts.use(await openListener({ host: "127.0.0.1", port: 0, clock }));
  const tokens = { token: () => Promise.reject(new AceError("LICENCE_MISSING", "none")) };
  const web = { trustedHosts: [origin.host] };
  const own = { device: newKey(), server, verifier, tokens, web, dataDir, events, clock };
  const swarm = parts.use(await joinLiveRecord(record, { role: "support", listener, ...own }));
  return { swarm, events };
}

const TIMEOUT_MS = 60_000;

it(
  "a support node that is listed gets segments of a gated origin by its key, each proof good for one request",
  async () => {
    await using parts = new AsyncDisposableStack();
    const guarded = await openGuarded(parts);
    const { origin, source, begin } = guarded;
    const { swarm } = await support(parts, guarded, supportKey);
    await until(() => source.swarm.stats().peers === 1, "they have met");
    begin();
    await until(() => swarm.stats().piecesHad === PIECES, "all is here", TIMEOUT_MS);
    expect(swarm.stats().bytesDownBySource.webseed).toBe(PIECES * PIECE_BYTES);
    const [request] = origin.seen;
    // A token was never there to be shown.
    expect(request?.headers.authorization).toBeUndefined();
    const given = origin.given;
    const dpop = String(request?.headers["dpop"]);
    const range = "bytes=0-99";
    const ask = async (url: string, proof: string) =>
      (await fetch(url, { headers: { dpop: proof, range } })).status;
    const url = `${origin.url}0.ts`;
    expect(await ask(url, dpop)).toBe(401);
    expect(await ask(`http://${origin.host}/other/0.ts`, dpop)).toBe(401);
    expect(await ask(`${origin.url}1.ts`, dpop)).toBe(401);
    const nowS = Date.now() / 1_000;
    const made = (key: DeviceKey, at: number) =>
      makeDpopProof(key, { method: "GET", url, nowS: at });
    expect(await ask(url, made(supportKey, nowS - 120))).toBe(401);
    expect(await ask(url, made(newKey(), nowS))).toBe(401);
    const other = `http://${origin.host}/other/0.ts`;
    const elsewhere = makeDpopProof(supportKey, { method: "GET", url: other, nowS });
    expect(await ask(other, elsewhere)).toBe(401);
    expect(origin.given).toBe(given);
    expect(await ask(url, made(supportKey, nowS))).toBe(206);
  },
  TIMEOUT_MS,
);

it("a support node that is not listed shows its key to no origin, and gets nothing", async () => {
  await using parts = new AsyncDisposableStack();
  const guarded = await openGuarded(parts);
  const { swarm } = await support(parts, guarded, newKey());
  guarded.begin();
  await until(() => swarm.stats().access === "refused", "it is told");
  expect(swarm.stats().bytesDown).toBe(0);
  expect(guarded.origin.given).toBe(0);
  expect(guarded.origin.seen.every(({ headers }) => headers["dpop"] === undefined)).toBe(true);
});
