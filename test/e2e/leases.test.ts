// Goal: a licence for one device is for one device, at whichever of several issuers it asks; and an issuer
//       that goes and comes back makes it two for a moment at most.
// Method: a devnet, a network that names three issuers, their three nodes, viewers' devices and an engine,
//         all real. Accounts are chosen by who counts their plays.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Keypair } from "@stellar/stellar-sdk";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadDeviceKey, makeDeviceSeed } from "../../src/access/device-key.ts";
import { homeOrder } from "../../src/access/lease-home.ts";
import { parseToken } from "../../src/access/token-form.ts";
import { callOperations } from "../../src/client/build.ts";
import { type Client, openClient, type Signer } from "../../src/client/client.ts";
import { openNodeClient } from "../../src/client/http.ts";
import { networkId, type ServiceNetwork } from "../../src/contracts/service-network.ts";
import { developmentSettings } from "../../src/contracts/settings.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { accountBytes } from "../../src/lib/strkey.ts";
import { readAdminToken } from "../../src/node/admin-token.ts";
import { openEngine } from "../../src/node/engine.ts";
import { writeOperatorKeys } from "../../src/node/files.ts";
import { ADMIN_TOKEN_FILE } from "../../src/node/http.ts";
import { type Node, openNode } from "../../src/node/node.ts";
import { openTokenDesk, type Viewer } from "../../src/node/token-source.ts";
import { filmRecord } from "../support/film-record.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";
import { build, codeOf, deploy, freePort, nodeConfig, until } from "../support/node-kit.ts";
import { type Film, makeFilm } from "../unit/p2p-kit.ts";

const FILM_BYTES = 2_000_000;
const CLOSE_MS = 5_000;
const START_MS = 180_000;
const READY_MS = 60_000;
/** Longer than a second: a busy machine is no issuer that has gone. */
const HOME_MS = 10_000;
const LATER_MS = 1_100;
const LOOK_MS = 200;
const LOOKS_MAX = 300;
const ISSUERS = [0, 1, 2];
const LICENCE = `
import { account, bool, bytes, contract, hash, int, oneOf, optional, state, text } from "ace-node/contract";
contract({
  name: "one-device",
  implements: ["licence/1"],
  methods: {
    setup: { args: [] },
    give: { args: [account, oneOf("oldest", "refuse")] },
    access: {
      args: [account, hash, { atS: int, country: optional(text), device: optional(bytes(32)) }],
      returns: {
        ok: bool, until: int, concurrent: int, devices: int,
        role: oneOf("viewer"), evict: oneOf("oldest", "refuse"),
      },
      view: true,
    },
  },
});
const rights = state.map("right", account, { evict: oneOf("oldest", "refuse") });
export function setup() {}
export function give(viewer, evict) {
  rights.set(viewer, { evict });
}
export function access(viewer) {
  const right = rights.get(viewer);
  const ok = right !== undefined;
  return { ok, until: 0n, concurrent: 1n, devices: 0n, role: "viewer", evict: right?.evict ?? "refuse" };
}
`;

const folder = mkdtempSync(join(tmpdir(), "ace-leases-"));
const { signal } = new AbortController();
const keys = ISSUERS.map((place) => {
  const pair = Keypair.random();
  const tokenSeed = `${place + 1}b`.repeat(32);
  return { secret: pair.secret(), account: pair.publicKey(), tokenSeed };
});
const ports: number[] = [];
const nodes: Node[] = [];
let live: LiveNetwork;
let network: ServiceNetwork;
let client: Client;
let licence: bigint;
let film: Film;
let ledgers: NodeJS.Timeout | undefined;

const urlOf = (place: number) => `http://127.0.0.1:${ports[place]}`;
const nameOf = (place: number) => join(folder, `issuer-${place}`);

async function openIssuer(place: number): Promise<void> {
  const config = nodeConfig({
    networkFile: join(folder, "three.json"),
    dataDir: nameOf(place),
    rpcUrl: live.rpcUrl,
    operatorFile: `${nameOf(place)}.json`,
    issuerNode: ISSUERS.filter((other) => other !== place).map(urlOf),
    leaseHomeMs: HOME_MS,
    httpPort: ports[place] ?? 0,
  });
  nodes[place] = await openNode(config, "0.0.0");
}

