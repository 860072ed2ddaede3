// Goal: our own web seed gives what is gated to licence holders alone, request by request.
// Method: real tokens, proofs and the access policy of the gate; a viewer that fetches by it.
import { request as httpRequest } from "node:http";
import { describe, expect, it } from "vitest";
import { loadDeviceKey, makeDeviceSeed } from "../../src/access/device-key.ts";
import { DpopMemory, makeDpopProof } from "../../src/access/dpop.ts";
import { TokenIssuer } from "../../src/access/issue.ts";
import { makeIssuerSet } from "../../src/access/issuer-set.ts";
import { AccessPolicy } from "../../src/access/policy.ts";
import { RevocationSet } from "../../src/access/revocation.ts";
import { TokenVerifier } from "../../src/access/verifier.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import { openNodeRates, SwarmRates, uploadLimits } from "../../src/p2p/swarm-rates.ts";
import { openWebSeedServer, type WebSeedServer } from "../../src/p2p/web-seed-server.ts";
import {
  type Film,
  joinLeech,
  joinSeed,
  makeFilm,
  newKey,
  type Party,
  soon,
  verifier,
} from "./p2p-kit.ts";

const NET = "0123456789abcdef";
const SEED = "11".repeat(32);
const account = accountFromBytes(loadDeviceKey("44".repeat(32)).publicKey);
const issuers = makeIssuerSet([{ account, key: loadDeviceKey(SEED).publicKey.toHex() }]);
const device = loadDeviceKey(makeDeviceSeed());
const nowS = () => Math.floor(Date.now() / 1_000);

async function tokenFor(swarm: string, maxKbps = 0n): Promise<string> {
  const answer = { ok: true, until: 0n, concurrent: 0n, devices: 0n, role: "viewer", maxKbps };
  const issuer = new TokenIssuer({
    account,
    seed: SEED,
    net: NET,
    lifeS: () => 300,
    head: () => ({ sequence: 7, closeTime: BigInt(nowS()), stateRoot: "5e".repeat(32) }),
    contentOf: (id) => ({ id, swarm, contract: 412n }),
    views: { view: async () => ({ ok: true, code: "", result: new Map(Object.entries(answer)) }) },
    issued: { record: () => {} },
    clock: systemClock,
  });
  const deviceKey = device.publicKey.toHex();
  return (await issuer.issue({ account, deviceKey, content: "c0".repeat(32) })).token;
}

interface House extends AsyncDisposable {
  readonly film: Film;
  readonly seed: Party;
  readonly server: WebSeedServer;
  readonly url: string;
  readonly sent: { bytes: number; mostAtOnce: number };
}

/** A seed of a gated film that gives it over HTTP too. */
async function openHouse(
  isGated = true,
  { host = "127.0.0.1", rates = openNodeRates({}) } = {},
): Promise<House> {
  await using opened = new AsyncDisposableStack();
  const film = opened.use(await makeFilm(700_000));
  const seed = opened.use(await joinSeed(film, { deviceKey: newKey(), upload: verifier }));
  const revocations = new RevocationSet();
  const judge = new TokenVerifier({
    net: NET,
    issuers: () => issuers,
    licenceOf: () => 412n,
    revocations,
  });
  const proofs = new DpopMemory();
  const policy = new AccessPolicy({ verifier: judge, revocations, proofs, clock: systemClock });
  const sent = { bytes: 0, mostAtOnce: 0 };
  const server = opened.use(
    await openWebSeedServer({
      host,
      port: 0,
      find: (infohash) => {
        if (infohash !== film.torrent.infohash) return undefined;
        return { swarm: seed.swarm, ...(isGated ? { policy } : {}) };
      },
      payload: {
        onPayload: ({ bytes }) => {
          sent.bytes += bytes;
          sent.mostAtOnce = Math.max(sent.mostAtOnce, bytes);
        },
      },
      rates,
      clock: systemClock,
      events: silentEvents,
    }),
  );
  const held = opened.move();
  const base = server.baseUrl.replace("0.0.0.0", "127.0.0.1");
  const url = `${base}${film.torrent.infohash}/film.mp4`;
  return { film, seed, server, url, sent, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

interface Got {
  readonly status: number;
  readonly bytes: Buffer;
  readonly headers: NodeJS.Dict<string | string[]>;
}

async function ask(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Got> {
  return await new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers, method, agent: false }, async (response) => {
      const bytes = Buffer.concat(await response.toArray());
      resolve({ status: response.statusCode ?? 0, bytes, headers: response.headers });
    });
    request.on("error", reject);
    request.end();
  });
}

