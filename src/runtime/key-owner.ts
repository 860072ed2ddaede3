/** Whose entry a key of state is: its first eight bytes are the number of a contract, 0 the system's own. */

const NUMBER_BYTES = 8;
const BYTE = 256;

/** Numbers beyond 2^53 may fall together: good for "may be the same", never for "is the same". */
export function keyOwner(key: string): number {
  let number = 0;
  for (let index = 0; index < NUMBER_BYTES; index += 1) {
    number = number * BYTE + key.charCodeAt(index);
  }
  return number;
}
