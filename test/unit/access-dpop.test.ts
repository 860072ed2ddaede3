// Goal: a token in a request is worth nothing without its device, and a proof works once, here and now.
// Method: real keys and tokens of the vectors' issuer; clock and contract are ports.
import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { loadDeviceKey, makeDeviceSeed } from "../../src/access/device-key.ts";
import { checkDpop, DpopMemory, makeDpopProof } from "../../src/access/dpop.ts";
import { TokenIssuer } from "../../src/access/issue.ts";
import { makeIssuerSet } from "../../src/access/issuer-set.ts";
import { AccessPolicy } from "../../src/access/policy.ts";
import { RevocationSet, revocationOf } from "../../src/access/revocation.ts";
import { encodeBase64url } from "../../src/access/text-bytes.ts";
import { TokenVerifier } from "../../src/access/verifier.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";

const START_S = 1_900_000_000;
const NET = "0123456789abcdef";
const AUD = `btih:${"ab".repeat(20)}`;
const URL_ASKED = "https://seed.example:8443/content/film.mp4";
const SEED = "11".repeat(32);
const viewer = accountFromBytes(loadDeviceKey("44".repeat(32)).publicKey);
const device = loadDeviceKey(makeDeviceSeed());
const thief = loadDeviceKey(makeDeviceSeed());
const issuers = makeIssuerSet([{ account: viewer, key: loadDeviceKey(SEED).publicKey.toHex() }]);

async function open() {
  const clock = { nowS: START_S, nowMs: (): number => clock.nowS * 1_000 };
  const answer = {
    ok: true,
    until: 0n,
    concurrent: 0n,
    devices: 0n,
    role: "viewer",
    maxKbps: 800n,
  };
  const issuer = new TokenIssuer({
    account: viewer,
    seed: SEED,
    net: NET,
    lifeS: () => 300,
    head: () => ({ sequence: 7, closeTime: BigInt(START_S), stateRoot: "5e".repeat(32) }),
    contentOf: (id) => ({ id, swarm: AUD, contract: 412n }),
    views: { view: async () => ({ ok: true, code: "", result: new Map(Object.entries(answer)) }) },
    issued: { record: () => {} },
    clock,
  });
  const deviceKey = device.publicKey.toHex();
  const { token } = await issuer.issue({ account: viewer, deviceKey, content: "c0".repeat(32) });
  const revocations = new RevocationSet();
  const verifier = new TokenVerifier({
    net: NET,
    issuers: () => issuers,
    licenceOf: () => 412n,
    revocations,
  });
  const policy = new AccessPolicy({ verifier, revocations, proofs: new DpopMemory(), clock });
  const request = { method: "GET", url: URL_ASKED, token };
  const ask = (change: object = {}, by = device, authorization = `DPoP ${token}`) => {
    const dpop = makeDpopProof(by, { ...request, nowS: clock.nowS, ...change });
    return policy.admitRequest({ method: "GET", url: URL_ASKED, authorization, dpop, aud: AUD });
  };
  return { clock, token, policy, ask, revocations };
}

it("admits a request with a token and a proof of its device, once", async () => {
  const { policy, token } = await open();
  const dpop = makeDpopProof(device, { method: "GET", url: URL_ASKED, token, nowS: START_S });
  const request = {
    method: "GET",
    url: `${URL_ASKED}?range=1`,
    authorization: `DPoP ${token}`,
    dpop,
    aud: AUD,
  };
  expect(policy.admitRequest(request)).toMatchObject({
    ok: true,
    grant: { account: viewer, expiresAtS: START_S + 300, role: "viewer", bytesPerSMax: 100_000 },
  });
  expect(policy.admitRequest(request)).toEqual({ ok: false, code: "PROOF_REPLAYED" });
});

it("admits a proof once, also when it was made a minute ahead and comes back in its last second", async () => {
  const { policy, token, clock } = await open();
  const nowS = START_S + 60;
  const dpop = makeDpopProof(device, { method: "GET", url: URL_ASKED, token, nowS });
  const request = { method: "GET", url: URL_ASKED, authorization: `DPoP ${token}`, dpop, aud: AUD };
  expect(policy.admitRequest(request)).toMatchObject({ ok: true });
  const answers = new Set<string>();
  for (clock.nowS = START_S; clock.nowS <= START_S + 121; clock.nowS += 1) {
    const again = policy.admitRequest(request);
    answers.add(again.ok ? "admitted" : again.code);
  }
  expect([...answers]).toEqual(["PROOF_REPLAYED", "PROOF_INVALID"]);
});

it.each<[string, object, string]>([
  ["for another method", { method: "HEAD" }, "PROOF_INVALID"],
  ["for another path", { url: `${URL_ASKED}x` }, "PROOF_INVALID"],
  ["for another host", { url: URL_ASKED.replace("seed", "evil") }, "PROOF_INVALID"],
  ["for another port", { url: URL_ASKED.replace("8443", "8444") }, "PROOF_INVALID"],
  ["for another token", { token: "a.b.c" }, "PROOF_INVALID"],
  ["that names no token", { token: undefined }, "PROOF_INVALID"],
  ["from a minute ago", { nowS: START_S - 61 }, "PROOF_INVALID"],
  ["from a minute ahead", { nowS: START_S + 61 }, "PROOF_INVALID"],
])("refuses a proof %s", async (_what, change, code) => {
  const { ask } = await open();
  expect(ask(change)).toEqual({ ok: false, code });
});

