// Goal: a right is a stream for as long as it lasts, and not a second longer than the chapter allows.
// Method: a devnet, an issuing node that seeds, and viewers' engines, all real; tokens live ten seconds,
//         and the licence is a contract whose owner gives and takes rights as the test wants.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadDeviceKey, makeDeviceSeed } from "../../src/access/device-key.ts";
import { readOverview } from "../../src/cli/engine-client.ts";
import { viewLines } from "../../src/cli/stream-view.ts";
import { callOperations } from "../../src/client/build.ts";
import { type Client, openClient, type Signer } from "../../src/client/client.ts";
import { openNodeClient } from "../../src/client/http.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { developmentSettings } from "../../src/contracts/settings.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { accountBytes } from "../../src/lib/strkey.ts";
import { readAdminToken } from "../../src/node/admin-token.ts";
import { type Engine, openEngine } from "../../src/node/engine.ts";
import { ADMIN_TOKEN_FILE } from "../../src/node/http.ts";
import { type Node, openNode } from "../../src/node/node.ts";
import { openTokenDesk, type Viewer } from "../../src/node/token-source.ts";
import type { ContentRecord } from "../../src/p2p/content-record.ts";
import { withWebSeeds } from "../../src/p2p/torrent.ts";
import { filmRecord } from "../support/film-record.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";
import { build, codeOf, deploy, nodeConfig, until } from "../support/node-kit.ts";
import { type Film, makeFilm } from "../unit/p2p-kit.ts";

const FILM_BYTES = 40_000_000;
/** How long the stream is watched: longer than two tokens live. The full minute is asked for by name. */
const WATCH_S = Number(process.env["ACE_WATCH_S"] ?? "14");
const STEP_MS = 250;
const CLOSE_MS = 5_000;
/** What a crowded machine may take for one step; that no wire was closed is counted. */
const PAUSE_MS_MAX = 10_000;
/** A node with a network of its own starts in seconds, on a busy machine in many. */
const START_MS = 180_000;

const LICENCE = `
import { account, bool, bytes, contract, hash, int, oneOf, optional, state, text } from "ace-node/contract";
contract({
  name: "given",
  implements: ["licence/1"],
  methods: {
    setup: { args: [] },
    give: { args: [account, bool, int, oneOf("oldest", "refuse")] },
    access: {
      args: [account, hash, { atS: int, country: optional(text), device: optional(bytes(32)) }],
      returns: {
        ok: bool, until: int, concurrent: int, devices: int,
        role: oneOf("viewer"), evict: oneOf("oldest", "refuse"), reason: oneOf("", "revoked"), offer: text,
      },
      view: true,
    },
  },
});
const rights = state.map("right", account, { ok: bool, concurrent: int, evict: oneOf("oldest", "refuse") });
export function setup() {}
export function give(viewer, ok, concurrent, evict) {
  rights.set(viewer, { ok, concurrent, evict });
}
export function access(viewer) {
  const right = rights.get(viewer);
  const ok = right !== undefined && right.ok;
  const concurrent = right?.concurrent ?? 0n;
  const evict = right?.evict ?? "refuse";
  return { ok, until: 0n, concurrent, devices: 0n, role: "viewer", evict, reason: ok ? "" : "revoked", offer: "https://shop.example/film" };
}
`;

const folder = mkdtempSync(join(tmpdir(), "ace-access-"));
const { signal } = new AbortController();
let live: LiveNetwork;
let node: Node;
let client: Client;
let licence: bigint;
let film: Film;
let ledgers: NodeJS.Timeout;