/** The beginning of an answer, the rest of which nobody reads. */
async function askHead(url: string, headers: Readonly<Record<string, string>>) {
  return await new Promise<{ readonly status: number; close(): void }>((resolve, reject) => {
    const request = httpRequest(url, { headers, agent: false }, (response) => {
      response.on("error", () => {});
      const close = () => response.destroy();
      resolve({ status: response.statusCode ?? 0, close });
    });
    request.on("error", reject);
    request.end();
  });
}

const proofOf = (token: string, url: string, by = device) => ({
  authorization: `DPoP ${token}`,
  dpop: makeDpopProof(by, { method: "GET", url, token, nowS: nowS() }),
});

describe("a gated content over HTTP", () => {
  it("comes to a viewer that shows its token with a fresh proof for each request", async () => {
    await using house = await openHouse();
    const { film, server, sent } = house;
    const token = await tokenFor(`btih:${film.torrent.infohash}`);
    await using viewer = await joinLeech(film, [], undefined, {
      webSeeds: {
        urls: [`${server.baseUrl}${film.torrent.infohash}/`],
        trustedHosts: [new URL(server.baseUrl).host],
        credentials: { headers: async (url) => proofOf(token, url) },
      },
    });
    await viewer.swarm.download(soon());
    expect(viewer.swarm.stats().bytesDownBySource).toEqual({ peer: 0, webseed: 700_000 });
    expect(sent.bytes).toBe(700_000);
  });

  it("is 401 and not a byte for everybody else", async () => {
    await using house = await openHouse();
    const { film, url, sent } = house;
    const token = await tokenFor(`btih:${film.torrent.infohash}`);
    const otherToken = await tokenFor(`btih:${"cd".repeat(20)}`);
    const thief = loadDeviceKey(makeDeviceSeed());
    const used = proofOf(token, url);
    expect((await ask(url, { ...used, range: "bytes=0-9" })).status).toBe(206);
    const cases: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      "no token": {},
      "a token without a proof": { authorization: `DPoP ${token}` },
      "a token as a bearer": { authorization: `Bearer ${token}` },
      "a proof that was used": used,
      "another device's proof": proofOf(token, url, thief),
      "a proof for another address": proofOf(token, url.replace("film", "trailer")),
      "a token for another content": proofOf(otherToken, url),
      "a forged token": proofOf(`${token.slice(0, -4)}AAAA`, url),
    };
    for (const [what, headers] of Object.entries(cases)) {
      for (const range of ["bytes=0-", "bytes=0-0,5-9", "bytes=-1"]) {
        const got = await ask(url, { ...headers, range });
        expect([got.status, got.bytes.length], what).toEqual([401, 0]);
        expect(got.headers["www-authenticate"]).toMatch(/^DPoP error="invalid_token"/);
        expect(got.headers["content-range"]).toBeUndefined();
      }
    }
    expect((await ask(url, {}, "HEAD")).status).toBe(401);
    expect(sent.bytes).toBe(10);
  });

  it("is not given under a name that is not ours, lest a proof for another server be used here", async () => {
    await using house = await openHouse();
    const { film, url } = house;
    const token = await tokenFor(`btih:${film.torrent.infohash}`);
    const elsewhere = url.replace(/127\.0\.0\.1:\d+/, "evil.example");
    const got = await ask(url, { ...proofOf(token, elsewhere), host: "evil.example" });
    expect([got.status, got.bytes.length]).toEqual([404, 0]);
  });
});

