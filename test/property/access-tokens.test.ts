// Goal: an issued token opens what it names, for the device it names, and nothing else.
// Method: every token that an issuer can issue, against every verifier that differs in one respect.
import { createPublicKey } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { privateKeyOf, rawPublicKey } from "../../src/access/ed25519.ts";
import { TokenIssuer } from "../../src/access/issue.ts";
import { makeIssuerSet } from "../../src/access/issuer-set.ts";
import {
  bytesOfHex,
  decodeAscii,
  decodeBase64url,
  encodeAscii,
  encodeBase64url,
  hexOf,
} from "../../src/access/text-bytes.ts";
import { TokenVerifier } from "../../src/access/verifier.ts";
import { verifyToken } from "../../src/access/verify.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => value.toHex());
const swarm = fc.tuple(fc.constantFrom("btih", "acelive"), hex(20)).map((parts) => parts.join(":"));

const rights = fc.record({
  viewer: hex(32).map((seed) => accountFromBytes(loadDeviceKey(seed).publicKey)),
  device: hex(32).map((seed) => loadDeviceKey(seed).publicKey.toHex()),
  issuerSeed: hex(32),
  swarm,
  net: hex(8),
  contract: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
  nowS: fc.integer({ min: 1_600_000_000, max: 4_000_000_000 }),
  lifeS: fc.integer({ min: 10, max: 900 }),
  leftS: fc.integer({ min: 1, max: 2_000 }),
});
const elsewhere = fc.record({ swarm, device: hex(32), net: hex(8), issuerSeed: hex(32) });

const account = accountFromBytes(loadDeviceKey("09".repeat(32)).publicKey);
const tokenKeyOf = (seed: string): string => loadDeviceKey(seed).publicKey.toHex();

it("opens its swarm until the right ends, and nothing under another audience, device or network", async () => {
  await fc.assert(
    fc.asyncProperty(rights, elsewhere, async (right, other) => {
      const { token, expiresAtS } = await issue(right);
      expect(expiresAtS).toBe(right.nowS + Math.min(right.lifeS, right.leftS));

      const issuers = makeIssuerSet([{ account, key: tokenKeyOf(right.issuerSeed) }]).issuers;
      const wanted = {
        aud: right.swarm,
        net: right.net,
        lic: right.contract.toString(),
        deviceKey: right.device,
        nowS: right.nowS,
        issuers,
      };
      const changes = [
        { aud: other.swarm },
        { net: other.net },
        { deviceKey: other.device },
        { lic: (right.contract + 1n).toString() },
        { issuers: makeIssuerSet([{ account, key: tokenKeyOf(other.issuerSeed) }]).issuers },
        { issuers: issuers.map((entry) => ({ ...entry, account: right.viewer })) },
        { nowS: expiresAtS },
        { nowS: right.nowS - 66 },
      ];
      expect(await verifyToken(token, wanted)).toMatchObject({ ok: true, account: right.viewer });
      expect(await verifyToken(token, { ...wanted, nowS: expiresAtS - 1 })).toMatchObject({
        ok: true,
      });
      for (const change of changes) {
        const verdict = await verifyToken(token, { ...wanted, ...change });
        expect(verdict.ok, JSON.stringify(change)).toBe(false);
      }
    }),
    { numRuns: 60 },
  );
});

it("is judged the same by the node and by `ace-node/verify`, remembered or not", async () => {
  await fc.assert(
    fc.asyncProperty(
      rights,
      swarm,
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: -100, max: 1_000 })), { maxLength: 8 }),
      async (right, otherSwarm, looks) => {
        const { token } = await issue(right);
        const set = makeIssuerSet([{ account, key: tokenKeyOf(right.issuerSeed) }]);
        const lic = right.contract.toString();
        const verifier = new TokenVerifier({
          net: right.net,
          issuers: () => set,
          licenceOf: () => right.contract,
        });
        for (const [isOurs, laterS] of looks) {
          const look = { aud: isOurs ? right.swarm : otherSwarm, nowS: right.nowS + laterS };
          const wanted = { ...look, net: right.net, lic, issuers: set.issuers };
          // A node also hears under what to count and to revoke what it admits.
          expect(verifier.verify(token, look)).toMatchObject(await verifyToken(token, wanted));
        }
      },
    ),
    { numRuns: 40 },
  );
});

it("reads base64url, hexadecimal and ASCII as the platform writes them, in one form only", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string({ maxLength: 80 }), (bytes, text) => {
      const written = Buffer.from(bytes).toString("base64url");
      expect(encodeBase64url(bytes)).toBe(written);
      expect(decodeBase64url(written)).toEqual(bytes);
      expect(hexOf(bytes)).toBe(bytes.toHex());
      expect(bytesOfHex(bytes.toHex())).toEqual(bytes);
      const read = decodeBase64url(text);
      if (read !== undefined) expect(encodeBase64url(read)).toBe(text);
      const isAscii = bytes.every((byte) => byte < 128);
      const ascii = decodeAscii(bytes);
      expect(ascii === undefined).toBe(!isAscii);
      if (ascii !== undefined) expect(encodeAscii(ascii)).toEqual(bytes);
    }),
  );
});

it("derives the public key that the platform derives", () => {
  fc.assert(
    fc.property(hex(32), (seed) => {
      const key = privateKeyOf(seed);
      expect(key).toBeDefined();
      if (key === undefined) return;
      const { x } = createPublicKey(key).export({ format: "jwk" });
      expect(encodeBase64url(rawPublicKey(key))).toBe(x);
    }),
    { numRuns: 50 },
  );
});

type Right = typeof rights extends fc.Arbitrary<infer Value> ? Value : never;

async function issue(
  right: Right,
): Promise<{ readonly token: string; readonly expiresAtS: number }> {
  const until = BigInt(right.nowS + right.leftS);
  const granted = { ok: true, until, concurrent: 0n, devices: 0n, role: "viewer" };
  const issuer = new TokenIssuer({
    account,
    seed: right.issuerSeed,
    net: right.net,
    lifeS: () => right.lifeS,
    head: () => ({ sequence: 7, closeTime: BigInt(right.nowS), stateRoot: "5e".repeat(32) }),
    contentOf: (id) => ({ id, swarm: right.swarm, contract: right.contract }),
    views: { view: async () => ({ ok: true, code: "", result: new Map(Object.entries(granted)) }) },
    issued: { record: () => {} },
    clock: { nowMs: () => right.nowS * 1_000 },
  });
  const content = "c0".repeat(32);
  return await issuer.issue({ account: right.viewer, deviceKey: right.device, content });
}
