// Goal: a token says what the contract said, is bound to one device, and stops when it should.
// Method: real keys, signatures and CBOR; the contract's view, the head and the clock are ports.
import { randomBytes } from "node:crypto";
import { CompactSign, createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { loadDeviceKey, makeDeviceSeed } from "../../src/access/device-key.ts";
import { privateKeyOf } from "../../src/access/ed25519.ts";
import { type Content, type IssuedToken, TokenIssuer } from "../../src/access/issue.ts";
import { jwkSetOf, makeIssuerSet, thumbprint } from "../../src/access/issuer-set.ts";
import { Lru } from "../../src/access/lru.ts";
import { SESSION_LIFE_S, Sessions } from "../../src/access/session.ts";
import { TokenVerifier } from "../../src/access/verifier.ts";
import { verifyToken } from "../../src/access/verify.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../../src/lib/cbor.ts";
import type { ErrorCode } from "../../src/lib/errors.ts";
import { accountBytes, accountFromBytes } from "../../src/lib/strkey.ts";

const START_S = 1_900_000_000;
const NET = "0123456789abcdef";
const tokenSeed = "11".repeat(32);
const tokenKey = loadDeviceKey(tokenSeed).publicKey.toHex();
const device = loadDeviceKey("22".repeat(32)).publicKey.toHex();
const issuerAccount = accountFromBytes(loadDeviceKey("33".repeat(32)).publicKey);
const viewer = accountFromBytes(loadDeviceKey("44".repeat(32)).publicKey);
const content: Content = {
  id: "c0".repeat(32),
  swarm: `btih:${"ab".repeat(20)}`,
  contract: 412n,
};
const other: Content = { id: "c1".repeat(32), swarm: `btih:${"cd".repeat(20)}`, contract: 413n };
const set = makeIssuerSet([{ account: issuerAccount, key: tokenKey }]);

const record = (fields: Readonly<Record<string, CborValue>>): CborValue =>
  new Map(Object.entries(fields));
const granted = { ok: true, until: 0n, concurrent: 0n, devices: 0n, role: "viewer", reason: "" };
const refused = (code: ErrorCode) => expect.objectContaining({ code });

function open(answer: CborValue = record(granted), lifeS = 300) {
  const clock = { nowS: START_S, nowMs: (): number => clock.nowS * 1_000 };
  const world = {
    clock,
    answer,
    ok: true,
    code: "",
    head: { sequence: 1_000, closeTime: BigInt(START_S - 4), stateRoot: "5e".repeat(32) },
    asked: [] as { contract: bigint; method: string; args: readonly CborValue[] }[],
    onView: (): void => {},
    issued: [] as IssuedToken[],
    contents: [content, other],
    issuerSet: set,
  };
  const issuer = new TokenIssuer({
    account: issuerAccount,
    seed: tokenSeed,
    net: NET,
    lifeS: () => lifeS,
    head: () => world.head,
    contentOf: (id) => world.contents.find((known) => known.id === id),
    views: {
      view: async (request) => {
        world.asked.push(request);
        world.onView();
        return { ok: world.ok, code: world.code, result: world.answer };
      },
    },
    issued: { record: (token) => void world.issued.push(token) },
    clock,
  });
  const verifier = new TokenVerifier({
    net: NET,
    issuers: () => world.issuerSet,
    licenceOf: (aud) => world.contents.find(({ swarm }) => swarm === aud)?.contract,
  });
  const issue = async () =>
    await issuer.issue({ account: viewer, deviceKey: device, content: content.id });
  const verify = (token: string, aud = content.swarm) =>
    verifier.verify(token, { aud, nowS: clock.nowS });
  return { world, issuer, issue, verify, clock };
}

it("writes the right that the contract grants into a token that verifies everywhere", async () => {
  const { issue, verify, world } = open();
  const { token, expiresAtS, contract } = await issue();
  expect({ expiresAtS, contract }).toEqual({ expiresAtS: START_S + 300, contract: 412n });

  const [header = "", payload = ""] = token.split(".");
  expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({
    alg: "EdDSA",
    typ: "ace-access+jwt",
    kid: thumbprint(tokenKey),
  });
  expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toEqual({
    iss: issuerAccount,
    sub: viewer,
    aud: content.swarm,
    jti: expect.stringMatching(/^[A-Za-z0-9_-]{16}$/),
    iat: START_S,
    nbf: START_S - 5,
    exp: START_S + 300,
    cnf: {
      jwk: { kty: "OKP", crv: "Ed25519", x: Buffer.from(device, "hex").toString("base64url") },
    },
    net: NET,
    lic: "412",
    led: 1_000,
    root: Buffer.from(world.head.stateRoot, "hex").toString("base64url"),
  });
  const verified = { ok: true, account: viewer, deviceKey: device, expiresAtS };
  expect(verify(token)).toMatchObject(verified);
  const wanted = {
    aud: content.swarm,
    net: NET,
    nowS: START_S,
    issuers: set.issuers,
    lic: "412",
  };
  expect(await verifyToken(token, wanted)).toMatchObject(verified);
  const jwks = createLocalJWKSet({ keys: jwkSetOf(set).keys.map((key) => ({ ...key })) });
  const currentDate = new Date(START_S * 1_000);
  const theirs = await jwtVerify(token, jwks, { audience: content.swarm, currentDate });
  expect(theirs.payload.sub).toBe(viewer);
});

it("asks `access` with account, content, ledger time and device", async () => {
  const { issue, world } = open();
  await issue();
  const [asked] = world.asked;
  expect(asked).toMatchObject({ contract: 412n, method: "access" });
  expect(decodeCbor(encodeCbor(asked?.args ?? []))).toEqual([
    accountBytes(viewer),
    Uint8Array.fromHex(content.id),
    new Map<string, CborValue>([
      ["atS", BigInt(START_S - 4)],
      ["device", Uint8Array.fromHex(device)],
    ]),
  ]);
});

it("ends a token with the right, when that ends sooner", async () => {
  const soon = open(record({ ...granted, until: BigInt(START_S + 17) }));
  expect((await soon.issue()).expiresAtS).toBe(START_S + 17);
  const late = open(record({ ...granted, until: BigInt(START_S + 10_000) }));
  expect((await late.issue()).expiresAtS).toBe(START_S + 300);
  const over = open(record({ ...granted, until: BigInt(START_S) }));
  await expect(over.issue()).rejects.toEqual(refused("LICENCE_EXPIRED"));
  expect(over.world.issued).toEqual([]);
});

it("names a role that is not the viewer's", async () => {
  const { issue, verify } = open(record({ ...granted, role: "owner" }));
  expect(verify((await issue()).token)).toMatchObject({ claims: { rol: "owner" } });
});

it("records a token before it leaves, and gives none when that fails", async () => {
  const { issuer, issue, world, verify } = open();
  const { token } = await issue();
  const verdict = verify(token);
  expect(world.issued).toEqual([
    {
      jti: verdict.ok ? verdict.claims.jti : "",
      account: viewer,
      contract: 412n,
      audience: content.swarm,
      ledger: 1_000,
      expiresAtS: START_S + 300,
      content: content.id,
      deviceKey: device,
    },
  ]);
  world.issued.push = () => {
    throw new Error("disk full");
  };
  const request = { account: viewer, deviceKey: device, content: content.id };
  await expect(issuer.issue(request)).rejects.toThrow("disk full");
});

it.each<[string, ErrorCode]>([
  ["unknown_content", "CONTENT_NOT_OFFERED"],
  ["no_right", "LICENCE_MISSING"],
  ["pending", "LICENCE_NOT_STARTED"],
  ["revoked", "LICENCE_REVOKED"],
  ["not_yet", "LICENCE_NOT_STARTED"],
  ["start_expired", "LICENCE_EXPIRED"],
  ["expired", "LICENCE_EXPIRED"],
  ["territory", "REGION_DENIED"],
  ["device_unknown", "DEVICE_NOT_LINKED"],
  ["device_limit", "DEVICE_LIMIT"],
  ["plays_spent", "MINUTES_SPENT"],
  ["time_spent", "MINUTES_SPENT"],
  ["meter_empty", "MINUTES_SPENT"],
])("tells the viewer what to do about %s", async (reason, code) => {
  const { issue } = open(record({ ...granted, ok: false, reason }));
  await expect(issue()).rejects.toEqual(refused(code));
});

it.each<[string, string | undefined]>([
  ["https://shop.example/film?id=412", "https://shop.example/film?id=412"],
  ["http://127.0.0.1:8080/", "http://127.0.0.1:8080/"],
  ["javascript:alert(1)", undefined],
  ["file:///etc/passwd", undefined],
  ["https://bank.example@shop.example/", undefined],
  ["shop", undefined],
  [`https://shop.example/${"x".repeat(512)}`, undefined],
])("names the page that a contract offers, when it is one: %s", async (offer, offerUrl) => {
  const { issue } = open(record({ ...granted, ok: false, reason: "no_right", offer }));
  await expect(issue()).rejects.toMatchObject({ code: "LICENCE_MISSING", offerUrl });
});

it.each<[string, CborValue]>([
  ["no record", null],
  ["a list", [true]],
  ["bytes", new Uint8Array(1)],
  ["nothing about the grant", record({ until: 0n })],
  ["a grant in words", record({ ...granted, ok: "yes" })],
  ["a grant as a number", record({ ...granted, ok: 1n })],
  ["an unknown reason", record({ ...granted, ok: false, reason: "mood" })],
  ["no reason", record({ ok: false })],
  ["a negative end", record({ ...granted, until: -1n })],
  ["an end in words", record({ ...granted, until: "never" })],
  ["no limit of devices", record({ ok: true, until: 0n, concurrent: 0n, role: "viewer" })],
  ["an unknown role", record({ ...granted, role: "admin" })],
])("calls a contract faulty that answers %s", async (_, answer) => {
  const { issue, world } = open(answer);
  await expect(issue()).rejects.toEqual(refused("ACCESS_METHOD_INVALID"));
  expect(world.issued).toEqual([]);
});

it("asks for a linked device where the right limits devices", async () => {
  const { issue, world } = open(record({ ...granted, devices: 2n }));
  const limited = world.answer;
  const holders: readonly [CborValue, boolean][] = [
    [accountBytes(viewer), true],
    [accountBytes(issuerAccount), false],
    [null, false],
    [viewer, false],
  ];
  for (const [holder, isLinked] of holders) {
    world.onView = () => {
      world.answer = world.asked.at(-1)?.method === "holder" ? holder : limited;
    };
    if (isLinked) await issue();
    else await expect(issue()).rejects.toEqual(refused("DEVICE_NOT_LINKED"));
  }
  const asked = { contract: 2n, method: "holder", args: [Uint8Array.fromHex(device)] };
  expect(world.asked.at(-1)).toEqual(asked);
});

it("refuses a right whose plays at once it could not count", async () => {
  const { issue } = open(record({ ...granted, concurrent: 1n }));
  await expect(issue()).rejects.toEqual(refused("ACCESS_METHOD_INVALID"));
});

it("tells a contract that fails from one that is not there", async () => {
  const { issue, world } = open();
  Object.assign(world, { ok: false, code: "OUT_OF_GAS" });
  await expect(issue()).rejects.toEqual(refused("ACCESS_METHOD_INVALID"));
  Object.assign(world, { code: "CONTRACT_UNKNOWN" });
  await expect(issue()).rejects.toEqual(refused("CONTRACT_UNKNOWN"));
});

it("refuses contents it has no record of, and a contract that is not the record's", async () => {
  const { issuer } = open();
  const request = { account: viewer, deviceKey: device, content: content.id };
  await expect(issuer.issue({ ...request, content: "ff".repeat(32) })).rejects.toEqual(
    refused("CONTENT_NOT_FOUND"),
  );
  await expect(issuer.issue({ ...request, contract: 413n })).rejects.toEqual(
    refused("CONTENT_NOT_OFFERED"),
  );
  await issuer.issue({ ...request, contract: 412n });
});

it("reads the right again when a ledger closed meanwhile, so that root and right agree", async () => {
  const { issue, verify, world } = open(record({ ...granted, ok: false, reason: "no_right" }));
  world.answer = record(granted);
  world.onView = () => {
    if (world.asked.length === 1) {
      world.head = { ...world.head, sequence: 1_001, stateRoot: "6e".repeat(32) };
    }
  };
  expect(verify((await issue()).token)).toMatchObject({ claims: { led: 1_001 } });
  expect(world.asked).toHaveLength(2);

  world.onView = () => {
    world.head = { ...world.head, sequence: world.head.sequence + 1 };
  };
  await expect(issue()).rejects.toEqual(refused("NODE_BEHIND"));
});

it("issues nothing while its node is over a minute behind", async () => {
  const { issue, clock } = open();
  clock.nowS = START_S + 56;
  await issue();
  clock.nowS = START_S + 57;
  await expect(issue()).rejects.toEqual(refused("NODE_BEHIND"));
});

describe("the verifier of a node", () => {
  it("refuses on a remembered token whatever it refuses on a new one", async () => {
    const { issue, verify, clock, world } = open();
    const { token } = await issue();
    expect(verify(token).ok).toBe(true);
    expect(verify(token, other.swarm)).toMatchObject({ code: "TOKEN_AUDIENCE" });
    world.contents = [{ ...content, contract: 999n }];
    expect(verify(token)).toMatchObject({ code: "TOKEN_AUDIENCE" });
    world.contents = [];
    expect(verify(token)).toMatchObject({ code: "TOKEN_AUDIENCE" });
    world.contents = [content];
    world.issuerSet = makeIssuerSet([]);
    expect(verify(token)).toMatchObject({ code: "ISSUER_UNKNOWN" });
    world.issuerSet = set;
    clock.nowS = START_S + 299;
    expect(verify(token).ok).toBe(true);
    clock.nowS = START_S + 300;
    expect(verify(token)).toMatchObject({ code: "TOKEN_EXPIRED" });
  });

  it("remembers no refusal that belongs to the place and not to the token", async () => {
    const { issue, verify, world, clock } = open();
    const { token } = await issue();
    expect(verify(token, other.swarm)).toMatchObject({ code: "TOKEN_AUDIENCE" });
    world.issuerSet = makeIssuerSet([]);
    expect(verify(token)).toMatchObject({ code: "ISSUER_UNKNOWN" });
    world.issuerSet = set;
    clock.nowS = START_S - 100;
    expect(verify(token)).toMatchObject({ code: "TOKEN_INVALID" });
    clock.nowS = START_S;
    expect(verify(token).ok).toBe(true);
  });

  it("remembers a forgery and goes on refusing it", async () => {
    const { issue, verify } = open();
    const { token } = await issue();
    const forged = `${token.slice(0, -10)}${token.at(-10) === "A" ? "B" : "A"}${token.slice(-9)}`;
    expect(verify(forged)).toMatchObject({ code: "TOKEN_INVALID" });
    expect(verify(forged)).toMatchObject({ code: "TOKEN_INVALID" });
    expect(verify(token).ok).toBe(true);
  });

  it("tells a device that is not the token's, and only under a good signature", async () => {
    const { issue, world, clock } = open();
    const verifier = new TokenVerifier({
      net: NET,
      issuers: () => world.issuerSet,
      licenceOf: () => 412n,
    });
    const { token } = await issue();
    const want = { aud: content.swarm, nowS: clock.nowS, deviceKey: tokenKey };
    const forged = `${token.slice(0, -10)}${token.at(-10) === "A" ? "B" : "A"}${token.slice(-9)}`;
    expect(verifier.verify(forged, want)).toMatchObject({ code: "TOKEN_INVALID" });
    expect(verifier.verify(token, want)).toMatchObject({ code: "TOKEN_NOT_YOURS" });
    expect(verifier.verify(token, { ...want, deviceKey: device }).ok).toBe(true);
  });

  it("keeps a bounded number of tokens, those in use among them", () => {
    const lru = new Lru<number>(100);
    lru.set("used", -1);
    for (let number = 0; number < 10_000; number += 1) {
      lru.set(`once ${number}`, number);
      expect(lru.get("used")).toBe(-1);
    }
    expect(lru.size).toBeLessThanOrEqual(100);
    expect(lru.get("once 0")).toBeUndefined();
    expect(lru.get("once 9999")).toBe(9_999);
    lru.delete("used");
    expect(lru.get("used")).toBeUndefined();
  });
});

describe("issuers", () => {
  it("are named by the thumbprint that RFC 8037 prints for its key", () => {
    const x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    expect(thumbprint(Buffer.from(x, "base64url").toString("hex"))).toBe(
      "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    );
  });

  it("are refused when a key stands twice or anybody can sign for it", () => {
    const entry = { account: issuerAccount, key: tokenKey };
    const fault = refused("NETWORK_FILE_INVALID");
    expect(() => makeIssuerSet([entry, entry])).toThrow(fault);
    for (const key of ["00".repeat(32), `01${"00".repeat(30)}80`, `ec${"ff".repeat(31)}`, "ab"]) {
      expect(() => makeIssuerSet([{ account: issuerAccount, key }])).toThrow(fault);
    }
  });
});

describe("device keys", () => {
  it("are new each time and the same each time they are loaded", () => {
    const [first, second] = [makeDeviceSeed(), makeDeviceSeed()];
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(first).not.toBe(second);
    expect(loadDeviceKey(first).publicKey).toEqual(loadDeviceKey(first).publicKey);
  });

  it("are the keys of RFC 8032, test 1", () => {
    const key = loadDeviceKey("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    expect(key.publicKey.toHex()).toBe(
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    );
    expect(key.sign(new Uint8Array()).toHex()).toMatch(/^e5564300c360ac729086e2cc806e828a/);
  });

  it("are refused when damaged on disk", () => {
    for (const seed of ["", "zz".repeat(32), "00".repeat(31)]) {
      expect(() => loadDeviceKey(seed)).toThrow(refused("PROOF_INVALID"));
    }
  });
});

describe("sessions", () => {
  const clock = { nowS: START_S, nowMs: (): number => clock.nowS * 1_000 };
  const sessions = new Sessions({ nodeId: "node-a", seed: "55".repeat(32), clock });
  const identity = { account: viewer, deviceKey: device };

  it("give back who signed in, for a day", async () => {
    clock.nowS = START_S;
    const { token, expiresAtS } = await sessions.issue(identity);
    expect(expiresAtS).toBe(START_S + SESSION_LIFE_S);
    expect(await sessions.read(token)).toEqual({ ...identity, expiresAtS });
    clock.nowS = expiresAtS;
    await expect(sessions.read(token)).rejects.toEqual(refused("SESSION_INVALID"));
    clock.nowS = START_S;
  });

  it("open nothing but the node that made them", async () => {
    const { token } = await sessions.issue(identity);
    const elsewhere = new Sessions({ nodeId: "node-b", seed: "55".repeat(32), clock });
    await expect(elsewhere.read(token)).rejects.toEqual(refused("SESSION_INVALID"));
    const stranger = new Sessions({ nodeId: "node-a", seed: "66".repeat(32), clock });
    await expect(stranger.read(token)).rejects.toEqual(refused("SESSION_INVALID"));
  });

  it("are neither access tokens nor anything else that the same key signed", async () => {
    const key = privateKeyOf("55".repeat(32));
    expect(key).toBeDefined();
    if (key === undefined) return;
    const { token } = await sessions.issue(identity);
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url");
    const sign = async (typ: string) =>
      await new CompactSign(payload).setProtectedHeader({ alg: "EdDSA", typ }).sign(key);
    expect(await sessions.read(await sign("ace-session+jwt"))).toMatchObject(identity);
    for (const typ of ["ace-access+jwt", "JWT", ""]) {
      const forged = await sign(typ);
      await expect(sessions.read(forged)).rejects.toEqual(refused("SESSION_INVALID"));
    }
    for (const text of [
      "",
      "a.b.c",
      token.slice(1),
      `${token}.`,
      "x".repeat(5_000),
      randomBytes(40).toString("hex"),
    ]) {
      await expect(sessions.read(text)).rejects.toEqual(refused("SESSION_INVALID"));
    }
  });
});
