// Goal: issuers' nodes find each other, count together, and let nobody else in on it; one that is silent
//       holds a viewer up for no longer than is set, and is not asked again until it answers.
// Method: three issuers' halves over HTTP, outboxes on disk; one can be made silent.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { thumbprint } from "../../src/access/issuer-set.ts";
import type { Play } from "../../src/access/lease.ts";
import { homeOrder } from "../../src/access/lease-home.ts";
import type { LeaseMessage } from "../../src/access/lease-message.ts";
import { LeasePost } from "../../src/access/lease-post.ts";
import { revocationOf } from "../../src/access/revocation.ts";
import type { CborValue } from "../../src/lib/cbor.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { AceError, isAceError } from "../../src/lib/errors.ts";
import { invariant } from "../../src/lib/invariant.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import { type Leases, openLeases } from "../../src/node/lease-links.ts";
import { openPolicy } from "../../src/node/policy.ts";
import { type Outbox, openOutbox } from "../../src/store/outbox.ts";
import { codeOf } from "../support/node-kit.ts";

const NETWORK_ID = "ab".repeat(32);
/** A machine that is busy is no home that is silent. */
const PATIENT_MS = 30_000;
const SILENT_MS = 3_000;
const LOOKS_MAX = 2_000;
const CONTRACT = 412n;
const folder = mkdtempSync(join(tmpdir(), "ace-lease-links-"));
const stop = new AbortController();
const keys = ["1c", "2c", "3c"].map((byte) => {
  const tokenSeed = byte.repeat(32);
  const key = loadDeviceKey(tokenSeed).publicKey.toHex();
  const account = accountFromBytes(loadDeviceKey(byte.repeat(32).replaceAll("c", "d")).publicKey);
  return { tokenSeed, key, account, kid: thumbprint(key) };
});
const entries = keys.map(({ account, key }) => ({ account, key }));
const accounts = keys.map(({ account }) => account);

interface Issuer {
  readonly url: string;
  readonly server: Server;
  readonly outbox: Outbox;
  readonly told: string[];
  isSilent: boolean;
  asked: number;
  leases: Leases | undefined;
}

