// Goal: a content key reaches the device that proved a right, and nothing else, at no other time.
import { createPrivateKey, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type KeptEpoch, type KeyHolder, KeyRelease } from "../../src/access/key-release.ts";
import { keyOpenerOf, makeKeyOpener, wrapKey, wrapKeyWith } from "../../src/access/key-wrap.ts";

const vectors = JSON.parse(readFileSync("test/vectors/p2p/encryption.json", "utf8"));
const bytes = (hex: string) => Uint8Array.fromHex(hex);
const x25519 = (seed: string) =>
  createPrivateKey({
    key: Buffer.from(`302e020100300506032b656e04220420${seed}`, "hex"),
    format: "der",
    type: "pkcs8",
  });

const content = "2".repeat(64);
const jti = "AAECAwQFBgcICQoL";
const terms = { content, epoch: 3, jti };
const key = randomBytes(32);
const code = (name: string) => expect.objectContaining({ code: name });

it("keys are wrapped to the published bytes and opened from them", () => {
  for (const each of vectors.wraps) {
    const named = { content: each.content, epoch: each.epoch, jti: each.jti };
    const to = bytes(each.devicePublic);
    const wrapped = wrapKeyWith(x25519(each.nodeSeed), { key: bytes(each.key), to, terms: named });
    expect(wrapped.epk.toHex()).toBe(each.epk);
    expect(wrapped.ct.toHex()).toBe(each.ct);
    const opener = keyOpenerOf(x25519(each.deviceSeed));
    expect(opener.open(wrapped, named).toHex()).toBe(each.key);
  }
});

it("a wrapped key opens for its device, content, epoch and token only", () => {
  const opener = makeKeyOpener();
  const wrapped = wrapKey(key, opener.publicKey, terms);
  expect(Buffer.from(opener.open(wrapped, terms)).equals(key)).toBe(true);
  const wrong = [
    () => makeKeyOpener().open(wrapped, terms),
    () => opener.open(wrapped, { ...terms, content: "3".repeat(64) }),
    () => opener.open(wrapped, { ...terms, epoch: 4 }),
    () => opener.open(wrapped, { ...terms, jti: "BBECAwQFBgcICQoL" }),
    () => opener.open({ ...wrapped, ct: wrapped.ct.with(0, (wrapped.ct[0] ?? 0) ^ 1) }, terms),
    () => opener.open({ ...wrapped, ct: wrapped.ct.subarray(0, 16) }, terms),
    () => opener.open({ ...wrapped, ct: new Uint8Array(1_000) }, terms),
  ];
  for (const open of wrong) expect(open).toThrow(code("KEY_UNAVAILABLE"));
});

it("no key is wrapped to a point that everybody shares a secret with", () => {
  const points = [
    "00".repeat(32),
    `01${"00".repeat(31)}`,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    `ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f`,
  ];
  for (const point of points) {
    expect(() => wrapKey(key, bytes(point), terms)).toThrow(code("PROOF_INVALID"));
  }
  expect(() => wrapKey(key, new Uint8Array(31), terms)).toThrow(code("PROOF_INVALID"));
});

const NOW_MS = 1_900_000_000_000;
const opener = makeKeyOpener();
const holder: KeyHolder = {
  jti,
  deviceKey: "4".repeat(64),
  role: "viewer",
  expiresAtS: NOW_MS / 1_000 + 300,
  epk: Buffer.from(opener.publicKey).toString("base64url"),
};

function desk(kept: KeptEpoch | undefined, at = { nowMs: NOW_MS }) {
  return new KeyRelease({ keys: { find: () => kept }, clock: { nowMs: () => at.nowMs } });
}
const begun: KeptEpoch = { key, startsAtMs: 0, isFollowed: false };

it("a proven viewer gets the key, readable with the key of the proof", () => {
  const wrapped = desk(begun).release({ content, epoch: 3 }, holder);
  expect(Buffer.from(opener.open(wrapped, terms)).equals(key)).toBe(true);
});

it("a carrier gets no key, nor does a proof without a key to wrap it to", () => {
  const ask = (change: Partial<KeyHolder>) => () =>
    desk(begun).release({ content, epoch: 0 }, { ...holder, ...change });
  expect(ask({ role: "carrier" })).toThrow(code("LICENCE_MISSING"));
  expect(ask({ epk: undefined })).toThrow(code("PROOF_INVALID"));
  expect(ask({ epk: "AAAA" })).toThrow(code("PROOF_INVALID"));
});

it("the next epoch's key leaves ten seconds ahead, under a token that lives until then", () => {
  const ask = (aheadMs: number, change: Partial<KeyHolder> = {}, isFollowed = false) => {
    const kept = { key, startsAtMs: NOW_MS + aheadMs, isFollowed };
    return () => desk(kept).release({ content, epoch: 4 }, { ...holder, ...change });
  };
  expect(ask(10_001)).toThrow(code("KEY_EPOCH_INVALID"));
  expect(ask(10_000)).not.toThrow();
  expect(ask(9_000, { expiresAtS: NOW_MS / 1_000 + 9 })).toThrow(code("KEY_EPOCH_INVALID"));
  // A later epoch was made already: the source is faster than it thought.
  expect(ask(60_000, {}, true)).not.toThrow();
});

it("an epoch that is gone or was never made is told apart from a content without keys", () => {
  const gone = { key: undefined, startsAtMs: 0, isFollowed: true };
  const ask = (kept: KeptEpoch | undefined) => () =>
    desk(kept).release({ content, epoch: 1 }, holder);
  expect(ask(gone)).toThrow(code("KEY_EPOCH_INVALID"));
  expect(ask(undefined)).toThrow(code("KEY_UNAVAILABLE"));
});

it("a device gets thirty keys a minute, and others are not held up by it", () => {
  const at = { nowMs: NOW_MS };
  const busy = desk(begun, at);
  const ask = (deviceKey: string) => () =>
    busy.release({ content, epoch: 0 }, { ...holder, deviceKey });
  for (let count = 0; count < 30; count += 1) ask("a")();
  expect(ask("a")).toThrow(code("RATE_LIMITED"));
  expect(ask("b")).not.toThrow();
  at.nowMs += 60_000;
  expect(ask("a")).not.toThrow();
});
