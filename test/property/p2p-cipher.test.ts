// Goal: whatever range a player asks for, it gets those bytes of the film, however they arrive.
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { fileCipher, plainReader } from "../../src/p2p/cipher-file.ts";
import { decryptSegment, encryptSegment, segmentCipher } from "../../src/p2p/cipher-segment.ts";

const FILM_BYTES = 5_000;
const secret = { key: randomBytes(32), nonce: randomBytes(8) };
const film = randomBytes(FILM_BYTES);
const sealed = fileCipher(secret, 0)(film);

const range = fc
  .tuple(fc.nat({ max: FILM_BYTES }), fc.nat({ max: FILM_BYTES }))
  .map(([one, other]) => ({ from: Math.min(one, other), to: Math.max(one, other) }));
const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 });

/** What a swarm does: chunks of any size, the last as short as it must be. */
async function* chunked(bytes: Uint8Array, sizes: readonly number[]) {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

it("any range of the ciphertext decrypts to the same range of the film", async () => {
  const { signal } = new AbortController();
  await fc.assert(
    fc.asyncProperty(range, cuts, async ({ from, to }, sizes) => {
      const read = plainReader(
        (offset, length) => chunked(sealed.subarray(offset, offset + length), sizes),
        secret,
      );
      const chunks: Uint8Array[] = [];
      for await (const chunk of read(from, to - from, signal)) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(film.subarray(from, to))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it("a place far beyond 4 GiB is found as surely as the first", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 50 }), fc.nat({ max: 100 }), (offset, skip) => {
      const plain = film.subarray(0, 300);
      const cipher = fileCipher(secret, offset)(plain);
      const later = fileCipher(secret, offset + skip)(cipher.subarray(skip));
      expect(Buffer.from(later).equals(plain.subarray(skip))).toBe(true);
    }),
  );
});

it("a segment comes back whole, and is the same however it was cut", () => {
  const key = secret.key.subarray(0, 16);
  const segment = fc.uint8Array({ maxLength: 2_000 });
  fc.assert(
    fc.property(segment, fc.nat(), fc.nat({ max: 2_000 }), (plain, number, cut) => {
      const whole = encryptSegment(key, number, plain);
      const cipher = segmentCipher(key, number);
      const parts = [cipher.update(plain.subarray(0, cut)), cipher.update(plain.subarray(cut))];
      expect(Buffer.concat([...parts, cipher.end()]).equals(whole)).toBe(true);
      expect(Buffer.from(decryptSegment(key, number, whole)).equals(plain)).toBe(true);
    }),
  );
});
