/** Chance as a port: whoever breaks a tie asks it, so that a test can repeat every tie. */
import { randomInt } from "node:crypto";

export interface Chance {
  /** A whole number from 0 to `end`, without `end`. */
  below(end: number): number;
}

/** The same numbers for the same seed. Not for secrets. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  return {
    // The mixer of splitmix32: one addition, then two rounds that spread every bit.
    below: (end) => {
      state = (state + 0x9e3779b9) >>> 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      mixed ^= mixed >>> 15;
      return Math.floor(((mixed >>> 0) / 2 ** 32) * end);
    },
  };
}

export function freshChance(): Chance {
  return seededChance(randomInt(2 ** 32));
}
