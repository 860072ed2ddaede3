// Goal: a network's issuers change by vote while people watch: nobody's film pauses when the first issuer's
//       node goes, and who comes with the founding document alone is led to the new one.
// Method: a devnet, two nodes that follow it and viewers' engines, all real; tokens live for seconds, and the
//         licence lets one device play at once.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Keypair } from "@stellar/stellar-sdk";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { loadDeviceKey, makeDeviceSeed } from "../../src/access/device-key.ts";
import { parseToken } from "../../src/access/token-form.ts";
import { callOperations, lockOperation } from "../../src/client/build.ts";
import { type Client, openClient } from "../../src/client/client.ts";
import { openNodeClient } from "../../src/client/http.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { developmentSettings } from "../../src/contracts/settings.ts";
import type { CborValue } from "../../src/lib/cbor.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { readAdminToken } from "../../src/node/admin-token.ts";
import { openEngine } from "../../src/node/engine.ts";
import { writeOperatorKeys } from "../../src/node/files.ts";
import { ADMIN_TOKEN_FILE } from "../../src/node/http.ts";
import { askIssuers } from "../../src/node/known-issuers.ts";
import { type Node, openNode } from "../../src/node/node.ts";
import { openTokenDesk, tokenSourceOf, type Viewer } from "../../src/node/token-source.ts";
import { filmRecord } from "../support/film-record.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";
import { build, codeOf, deploy, nodeConfig, onlyReceipt, until } from "../support/node-kit.ts";
import { type Film, makeFilm } from "../unit/p2p-kit.ts";

const DAO = 1n;
const FILM_BYTES = 20_000_000;
/** A renewal begins when a fifth of it is left, and may take that long on a busy machine. */
const LIFE_S = 30;
const STEP_BYTES = 200_000;
const READ_MS = 30_000;
const STEP_MS = 250;
const CLOSE_MS = 5_000;
const START_MS = 180_000;
const SETTINGS = {
  ...developmentSettings,
  "dao.delayS": 1,
  "dao.votingS": 5,
  "dao.timelockS": 1,
  "epoch.ledgers": 2,
  "token.lifeS": LIFE_S,
};
const LICENCE = `
import { account, bool, bytes, contract, hash, int, oneOf, optional, text } from "ace-node/contract";
contract({
  name: "anybody",
  implements: ["licence/1"],
  methods: {
    setup: { args: [] },
    access: {
      args: [account, hash, { atS: int, country: optional(text), device: optional(bytes(32)) }],
      returns: { ok: bool, until: int, concurrent: int, devices: int, role: oneOf("viewer"), evict: oneOf("refuse") },
      view: true,
    },
  },
});
export function setup() {}
export function access() {
  return { ok: true, until: 0n, concurrent: 1n, devices: 0n, role: "viewer", evict: "refuse" };
}
`;

const folder = mkdtempSync(join(tmpdir(), "ace-issuers-"));
const { signal } = new AbortController();
const second = { key: Keypair.random(), tokenSeed: "0a".repeat(32) };
let live: LiveNetwork;
let first: Node;
let other: Node;
let client: Client;
let film: Film;
let ledgers: NodeJS.Timeout | undefined;

const open = (name: string, more: object) =>
  openNode(
    nodeConfig({
      networkFile: live.networkFile,
      dataDir: join(folder, name),
      rpcUrl: live.rpcUrl,
      ...more,
    }),
    "0.0.0",
  );
const call = async (method: string, ...args: readonly CborValue[]) =>
  onlyReceipt(await client.call(live.signer, callOperations({ contract: DAO, method, args })));

/** The ledger from which on the second issuer's key signs. */
async function voteForSecond(): Promise<void> {
  const { account } = live.signer;
  const { closeTime } = (await client.node.status()).tip ?? { closeTime: "0" };
  const untilS = BigInt(closeTime) + 1_000_000n;
  await client.call(live.signer, [
    lockOperation(account, `ACE:${account}`, 10_000_000n, untilS),
    ...callOperations({ contract: DAO, method: "lock", args: [untilS] }),
  ]);
  const code = loadDeviceKey(second.tokenSeed).publicKey;
  const action = new Map<string, CborValue>([
    ["kind", "issuer.add"],
    ["name", second.key.publicKey()],
    ["value", 0n],
    ["code", code],
  ]);
  const { result: id } = await call("propose", "A second issuer", action);
  live.warp(3);
  await call("vote", BigInt(String(id)), "yes");
  live.warp(20);
  await call("execute", BigInt(String(id)));
  for (let ledger = 0; ledger < 4; ledger += 1) live.warp(1);
}