it("refuses a stolen token under the thief's own key, a bearer's, and none", async () => {
  const { ask, token } = await open();
  expect(ask({}, thief)).toEqual({ ok: false, code: "TOKEN_NOT_YOURS" });
  expect(ask({}, device, `Bearer ${token}`)).toEqual({ ok: false, code: "GATE_REQUIRED" });
  expect(ask({}, device, "")).toEqual({ ok: false, code: "GATE_REQUIRED" });
  expect(ask({}, device, `DPoP ${token.slice(0, -4)}AAAA`)).toMatchObject({ ok: false });
});

it("takes no proof apart from what it signs, whatever is done to its text", async () => {
  const request = { method: "GET", url: URL_ASKED, nowS: START_S };
  const good = makeDpopProof(device, request);
  expect(checkDpop(good, request)).toMatchObject({ ok: true });
  const [header = "", payload = "", signature = ""] = good.split(".");
  const other = makeDpopProof(thief, request).split(".");
  const of = (value: object) => encodeBase64url(new TextEncoder().encode(JSON.stringify(value)));
  const none = { alg: "none", typ: "dpop+jwt", jwk: {} };
  const forged = [
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${good}.${signature}`,
    `${other[0]}.${payload}.${signature}`,
    `${header}.${other[1]}.${signature}`,
    `${of(none)}.${payload}.${signature}`,
    `${header}.${payload}.${encodeBase64url(randomBytes(64))}`,
    "x".repeat(5_000),
    "",
  ];
  for (const text of forged) expect(checkDpop(text, request)).toMatchObject({ ok: false });
});

it("remembers used proofs as long as they could be used again, and not longer", () => {
  const memory = new DpopMemory();
  const proof = { ok: true as const, deviceKey: "d", jti: "one", epk: undefined };
  expect(memory.use(proof, START_S)).toBe(true);
  expect(memory.use(proof, START_S + 119)).toBe(false);
  expect(memory.use({ ...proof, deviceKey: "e" }, START_S)).toBe(true);
  expect(memory.use(proof, START_S + 121)).toBe(true);
  expect(memory.size).toBe(1);
});

const used = (deviceKey: string, number: number) => ({
  ok: true as const,
  deviceKey,
  jti: `proof ${number}`,
  epk: undefined,
});

it("lets no device fill the memory that others need, nor forget what it used itself", () => {
  const memory = new DpopMemory();
  let taken = 0;
  for (let number = 0; number < 120_000; number += 1) {
    if (memory.use(used("greedy", number), START_S)) taken += 1;
  }
  expect(taken).toBe(8_192);
  expect(memory.use(used("greedy", 0), START_S + 120)).toBe(false);
  expect(memory.use(used("other", 0), START_S)).toBe(true);
  expect(memory.use(used("greedy", 200_000), START_S + 121)).toBe(true);
});

it("gives back to a device what it used, as it is forgotten", () => {
  const memory = new DpopMemory();
  expect(memory.use(used("steady", 0), START_S)).toBe(true);
  for (let number = 1; number < 8_192; number += 1)
    memory.use(used("steady", number), START_S + 60);
  expect(memory.use(used("steady", 8_192), START_S + 120)).toBe(false);
  expect(memory.use(used("steady", 8_192), START_S + 121)).toBe(true);
  expect(memory.use(used("steady", 8_193), START_S + 121)).toBe(false);
});

it("goes on with who asks seldom when many greedy devices have filled it, and has an end", () => {
  const memory = new DpopMemory();
  for (let device = 0; device < 20; device += 1) {
    for (let number = 0; number < 8_192; number += 1) {
      memory.use(used(`greedy ${device}`, number), START_S);
    }
  }
  // Twelve filled it, and the last eight had a few each.
  expect(memory.size).toBe(100_000 + 7 * 32);
  expect(memory.use(used("greedy 0", 9_000), START_S)).toBe(false);
  for (let number = 0; number < 32; number += 1) {
    expect(memory.use(used("seldom", number), START_S)).toBe(true);
    expect(memory.use(used("seldom", number), START_S)).toBe(false);
  }
  expect(memory.use(used("seldom", 32), START_S)).toBe(false);
  for (let device = 0; device < 60_000; device += 1) memory.use(used(`d${device}`, 0), START_S);
  expect(memory.size).toBe(150_000);
  expect(memory.use(used("d0", 0), START_S + 121)).toBe(true);
  expect(memory.size).toBe(1);
});

it("ends what it granted when the token ends, is revoked by name, or loses its lease", async () => {
  const { ask, policy, clock, revocations } = await open();
  const admission = ask();
  if (!admission.ok) throw new Error(admission.code);
  const { grant } = admission;
  let heard = 0;
  const stop = policy.onChange(() => {
    heard += 1;
  });
  expect(policy.endedBy(grant, START_S + 299)).toBeUndefined();
  expect(policy.endedBy(grant, START_S + 300)).toBe("TOKEN_EXPIRED");
  const until = { contract: "412", untilS: START_S + 300 };
  revocations.add([revocationOf("jti", "another", until)], START_S, viewer);
  revocations.add([revocationOf("jti", grant.jti, { ...until, contract: "413" })], START_S, viewer);
  expect(policy.endedBy(grant, START_S)).toBeUndefined();
  revocations.add([revocationOf("jti", grant.jti, until)], START_S, viewer);
  expect(policy.endedBy(grant, START_S)).toBe("TOKEN_REVOKED");
  expect(heard).toBe(3);
  stop();
  clock.nowS += 1;
  // A token that is remembered is looked up among the revoked like any other.
  expect(ask()).toEqual({ ok: false, code: "TOKEN_REVOKED" });
});
