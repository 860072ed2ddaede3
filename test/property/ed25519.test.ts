// Goal: a signature is good for every node or for none, whichever library judges it.
// Method: signatures that no signer would make, by plain arithmetic in the whole group of the curve: keys
//         and R with a part of small order or nothing but that, written in second ways, S beyond the order,
//         a bit turned. Both engines must say what the equation says.
import fc from "fast-check";
import { expect, it } from "vitest";
import { isSignedBy, nodeEngine, signatureEngine, sodiumEngine } from "../../src/lib/ed25519.ts";
import { invariant } from "../../src/lib/invariant.ts";
import {
  add,
  BASE,
  challenge,
  encode,
  judge,
  L,
  littleEndian,
  TORSION,
  times,
} from "../support/edwards.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? "20260101");
const RUNS = 250;

const sodium = sodiumEngine();
invariant(sodium !== undefined, "npm installs libsodium wherever these tests run");

const rarely = <Value>(rare: fc.Arbitrary<Value>, usual: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 1, arbitrary: rare }, { weight: 5, arbitrary: usual });
const scalar = rarely(fc.constant(0n), fc.bigInt(1n, L - 1n));
const torsion = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 7 }));
const unreduced = rarely(fc.constant(true), fc.constant(false));

const forged = fc.record({
  /** Scalars of the key and of R, and which point of small order is added to each. */
  key: fc.record({ scalar, torsion, unreduced }),
  r: fc.record({ scalar, torsion, unreduced }),
  message: fc.uint8Array({ maxLength: 40 }),
  /** What is added to S, in orders of the group. */
  beyond: rarely(fc.constant(L), fc.constant(0n)),
  turned: rarely<number | null>(fc.integer({ min: 0, max: 96 * 8 - 1 }), fc.constant(null)),
});

interface Made {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

function make(parts: typeof forged extends fc.Arbitrary<infer Parts> ? Parts : never): Made {
  const pointOf = ({ scalar: factor, torsion }: (typeof parts)["key"]) =>
    add(times(factor, BASE), TORSION[torsion] ?? BASE);
  const key = encode(pointOf(parts.key), parts.key.unreduced);
  const r = encode(pointOf(parts.r), parts.r.unreduced);
  const h = challenge(r, key, parts.message);
  const s = ((parts.r.scalar + h * parts.key.scalar) % L) + parts.beyond;
  const bytes = Uint8Array.from([...key, ...r, ...littleEndian(s)]);
  if (parts.turned !== null) {
    const place = parts.turned >> 3;
    bytes[place] = (bytes[place] ?? 0) ^ (1 << (parts.turned & 7));
  }
  return { key: bytes.slice(0, 32), message: parts.message, signature: bytes.slice(32) };
}

it("both engines say of every signature what the equation says", () => {
  const seen = { good: 0, goodOfMixedOrder: 0, bad: 0 };
  fc.assert(
    fc.property(forged, (parts) => {
      const { key, message, signature } = make(parts);
      const isGood = judge(key, message, signature);
      expect(nodeEngine.verify(key, message, signature), "node:crypto").toBe(isGood);
      expect(sodium.verify(key, message, signature), "libsodium").toBe(isGood);
      if (!isGood) seen.bad += 1;
      else if (parts.key.torsion === 0 && parts.r.torsion === 0) seen.good += 1;
      else seen.goodOfMixedOrder += 1;
    }),
    { seed: SEED, numRuns: RUNS },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(5);
});

it("takes any bytes for key, message and signature, and most of them for no signature", () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  fc.assert(
    fc.property(
      bytes(32),
      fc.uint8Array({ maxLength: 200 }),
      bytes(64),
      (key, message, signature) => {
        expect(nodeEngine.verify(key, message, signature)).toBe(false);
        expect(sodium.verify(key, message, signature)).toBe(false);
      },
    ),
    { seed: SEED, numRuns: 2_000 },
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 80 }),
      (key, signature) => {
        expect(isSignedBy(key, new Uint8Array(), signature)).toBe(false);
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

it("takes bytes that lie anywhere in a larger buffer", () => {
  expect(signatureEngine().name).toBe("libsodium");
  fc.assert(
    fc.property(forged, fc.integer({ min: 1, max: 9 }), (parts, offset) => {
      const { key, message, signature } = make({ ...parts, turned: null });
      const inside = (bytes: Uint8Array): Uint8Array => {
        const room = new Uint8Array(bytes.length + 20);
        room.set(bytes, offset);
        return room.subarray(offset, offset + bytes.length);
      };
      const expected = nodeEngine.verify(key, message, signature);
      for (const engine of [nodeEngine, sodium]) {
        expect(engine.verify(inside(key), inside(message), inside(signature))).toBe(expected);
      }
    }),
    { seed: SEED, numRuns: 60 },
  );
});
