/**
 * The constants of SHA-256, and where they stand in the memory of the module that
 * `hash-lanes-code.ts` writes.
 *
 * Units   Places are in bytes, numbers are little-endian.
 * Source  FIPS 180-4, 4.2.2, 5.3.3 and 6.2.2.
 */

export const ROUNDS = 64;
export const STATE_WORDS = 8;
export const BLOCK_WORDS = 16;
export const BLOCK_BYTES = 64;

export const K_AT = 0;
/** For each round the sum of its constant and of the word of a pair's padding. */
export const PADDED_AT = K_AT + ROUNDS * 4;
export const INITIAL_AT = PADDED_AT + ROUNDS * 4;
/** Where messages may begin: before it lie the constants. */
export const LANES_MEMORY_FROM = 1_024;

/** The constants, which stand at the beginning of the module's memory. */
export function lanesConstants(): Uint32Array {
  const keys = PRIMES.map((prime) => fractionOfRoot(prime, 3n));
  const words = paddingOfPair();
  const padded = keys.map((key, round) => key + (words[round] ?? 0));
  const initial = PRIMES.slice(0, STATE_WORDS).map((prime) => fractionOfRoot(prime, 2n));
  return Uint32Array.from([...keys, ...padded, ...initial]);
}

const PRIMES = Array.from({ length: 312 }, (_, number) => number).filter(
  (number) =>
    number > 1 && ![2, 3, 5, 7, 11, 13, 17].some((by) => by < number && number % by === 0),
);

/** The first 32 bits of the fraction of a prime's root. */
function fractionOfRoot(prime: number, degree: bigint): number {
  const power = BigInt(prime) << (32n * degree);
  let root = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) {
    if ((root + bit) ** degree <= power) root += bit;
  }
  return Number(BigInt.asUintN(32, root));
}

/** The schedule of the second block of a message of 64 bytes. */
function paddingOfPair(): readonly number[] {
  const words = new Uint32Array(ROUNDS);
  words[0] = 0x80000000;
  words[BLOCK_WORDS - 1] = BLOCK_BYTES * 8;
  const at = (index: number): number => words[index] ?? 0;
  const turned = (value: number, bits: number): number => (value >>> bits) | (value << (32 - bits));
  for (let round = BLOCK_WORDS; round < ROUNDS; round += 1) {
    const [early, late] = [at(round - 15), at(round - 2)];
    const first = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const second = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    words[round] = at(round - 16) + first + at(round - 7) + second;
  }
  return [...words];
}