describe("a web seed", () => {
  it("sends what a token's cap allows, whatever number of answers its bearer asks for at once", async () => {
    await using house = await openHouse();
    const { film, url, sent } = house;
    const token = await tokenFor(`btih:${film.torrent.infohash}`, 800n);
    const sinceMs = performance.now();
    const ranges = ["bytes=0-79999", "bytes=100000-179999"];
    const got = await Promise.all(
      ranges.map((range) => ask(url, { ...proofOf(token, url), range })),
    );
    expect(got.map(({ bytes }) => bytes.length)).toEqual([80_000, 80_000]);
    // Half a second of the cap at once, and the rest at 100,000 bytes a second.
    expect(performance.now() - sinceMs).toBeGreaterThan(1_000);
    expect(sent.bytes).toBe(160_000);
    expect(sent.mostAtOnce).toBeLessThanOrEqual(16_384);
  });

  it("sends no more than the node may, to all together", async () => {
    const rates = openNodeRates({ uploadBytesPerS: 100_000 });
    await using house = await openHouse(false, { rates });
    const sinceMs = performance.now();
    await Promise.all([0, 1].map(() => ask(house.url, { range: "bytes=0-79999" })));
    expect(performance.now() - sinceMs).toBeGreaterThan(1_000);
  });

  it("answers a token eight times at once, and not once more until one of them is done", async () => {
    await using house = await openHouse();
    const { film, url } = house;
    const aud = `btih:${film.torrent.infohash}`;
    const [slow, other] = [await tokenFor(aud, 80n), await tokenFor(aud)];
    const head = (token: string) => askHead(url, { ...proofOf(token, url), range: "bytes=0-" });
    const under = await Promise.all(Array.from({ length: 8 }, () => head(slow)));
    expect(under.map(({ status }) => status)).toEqual(under.map(() => 206));
    expect((await ask(url, proofOf(slow, url))).status).toBe(429);
    expect((await ask(url, { ...proofOf(other, url), range: "bytes=0-9" })).status).toBe(206);
    for (const { close } of under) close();
    const again = async () => {
      const { status, close } = await head(slow);
      close();
      return status;
    };
    await expect.poll(again, { timeout: 15_000 }).toBe(206);
  });

  it("that listens on all addresses is reached by the one that was connected to, and by no other name", async () => {
    await using house = await openHouse(true, { host: "0.0.0.0" });
    const { film, url } = house;
    const token = await tokenFor(`btih:${film.torrent.infohash}`);
    const got = await ask(url, { ...proofOf(token, url), range: "bytes=0-9" });
    expect([got.status, got.bytes.length]).toEqual([206, 10]);
    const { port } = new URL(url);
    for (const host of [`evil.example:${port}`, `127.0.0.2:${port}`, "127.0.0.1"]) {
      const elsewhere = url.replace(/127\.0\.0\.1:\d+/, host);
      const refused = await ask(url, { ...proofOf(token, elsewhere), host });
      expect([refused.status, refused.bytes.length], host).toEqual([404, 0]);
    }
  });
});

describe("a public content over HTTP", () => {
  it("is a file with ranges, as servers of files give it", async () => {
    await using house = await openHouse(false);
    const { film, url, server } = house;
    const whole = await ask(url);
    expect(whole.status).toBe(200);
    expect(whole.bytes.equals(film.bytes)).toBe(true);
    const part = await ask(url, { range: "bytes=65530-131080" });
    expect(part.status).toBe(206);
    expect(part.headers["content-range"]).toBe("bytes 65530-131080/700000");
    expect(part.bytes.equals(film.bytes.subarray(65_530, 131_081))).toBe(true);
    expect((await ask(url, { range: "bytes=700000-" })).status).toBe(416);
    expect((await ask(url, {}, "HEAD")).bytes.length).toBe(0);
    expect((await ask(url, {}, "POST")).status).toBe(405);
    const infohash = "ab".repeat(20);
    for (const path of [
      `${infohash}/film.mp4`,
      "../etc/passwd",
      `${film.torrent.infohash}/%2e%2e/x`,
      "%ff",
    ]) {
      expect((await ask(`${server.baseUrl}${path}`)).status, path).toBe(404);
    }
  });
});

it("a token has one cap, whether its bearer asks by wires of several swarms or over HTTP", () => {
  const node = openNodeRates({});
  const grant = {
    account,
    expiresAtS: nowS() + 60,
    jti: "one",
    deviceKey: "aa",
    role: "viewer",
    bytesPerSMax: 1_000,
    marks: [],
  } as const;
  const limits = uploadLimits(node, grant);
  expect(limits).toHaveLength(1);
  for (const swarm of [new SwarmRates({ node }), new SwarmRates({ node })]) {
    expect(swarm.of(grant).up[0]).toBe(limits[0]);
  }
  expect(uploadLimits(node, { ...grant, jti: "two" })[0]).not.toBe(limits[0]);
});