beforeAll(async () => {
  live = await openLiveNetwork(folder, "on sending", SETTINGS);
  first = await open("first", { operatorFile: live.operatorFile });
  const node = openNodeClient(first.httpUrl, signal);
  client = openClient({ stellar: live.stellar, node, signal });
  {
    // It follows before it issues: only who sees himself named may sign.
    await using follower = await open("other", {});
    await voteForSecond();
    await until(() => follower.tip() === live.latestLedger());
  }
  const operatorFile = join(folder, "second.json");
  const { key, tokenSeed } = second;
  writeOperatorKeys(operatorFile, { issuerSecret: key.secret(), tokenSeed });
  other = await open("other", { operatorFile, issuerNode: [first.httpUrl] });
  const licence = await deploy(client, live.signer, build(folder, "anybody.js", LICENCE));
  live.catchUp();
  ledgers = setInterval(() => live.catchUp(), CLOSE_MS);
  film = await makeFilm(FILM_BYTES);
  // Only the second node's peers are named: the swarm goes on without the first.
  const record = await filmRecord(film, {
    licence,
    network: networkId(live.network),
    seed: other.streams,
  });
  for (const [name, url] of [
    ["first", first.httpUrl],
    ["other", other.httpUrl],
  ] as const) {
    const admin = readAdminToken(join(folder, name, ADMIN_TOKEN_FILE));
    await openNodeClient(url, signal).publish({ record, path: film.path }, admin);
  }
}, START_MS);
afterAll(async () => {
  clearInterval(ledgers);
  await other[Symbol.asyncDispose]();
  await live[Symbol.asyncDispose]();
  await film[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function viewerAt(...urls: readonly string[]): Promise<Viewer> {
  const signer = await live.account();
  const [node, ...others] = urls.map((url) => openNodeClient(url, signal));
  if (node === undefined) throw new Error("a viewer needs a node");
  return {
    node,
    others,
    network: live.network,
    signer: async () => signer,
    device: loadDeviceKey(makeDeviceSeed()),
    clock: systemClock,
    issuers: async () =>
      (await askIssuers(live.network, [node, ...others])).map(({ account }) => account),
  };
}

const Session = z.object({ playback_url: z.string(), stat_url: z.string() });
const Stat = z.object({ access: z.object({ state: z.string(), expires_in: z.int() }) });

const issuerOf = (token: string) => {
  const parsed = parseToken(token);
  return parsed.ok ? parsed.claims.iss : parsed.reason;
};

it("plays on without a pause when the node that issued its token goes, under the same lease", async () => {
  const viewer = await viewerAt(first.httpUrl, other.httpUrl);
  await using engine = await openEngine({
    viewer,
    dataDir: join(folder, "playing"),
    events: silentEvents,
  });
  await using swarm = await engine.join(await engine.record(film.torrent.contentId));
  const tokens = tokenSourceOf(viewer, film.torrent.contentId);
  const before = await tokens.token();
  expect(issuerOf(before)).toBe(live.signer.account);
  const endS = performance.now() / 1_000 + LIFE_S + 1;
  for (let step = 0; performance.now() / 1_000 < endS; step += 1) {
    const offset = (step * STEP_BYTES) % FILM_BYTES;
    for await (const _ of swarm.read(offset, STEP_BYTES, AbortSignal.timeout(READ_MS)));
    if (step === 4) await first[Symbol.asyncDispose]();
    await sleep(STEP_MS);
  }
  expect(swarm.stats()).toMatchObject({ access: "granted", denied: {} });
  // No wire was closed: the newer token was there before the one before had ended.
  const seeded = other.streams.shelf.ports("").find(film.torrent.contentId)?.swarm;
  expect(seeded).toMatchObject({ ungatedBytesUp: 0, closed: {} });
  const after = await tokens.token();
  expect(issuerOf(after)).toBe(second.key.publicKey());
  const leases = [before, after].map((token) => {
    const parsed = parseToken(token);
    return parsed.ok && parsed.claims.lse;
  });
  expect(leases[0]).toBe(leases[1]);
  const elsewhere = { ...viewer, device: loadDeviceKey(makeDeviceSeed()) };
  expect(await codeOf(() => openTokenDesk(elsewhere).ask(film.torrent.contentId))).toBe(
    "LEASE_FULL",
  );
});

it("leads who has the founding document alone to the issuer that a vote added, and to nobody else", async () => {
  const newcomer = await viewerAt(other.httpUrl);
  const { token } = await openTokenDesk(newcomer).ask(film.torrent.contentId);
  expect(issuerOf(token)).toBe(second.key.publicKey());
  const { issuers: _, ...unled } = newcomer;
  expect(await codeOf(() => openTokenDesk(unled).ask(film.torrent.contentId))).toBe(
    "CHALLENGE_INVALID",
  );
  await using engine = await openEngine({
    viewer: newcomer,
    dataDir: join(folder, "newcomer"),
    events: silentEvents,
  });
  const url = await engine.play({ port: 0, version: "1" });
  const name = `content_id=${film.torrent.contentId}`;
  const begun = await fetch(`${url}/ace/getstream?${name}&format=json`);
  const answer = await begun.json();
  expect(answer).toMatchObject({ error: null });
  const { response } = z.object({ response: Session }).parse(answer);
  const bytes = await (
    await fetch(response.playback_url, { headers: { range: "bytes=0-99999" } })
  ).bytes();
  expect(bytes).toHaveLength(100_000);
  const { access } = z
    .object({ response: Stat })
    .parse(await (await fetch(response.stat_url)).json()).response;
  expect(access.state).toBe("granted");
  expect(access.expires_in).toBeLessThanOrEqual(LIFE_S);
  expect(access.expires_in).toBeGreaterThanOrEqual(0);
});