async function serve(place: number): Promise<Issuer> {
  const server = createServer(async (request, response) => {
    issuer.asked += 1;
    if (issuer.isSilent) return;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const message: LeaseMessage = JSON.parse(Buffer.concat(chunks).toString());
    response.setHeader("content-type", "application/json");
    try {
      response.end(JSON.stringify(await issuer.leases?.askLeases(message)));
    } catch (error) {
      const { code, status } = isAceError(error) ? error : new AceError("INTERNAL", String(error));
      response.writeHead(status).end(JSON.stringify({ code, message: "", hint: "" }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const outbox = openOutbox(join(folder, `${place}`));
  const url = `http://127.0.0.1:${port}`;
  const issuer: Issuer = {
    url,
    server,
    outbox,
    told: [],
    isSilent: false,
    asked: 0,
    leases: undefined,
  };
  return issuer;
}

const right = new Map<string, CborValue>([
  ["ok", true],
  ["until", 0n],
  ["concurrent", 1n],
  ["devices", 0n],
  ["role", "viewer"],
  ["evict", "refuse"],
]);

function open(place: number, issuer: Issuer): Leases {
  const { account, tokenSeed, kid } = keys[place] ?? { account: "", tokenSeed: "", kid: "" };
  const clock = systemClock;
  const guard = openPolicy({ networkId: NETWORK_ID, issuers: entries, licenceOf: () => 1n, clock });
  const tell = (name: string) => issuer.told.push(name);
  return openLeases({
    account,
    kid,
    operator: { tokenSeed },
    guard,
    outbox: issuer.outbox,
    views: { view: async () => ({ ok: true, code: "", result: right }) },
    head: () => ({ sequence: 100, closeTime: BigInt(nowS()) }),
    issuerNodes: issuers.filter((other) => other !== issuer).map(({ url }) => url),
    get leaseHomeMs() {
      return leaseHomeMs;
    },
    revoke: (leases) => {
      const ended = leases.map(({ id, contract, untilS }) =>
        revocationOf("lse", id, { contract: contract.toString(), untilS }),
      );
      guard.revocations.add(ended, nowS(), account);
    },
    events: { info: tell, warn: tell },
    clock,
    signal: stop.signal,
  });
}

const nowS = () => Math.floor(systemClock.nowMs() / 1_000);
const times = () => ({ nowS: nowS(), untilS: nowS() + 330 });
const issuers: Issuer[] = [];
let leaseHomeMs = PATIENT_MS;
let viewers = 0;

/** What a device of this account wants to play; the account's plays are counted at this issuer. */
function playCountedAt(place: number): Play {
  let account = "";
  do {
    viewers += 1;
    account = accountFromBytes(new Uint8Array(32).fill(viewers % 256).fill(viewers >> 8, 16));
  } while (homeOrder(account, accounts)[0] !== accounts[place]);
  const [deviceKey, content] = ["d1".repeat(32), "cc".repeat(32)];
  return { contract: CONTRACT, account, deviceKey, content, limit: 1n, evict: "refuse" };
}
const onAnother = (play: Play): Play => ({ ...play, deviceKey: "d2".repeat(32) });

async function until(isSo: () => boolean): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    if (isSo()) return;
    await sleep(25);
  }
  throw new Error("it did not come to pass");
}
const homesOf = (place: number) => {
  const homes = issuers[place]?.leases?.leases;
  invariant(homes !== undefined, "the issuer is open");
  return homes;
};

beforeAll(async () => {
  for (const place of [0, 1, 2]) issuers.push(await serve(place));
  for (const [place, issuer] of issuers.entries()) issuer.leases = open(place, issuer);
  await until(() => issuers.every((_, place) => homesOf(place).up.length === 2));
});
afterAll(() => {
  stop.abort();
  for (const { server, outbox } of issuers) {
    server.closeAllConnections();
    server.close();
    outbox[Symbol.dispose]();
  }
  rmSync(folder, { recursive: true, force: true });
});

it("counts at the home, whoever is asked, under a lease that both keep", async () => {
  const play = playCountedAt(0);
  const lease = await homesOf(1).take(play, times());
  expect(issuers[0]?.outbox.lease(lease.id)).toMatchObject({ deviceKey: play.deviceKey });
  expect(issuers[1]?.outbox.lease(lease.id)).toMatchObject({ deviceKey: play.deviceKey });
  expect(issuers[2]?.outbox.lease(lease.id)).toBeUndefined();
  expect(await codeOf(() => homesOf(2).take(onAnother(play), times()))).toBe("LEASE_FULL");
  expect(await homesOf(2).playing(play.account, nowS())).toMatchObject([{ id: lease.id }]);
  const renewed = await homesOf(2).renew(lease.id, play, times(), accounts[1] ?? "");
  expect(renewed.id).toBe(lease.id);
  await homesOf(2).stop(lease.id, play.account);
  await homesOf(2).take(onAnother(play), times());
  expect(await codeOf(() => homesOf(1).renew(lease.id, play, times(), accounts[1] ?? ""))).toBe(
    "LEASE_LOST",
  );
});

it("asks nobody where it is the home itself", async () => {
  const before = issuers.map(
    ({ told }) => told.filter((name) => name.endsWith("forwarded")).length,
  );
  await homesOf(0).take(playCountedAt(0), times());
  const after = issuers.map(({ told }) => told.filter((name) => name.endsWith("forwarded")).length);
  expect(after).toEqual(before);
});

it("is changed by nothing that is forged, replayed or meant for another", async () => {
  const play = playCountedAt(0);
  const lease = await homesOf(0).take(play, times());
  const postOf = (seed: string, kid: string) =>
    new LeasePost({
      account: accounts[1] ?? "",
      kid,
      seed,
      net: NETWORK_ID.slice(0, 16),
      issuers: () =>
        openPolicy({
          networkId: NETWORK_ID,
          issuers: entries,
          licenceOf: () => 1n,
          clock: systemClock,
        }).issuers.current(),
      ledger: () => 100,
      clock: systemClock,
    });
  const [, real] = keys;
  const stopAsk = { kind: "stop", id: lease.id, account: play.account } as const;
  const forger = postOf("ee".repeat(32), real?.kid ?? "");
  const post = postOf(real?.tokenSeed ?? "", real?.kid ?? "");
  const ask = issuers[0]?.leases?.askLeases;
  invariant(ask !== undefined, "the issuer is open");
  const refused = [
    forger.ask(accounts[0] ?? "", stopAsk).message,
    post.ask(accounts[2] ?? "", stopAsk).message,
    post.ask("", stopAsk).message,
  ];
  for (const message of refused)
    expect(await codeOf(() => ask(message))).toBe("LEASE_CALL_INVALID");
  expect(issuers[0]?.outbox.lease(lease.id)).toBeDefined();
  const once = post.ask(accounts[0] ?? "", stopAsk).message;
  await ask(once);
  expect(issuers[0]?.outbox.lease(lease.id)).toBeUndefined();
  const anew = await homesOf(0).take(play, times());
  expect(await codeOf(() => ask(once))).toBe("PROOF_REPLAYED");
  expect(issuers[0]?.outbox.lease(anew.id)).toBeDefined();
  expect(issuers[0]?.told).toContain("access.lease_refused");
});

it("waits for a silent home once, counts at the next one, and brings it home when it is heard again", async () => {
  const [home] = issuers;
  invariant(home !== undefined, "three issuers");
  const play = playCountedAt(0);
  const older = await homesOf(0).take(play, times());
  leaseHomeMs = SILENT_MS;
  home.isSilent = true;
  // Leases begin at whole seconds.
  await sleep(1_100);
  const newer = await homesOf(1).take(onAnother(play), times());
  expect(
    await codeOf(() => homesOf(2).take({ ...play, deviceKey: "d3".repeat(32) }, times())),
  ).toBe("LEASE_FULL");
  await until(() => homesOf(1).up.length === 1 && homesOf(2).up.length === 1);
  const asked = home.asked;
  const startedMs = performance.now();
  await homesOf(1).renew(newer.id, onAnother(play), times(), accounts[1] ?? "");
  // Greetings go on; a viewer is kept waiting no more.
  expect(home.asked - asked).toBeLessThanOrEqual(2);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  leaseHomeMs = PATIENT_MS;
  home.isSilent = false;
  home.server.closeAllConnections();
  await until(() => homesOf(1).up.length === 2 && homesOf(2).up.length === 2);
  const { outbox } = home;
  await until(() => outbox.lease(older.id) === undefined);
  expect(outbox.lease(newer.id)).toMatchObject({ account: play.account });
  expect(await homesOf(2).playing(play.account, nowS())).toMatchObject([{ id: newer.id }]);
  expect(issuers[1]?.told).toContain("access.lease_issuer_down");
  expect(home.told).toContain("access.lease_merged");
});