beforeAll(async () => {
  live = await openLiveNetwork(folder, "on sending", { ...developmentSettings, "token.lifeS": 10 });
  const config = nodeConfig({
    networkFile: live.networkFile,
    dataDir: join(folder, "node"),
    operatorFile: live.operatorFile,
    rpcUrl: live.rpcUrl,
    webSeedPort: 0,
  });
  node = await openNode(config, "0.0.0");
  client = openClient({
    stellar: live.stellar,
    node: openNodeClient(node.httpUrl, signal),
    signal,
  });
  licence = await deploy(client, live.signer, build(folder, "given.js", LICENCE));
  // From here on the network keeps up with the clock: a node that is behind issues nothing.
  live.catchUp();
  ledgers = setInterval(() => live.catchUp(), CLOSE_MS);
  film = await makeFilm(FILM_BYTES);
  const admin = await readAdminToken(join(folder, "node", ADMIN_TOKEN_FILE));
  await client.node.publish({ record: await recordOf(film), path: film.path }, admin);
}, START_MS);
afterAll(async () => {
  clearInterval(ledgers);
  await node[Symbol.asyncDispose]();
  await live[Symbol.asyncDispose]();
  await film[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const recordOf = (made: Film, changes: Partial<ContentRecord> = {}) =>
  filmRecord(made, { licence, network: networkId(live.network), seed: node.streams }, changes);

async function give(viewer: Signer, ok: boolean, concurrent = 0n, evict = "refuse") {
  const args = [accountBytes(viewer.account), ok, concurrent, evict];
  await client.call(live.signer, callOperations({ contract: licence, method: "give", args }));
}

function viewerOf(signer: Signer): Viewer {
  const device = loadDeviceKey(makeDeviceSeed());
  const { node: asked } = client;
  return {
    node: asked,
    network: live.network,
    signer: async () => signer,
    device,
    clock: systemClock,
  };
}

async function openFor(viewer: Viewer, name: string): Promise<Engine> {
  return await openEngine({ viewer, dataDir: join(folder, name), events: silentEvents });
}

const admitted = () => node.streams.shelf.ports("").find(film.torrent.contentId)?.swarm;

it("plays on through renewals without a pause, and stops within two ledgers when the right is taken", async () => {
  const signer = await live.account();
  await give(signer, true);
  await using engine = await openFor(viewerOf(signer), "playing");
  const record = await engine.record(film.torrent.contentId);
  await using swarm = await engine.join(record);
  const steps = (WATCH_S * 1_000) / STEP_MS;
  const stepBytes = Math.floor(FILM_BYTES / 4 / steps);
  let longestMs = 0;
  for (let step = 0; step < steps; step += 1) {
    const startedMs = performance.now();
    const abort = AbortSignal.timeout(60_000);
    for await (const _ of swarm.read(step * stepBytes, stepBytes, abort));
    longestMs = Math.max(longestMs, performance.now() - startedMs);
    await sleep(STEP_MS);
  }
  expect(swarm.stats()).toMatchObject({ access: "granted", denied: {} });
  expect(admitted()).toMatchObject({ ungatedBytesUp: 0, closed: {} });
  expect(longestMs).toBeLessThan(PAUSE_MS_MAX);

  await give(signer, false);
  await until(() => "TOKEN_REVOKED" in (admitted()?.closed ?? {}));
  const sentBytes = admitted()?.bytesUp;
  const rest = swarm.read((FILM_BYTES / 4) * 3, 300_000, AbortSignal.timeout(5_000));
  expect(
    await codeOf(async () => {
      for await (const _ of rest);
    }),
  ).not.toBe("none");
  expect(admitted()?.bytesUp).toBe(sentBytes);
});

it("lets so many devices play at once as the licence says, names them, and frees one by `stop`", async () => {
  const signer = await live.account();
  await give(signer, true, 1n);
  const [first, second] = [openTokenDesk(viewerOf(signer)), openTokenDesk(viewerOf(signer))];
  const { contentId } = film.torrent;
  await first.ask(contentId);
  expect(await codeOf(() => second.ask(contentId))).toBe("LEASE_FULL");
  const { leases } = await second.leases();
  expect(leases).toMatchObject([{ contentId, contract: licence.toString() }]);
  expect(await second.stop(leases[0]?.lease ?? "")).toEqual({ leases: [] });
  expect(await second.ask(contentId)).toMatchObject({ contract: licence.toString() });
});

it("ends the oldest play for a new one where the licence says so, and cuts it off at once", async () => {
  const signer = await live.account();
  await give(signer, true, 1n, "oldest");
  await using engine = await openFor(viewerOf(signer), "evicted");
  await using swarm = await engine.join(await engine.record(film.torrent.contentId));
  await swarm.ready(AbortSignal.timeout(60_000));
  const before = admitted()?.closed["LEASE_LOST"] ?? 0;
  await openTokenDesk(viewerOf(signer)).ask(film.torrent.contentId);
  await until(() => (admitted()?.closed["LEASE_LOST"] ?? 0) > before);
  expect((await client.node.revocations(0)).deltas.length).toBeGreaterThan(0);
});

/** Nobody but the node's web seed is named. */
async function publishOverHttp(made: Film, changes: Partial<ContentRecord> = {}): Promise<string> {
  const folderUrl = `${node.streams.webSeedUrl}${made.torrent.infohash}/`;
  const torrent = Buffer.from(withWebSeeds(made.torrentBytes, [folderUrl])).toString("base64");
  const record = await recordOf(made, { peers: [], torrent, ...changes });
  const admin = readAdminToken(join(folder, "node", ADMIN_TOKEN_FILE));
  await client.node.publish({ record, path: made.path }, admin);
  return `${folderUrl}film.mp4`;
}

it("comes over HTTP to who has the right though no peer brings it, and not a byte to a stranger", async () => {
  await using made = await makeFilm(2_000_000);
  const fileUrl = await publishOverHttp(made);
  const viewer = await live.account();
  await give(viewer, true);
  const open = (who: Signer, name: string) =>
    openEngine({
      viewer: viewerOf(who),
      dataDir: join(folder, name),
      events: silentEvents,
      terms: { webSeeds: "cdn-first", trustedHosts: [new URL(fileUrl).host] },
    });
  const query = `/ace/getstream?content_id=${made.torrent.contentId}`;
  await using engine = await open(viewer, "over-http");
  const url = await engine.play({ port: 0, version: "1" });
  const whole = await fetch(`${url}${query}`);
  expect(Buffer.from(await whole.arrayBuffer()).equals(made.bytes)).toBe(true);
  const view = await readOverview(url, signal);
  expect(view.contents).toMatchObject([{ bytesFromPeers: 0, bytesFromWebSeeds: 2_000_000 }]);
  expect(
    viewLines(view, 120)
      .map(({ text }) => text)
      .join("\n"),
  ).toContain("from CDN 100 %");

  await using stranger = await open(await live.account(), "stranger");
  const strangerUrl = await stranger.play({ port: 0, version: "1" });
  const denied = await fetch(`${strangerUrl}${query}`);
  expect(denied.status).toBe(403);
  expect(await denied.json()).toMatchObject({ offer_url: "https://shop.example/film" });
  const refused = await fetch(fileUrl);
  expect(refused.status).toBe(401);
  expect(await refused.bytes()).toHaveLength(0);
});

it("comes over HTTP to anybody where no licence stands before it", async () => {
  await using made = await makeFilm(100_000);
  const fileUrl = await publishOverHttp(made, { access: "public", contract: "" });
  const answer = await fetch(fileUrl);
  expect(answer.status).toBe(200);
  expect(Buffer.from(await answer.arrayBuffer()).equals(made.bytes)).toBe(true);
  const unknown = fileUrl.replace(made.torrent.infohash, "0".repeat(40));
  expect((await fetch(unknown)).status).toBe(404);
});