async function metric(place: number, name: string): Promise<number> {
  const text = await (await fetch(`${urlOf(place)}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  return Number(line?.split(" ")[1] ?? 0);
}
const counted = (place: number, event: string) =>
  metric(place, `ace_events_total{event="access.${event}"}`);

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    if (await isSo()) return;
    await sleep(LOOK_MS);
  }
  throw new Error("it did not come to pass");
}

const allUp = async () =>
  (await Promise.all(ISSUERS.map((place) => metric(place, "ace_lease_issuers_up")))).every(
    (up) => up === ISSUERS.length - 1,
  );

beforeAll(async () => {
  live = await openLiveNetwork(folder, "on sending", developmentSettings);
  const issuers = keys.map(({ account, tokenSeed }) => {
    return { account, key: toHex(loadDeviceKey(tokenSeed).publicKey) };
  });
  network = { ...live.network, issuers };
  writeFileSync(join(folder, "three.json"), JSON.stringify(network));
  for (const place of ISSUERS) {
    const { secret, tokenSeed } = keys[place] ?? { secret: "", tokenSeed: "" };
    writeOperatorKeys(`${nameOf(place)}.json`, { issuerSecret: secret, tokenSeed });
    ports.push(await freePort());
  }
  for (const place of ISSUERS) await openIssuer(place);
  client = openClient({ stellar: live.stellar, node: openNodeClient(urlOf(0), signal), signal });
  licence = await deploy(client, live.signer, build(folder, "one-device.js", LICENCE));
  live.catchUp();
  ledgers = setInterval(() => live.catchUp(), CLOSE_MS);
  film = await makeFilm(FILM_BYTES);
  const [seed] = nodes;
  if (seed === undefined) throw new Error("no node");
  const record = await filmRecord(film, {
    licence,
    network: networkId(network),
    seed: seed.streams,
  });
  for (const place of ISSUERS) {
    const admin = readAdminToken(join(nameOf(place), ADMIN_TOKEN_FILE));
    await openNodeClient(urlOf(place), signal).publish({ record, path: film.path }, admin);
  }
  await eventually(allUp);
}, START_MS);
afterAll(async () => {
  clearInterval(ledgers);
  for (const node of nodes) await node[Symbol.asyncDispose]();
  await live[Symbol.asyncDispose]();
  await film[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** An account whose plays are counted at this issuer, with a right to play on one device. */
async function viewerCountedAt(place: number, evict: string): Promise<Signer> {
  const accounts = keys.map(({ account }) => account);
  let pair = Keypair.random();
  while (homeOrder(pair.publicKey(), accounts)[0] !== accounts[place]) pair = Keypair.random();
  const args = [accountBytes(pair.publicKey()), evict];
  await client.call(live.signer, callOperations({ contract: licence, method: "give", args }));
  const tip = live.latestLedger();
  await until(() => nodes.every((node) => (node.tip() ?? 0) >= tip));
  return { account: pair.publicKey(), sign: (hash) => pair.sign(Buffer.from(hash)) };
}

/** One device of this account, which asks at one issuer. */
function deviceAt(place: number, signer: Signer) {
  const device = loadDeviceKey(makeDeviceSeed());
  const viewer: Viewer = {
    node: openNodeClient(urlOf(place), signal),
    network,
    signer: async () => signer,
    device,
    clock: systemClock,
  };
  const desk = openTokenDesk(viewer);
  return {
    viewer,
    desk,
    key: toHex(device.publicKey),
    ask: () => desk.ask(film.torrent.contentId),
  };
}

it.each(ISSUERS)(
  "lets one device play, whichever issuer each asks, counted at issuer %i",
  async (home) => {
    const signer = await viewerCountedAt(home, "refuse");
    const [first, second, third] = ISSUERS.map((place) => deviceAt(place, signer));
    if (first === undefined || second === undefined || third === undefined)
      throw new Error("three");
    const { token } = await first.ask();
    expect(parseToken(token)).toMatchObject({ ok: true, claims: { iss: keys[0]?.account } });
    for (const other of [second, third]) {
      const refusal = await other.ask().then(String, String);
      expect(refusal).toContain("plays on 1 at once");
      expect(refusal).toContain(first.key);
    }
    for (const { desk } of [first, second, third]) {
      expect((await desk.leases()).leases).toMatchObject([{ device: first.key }]);
    }
    const [lease] = (await third.desk.leases()).leases;
    expect(await second.desk.stop(lease?.lease ?? "")).toEqual({ leases: [] });
    await third.ask();
    expect(await codeOf(() => first.ask())).toBe("LEASE_FULL");
  },
);

it("ends the oldest play at another issuer for a new one, and its stream with it", async () => {
  // Counted at the third: so the first learns from the third's list that its token's lease has ended.
  const signer = await viewerCountedAt(2, "oldest");
  const older = deviceAt(0, signer);
  await using engine = await openEngine({
    viewer: older.viewer,
    dataDir: join(folder, "older"),
    events: silentEvents,
  });
  await using swarm = await engine.join(await engine.record(film.torrent.contentId));
  await swarm.ready(AbortSignal.timeout(READY_MS));
  const newer = deviceAt(1, signer);
  await newer.ask();
  const closed = () =>
    nodes[0]?.streams.shelf.ports("").find(film.torrent.contentId)?.swarm?.closed ?? {};
  await until(() => "LEASE_LOST" in closed());
  expect((await older.desk.leases()).leases).toMatchObject([{ device: newer.key }]);
});

it("counts on at the next issuer while the home is gone, and the newest play stands when it is back", async () => {
  const home = 2;
  const signer = await viewerCountedAt(home, "refuse");
  const older = deviceAt(home, signer);
  const { token } = await older.ask();
  await nodes[home]?.[Symbol.asyncDispose]();
  // Leases begin at whole seconds, and of two in one second either may be the newer.
  await sleep(LATER_MS);
  // The others never heard of the older one: for as long as they are cut apart there are two.
  const newer = deviceAt(0, signer);
  await newer.ask();
  expect(await codeOf(() => deviceAt(1, signer).ask())).toBe("LEASE_FULL");
  expect(
    (await counted(0, "lease_fallback")) + (await counted(0, "lease_forwarded")),
  ).toBeGreaterThan(0);
  await openIssuer(home);
  const desks = ISSUERS.map((place) => deviceAt(place, signer).desk);
  await eventually(async () => {
    const lists = await Promise.all(desks.map(async (desk) => (await desk.leases()).leases));
    return lists.every((leases) => leases.length === 1 && leases[0]?.device === newer.key);
  });
  await eventually(allUp);
  const parsed = parseToken(token);
  if (!parsed.ok) throw new Error(parsed.reason);
  const { verifier } = nodes[home]?.streams.guard.policy ?? {};
  const at = { aud: parsed.claims.aud, nowS: Math.floor(systemClock.nowMs() / 1_000) };
  expect(verifier?.verify(token, at)).toMatchObject({ ok: false, code: "LEASE_LOST" });
  expect(await codeOf(() => older.ask())).toBe("LEASE_FULL");
});
