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
import { openWebSeedServer, type WebSeedServer } from "../../src/p2p/web-seed-server.ts";
import {
  type Film,
  joinLeech,
  joinSeed,
  makeFilm,
  newKey,
  type Party,
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
async function openHouse(isGated = true, host = "127.0.0.1"): Promise<House> {
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
    await viewer.swarm.download(AbortSignal.timeout(15_000));
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
  it("sends what a token's cap allows a second in one go, never a piece and then a long silence", async () => {
    await using house = await openHouse();
    const { film, url, sent } = house;
    const token = await tokenFor(`btih:${film.torrent.infohash}`, 80n);
    const got = await ask(url, { ...proofOf(token, url), range: "bytes=0-11999" });
    expect(got.bytes.equals(film.bytes.subarray(0, 12_000))).toBe(true);
    expect(sent).toEqual({ bytes: 12_000, mostAtOnce: 10_000 });
  });

  it("that listens on all addresses is reached by the one that was connected to, and by no other name", async () => {
    await using house = await openHouse(true, "0.0.0.0");
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
