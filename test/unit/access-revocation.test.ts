// Goal: what an issuer takes back is taken back everywhere, whoever carries the news and in whatever order.
// Method: real signatures; the outbox on a real disk; the contract's view and the clock are ports.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { privateKeyOf } from "../../src/access/ed25519.ts";
import { makeIssuerSet, thumbprint } from "../../src/access/issuer-set.ts";
import { type Revocation, RevocationSet, revocationOf } from "../../src/access/revocation.ts";
import { readDelta, signDelta } from "../../src/access/revocation-delta.ts";
import { RevocationLog } from "../../src/access/revocation-log.ts";
import { type LiveToken, RightWatch } from "../../src/access/right-watch.ts";
import type { CborValue } from "../../src/lib/cbor.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { invariant } from "../../src/lib/invariant.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import { openOutbox } from "../../src/store/outbox.ts";

const NOW_S = 1_900_000_000;
const NET = "0123456789abcdef";
const seed = "11".repeat(32);
const key = loadDeviceKey(seed).publicKey.toHex();
const issuer = accountFromBytes(loadDeviceKey("33".repeat(32)).publicKey);
const viewer = accountFromBytes(loadDeviceKey("44".repeat(32)).publicKey);
const issuers = makeIssuerSet([{ account: issuer, key }]);
const folder = mkdtempSync(join(tmpdir(), "ace-revocation-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const until = { contract: "412", untilS: NOW_S + 300 };
const mark = ({ contract, kind, prefix }: Revocation, by = issuer) =>
  `${by}/${contract}/${kind}/${prefix}`;

it("survive a restart, are numbered without a gap, and are read by who trusts the issuer", () => {
  const dir = join(folder, "log");
  const at = { ledger: 9, nowS: NOW_S };
  const logOver = (store: ReturnType<typeof openOutbox>, set: RevocationSet) =>
    new RevocationLog({ issuer, kid: thumbprint(key), seed, net: NET, store, set });
  {
    using outbox = openOutbox(dir);
    const set = new RevocationSet();
    const log = logOver(outbox, set);
    log.revoke([revocationOf("jti", "one", until)], at);
    log.revoke([revocationOf("lse", "two", until), revocationOf("cnf", "three", until)], at);
    expect(set.size).toBe(3);
  }
  using outbox = openOutbox(dir);
  const after = new RevocationSet();
  const log = logOver(outbox, after);
  log.restore(NOW_S + 100);
  expect(after.codeOf([mark(revocationOf("jti", "one", until))], NOW_S + 100)).toBe(
    "TOKEN_REVOKED",
  );
  expect(after.codeOf([mark(revocationOf("lse", "two", until))], NOW_S + 100)).toBe("LEASE_LOST");
  expect(after.size).toBe(3);
  const { next, deltas } = log.since(0);
  expect(next).toBe(2);
  const read = deltas.map((delta) => readDelta(delta, { net: NET, issuers }));
  expect(read.map((delta) => delta?.seq)).toEqual([1, 2]);
  expect(read.flatMap((delta) => delta?.revocations ?? []).map(({ kind }) => kind)).toEqual([
    "jti",
    "lse",
    "cnf",
  ]);
  expect(log.since(1).deltas).toHaveLength(1);
  expect(log.since(2)).toEqual({ next: 2, deltas: [] });
  outbox.forget(NOW_S + 1_000);
  log.revoke([revocationOf("jti", "four", until)], at);
  expect(log.since(0)).toMatchObject({ next: 3, deltas: [{}] });
});

it("are believed for their signature alone", () => {
  using outbox = openOutbox(join(folder, "forged"));
  const set = new RevocationSet();
  const log = new RevocationLog({
    issuer,
    kid: thumbprint(key),
    seed,
    net: NET,
    store: outbox,
    set,
  });
  log.revoke([revocationOf("jti", "one", until)], { ledger: 9, nowS: NOW_S });
  const [delta] = log.since(0).deltas;
  if (delta === undefined) throw new Error("nothing was kept");
  const { body, signature } = delta;
  const flip = (hex: string, at: number) =>
    hex.slice(0, at) + (hex[at] === "0" ? "1" : "0") + hex.slice(at + 1);
  expect(readDelta(delta, { net: NET, issuers })).toBeDefined();
  expect(readDelta(delta, { net: "f".repeat(16), issuers })).toBeUndefined();
  expect(readDelta(delta, { net: NET, issuers: makeIssuerSet([]) })).toBeUndefined();
  for (let at = 0; at < body.length; at += 7) {
    expect(readDelta({ body: flip(body, at), signature }, { net: NET, issuers })).toBeUndefined();
  }
  for (let at = 0; at < signature.length; at += 7) {
    const forged = { body, signature: flip(signature, at) };
    expect(readDelta(forged, { net: NET, issuers })).toBeUndefined();
  }
});

it("end what their issuer signed and nothing else, and count only while its key is in force", () => {
  const other = accountFromBytes(loadDeviceKey("34".repeat(32)).publicKey);
  const secret = privateKeyOf(seed);
  invariant(secret !== undefined, "the seed is one");
  const list = (revocations: readonly Revocation[], ledger = 150) => {
    const kid = thumbprint(key);
    return signDelta({ net: NET, issuer, kid, seq: 1, ledger, revocations }, secret);
  };
  const sub = revocationOf("sub", viewer, until);
  const inForce = makeIssuerSet([{ account: issuer, key, fromLedger: 100, toLedger: 200 }]);
  const read = readDelta(list([sub]), { net: NET, issuers: inForce });
  const set = new RevocationSet();
  set.add(read?.revocations ?? [], NOW_S, read?.issuer ?? "");
  expect(set.codeOf([mark(sub)], NOW_S)).toBe("TOKEN_REVOKED");
  expect(set.codeOf([mark(sub, other)], NOW_S)).toBeUndefined();
  for (const ledger of [99, 201]) {
    expect(readDelta(list([sub], ledger), { net: NET, issuers: inForce })).toBeUndefined();
  }
  const elsewhere = makeIssuerSet([{ account: other, key }]);
  expect(readDelta(list([sub]), { net: NET, issuers: elsewhere })).toBeUndefined();
  const foreignKey = revocationOf("kid", thumbprint("ab".repeat(32)), { ...until, contract: "" });
  expect(readDelta(list([foreignKey]), { net: NET, issuers: inForce })).toBeUndefined();
  expect(
    readDelta(list([{ ...foreignKey, contract: "412" }]), { net: NET, issuers: inForce }),
  ).toBeUndefined();
});

it("make one set, in whatever order they come and however often", () => {
  const all = Array.from({ length: 50 }, (_, number) =>
    revocationOf("jti", `token ${number % 40}`, { ...until, untilS: NOW_S + 10 + number }),
  );
  const sets = [all, all.toReversed(), [...all, ...all]].map((order) => {
    const set = new RevocationSet();
    for (const revocation of order) set.add([revocation], NOW_S, issuer);
    return set;
  });
  for (const set of sets) {
    expect(set.size).toBe(40);
    for (const revocation of all) {
      for (const atS of [NOW_S, NOW_S + 25, NOW_S + 49, NOW_S + 60]) {
        const [first] = sets.map((one) => one.codeOf([mark(revocation)], atS));
        expect(set.codeOf([mark(revocation)], atS)).toBe(first);
      }
    }
  }
});

it("hold no memory beyond their bound, and none for ever", () => {
  const set = new RevocationSet();
  const forEver = revocationOf("jti", "one", { contract: "412", untilS: NOW_S * 10 });
  set.add([forEver], NOW_S, issuer);
  expect(set.codeOf([mark(forEver)], NOW_S + 959)).toBe("TOKEN_REVOKED");
  expect(set.codeOf([mark(forEver)], NOW_S + 960)).toBeUndefined();
  for (let start = 0; start < 120_000; start += 1_000) {
    const some = Array.from({ length: 1_000 }, (_, number) =>
      revocationOf("jti", `${start + number}`, until),
    );
    set.add(some, NOW_S, issuer);
  }
  expect(set.size).toBe(100_000);
});

it("stay in force however many tokens another issuer takes back", () => {
  const flooder = accountFromBytes(loadDeviceKey("34".repeat(32)).publicKey);
  const set = new RevocationSet();
  const honest = revocationOf("jti", "one", until);
  set.add([honest], NOW_S, issuer);
  const flood = Array.from({ length: 100_001 }, (_, number) =>
    revocationOf("jti", `${number}`, until),
  );
  set.add(flood, NOW_S, flooder);
  expect(set.size).toBe(100_001);
  expect(set.codeOf([mark(honest)], NOW_S)).toBe("TOKEN_REVOKED");
});

function watched(tokens: readonly Partial<LiveToken>[]) {
  const revoked: Revocation[] = [];
  const asked: bigint[] = [];
  const world = { answers: new Map<bigint, Record<string, CborValue>>(), revoked, asked };
  const granted = { ok: true, until: 0n, concurrent: 0n, devices: 0n, role: "viewer" };
  const watch = new RightWatch({
    views: {
      view: async ({ contract }) => {
        asked.push(contract);
        const answer = { ...granted, ...world.answers.get(contract) };
        const isDown = answer["ok"] === null;
        const result = new Map(Object.entries(answer));
        return { ok: !isDown, code: isDown ? "OUT_OF_GAS" : "", result };
      },
    },
    head: () => ({ sequence: 9, closeTime: BigInt(NOW_S), stateRoot: "00".repeat(32) }),
    live: () =>
      tokens.map((token, number) => ({
        jti: `token ${number}`,
        account: viewer,
        contract: 412n,
        content: "c0".repeat(32),
        deviceKey: key,
        expiresAtS: NOW_S + 300,
        ...token,
      })),
    revoke: (revocations) => revoked.push(...revocations),
    events: silentEvents,
    clock: { nowMs: () => NOW_S * 1_000 },
  });
  const onLedger = (contracts: readonly number[], removedDevices: readonly string[] = []) =>
    watch.onLedger({ contracts: new Set(contracts), removedDevices });
  return { world, onLedger };
}

it("come with the ledger that takes the right away, for the tokens under it and no others", async () => {
  const { world, onLedger } = watched([{}, {}, { contract: 413n }]);
  await onLedger([412, 413]);
  expect(world.revoked).toEqual([]);
  world.answers.set(412n, { ok: false, reason: "revoked" });
  await onLedger([412]);
  expect(world.revoked.map((revocation) => mark(revocation))).toEqual(
    ["token 0", "token 1"].map((jti) => mark(revocationOf("jti", jti, until))),
  );
});

it("do not come from a contract that fails: only its own word takes a right away", async () => {
  const { world, onLedger } = watched([{}]);
  world.answers.set(412n, { ok: null });
  await onLedger([412]);
  expect(world.revoked).toEqual([]);
});

it("come when a right now ends before its token does", async () => {
  const { world, onLedger } = watched([{}]);
  world.answers.set(412n, { until: BigInt(NOW_S + 20) });
  await onLedger([412]);
  expect(world.revoked).toHaveLength(1);
});

it("come for every token of a device that its owner removed", async () => {
  const other = loadDeviceKey("66".repeat(32)).publicKey.toHex();
  const { world, onLedger } = watched([
    {},
    { deviceKey: other },
    { deviceKey: other, contract: 9n },
  ]);
  await onLedger([2], [other]);
  expect(world.revoked.map(({ kind, contract }) => `${kind} ${contract}`)).toEqual([
    "cnf 412",
    "cnf 9",
  ]);
});

it("reach rights that rest on another contract's state with one of the next ledgers", async () => {
  const tokens = Array.from({ length: 60 }, (_, number) => ({ contract: BigInt(500 + number) }));
  const { world, onLedger } = watched(tokens);
  world.answers.set(559n, { ok: false, reason: "no_right" });
  for (let ledger = 0; ledger < 3; ledger += 1) await onLedger([7]);
  expect(world.revoked).toHaveLength(1);
  expect(world.asked).toHaveLength(60);
});
