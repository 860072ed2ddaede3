/** Changed inputs, from a seed: what a hostile source could send instead of the truth. */

/** A number from 0 up to but not including `bound`. */
export type Random = (bound: number) => number;

export function seededRandom(seed: number): Random {
  let state = (seed ^ 0x9e_37_79_b9) >>> 0;
  return (bound) => {
    // xorshift32; a zero state would stay zero.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** Counts, kinds and lengths that decoders are known to fall over. */
const WORDS = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 100, 0x100, 0xff_ff, 0x7f_ff_ff_ff, 0x80_00_00_00, 0xff_ff_ff_ff,
];

/** One to three changes of one kind, sometimes none at all. */
export function mutated(raw: Uint8Array, random: Random): Uint8Array {
  const kinds = [flipBit, setWord, setByte, cutOff, append, repeat, remove];
  const change = kinds[random(kinds.length)] ?? flipBit;
  let bytes = Uint8Array.from(raw);
  for (let left = random(3); left >= 0 && bytes.length > 0; left -= 1)
    bytes = change(bytes, random);
  return bytes;
}

function flipBit(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const at = random(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
  return bytes;
}

function setWord(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  if (bytes.length < 4) return bytes;
  const at = random(bytes.length >> 2) * 4;
  new DataView(bytes.buffer).setUint32(at, WORDS[random(WORDS.length)] ?? 0);
  return bytes;
}

/** Of a word's last byte, where small numbers stand. */
function setByte(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  bytes[Math.min(random(bytes.length) | 3, bytes.length - 1)] = random(32);
  return bytes;
}

function cutOff(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  return bytes.slice(0, random(bytes.length));
}

function append(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(bytes.length + 4 * (1 + random(3)));
  longer.set(bytes);
  return longer;
}

function repeat(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const start = random(bytes.length) & ~3;
  const end = Math.min(bytes.length, start + 4 * (1 + random(64)));
  const longer = new Uint8Array(bytes.length + end - start);
  longer.set(bytes.subarray(0, end));
  longer.set(bytes.subarray(start), end);
  return longer;
}

function remove(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const start = random(bytes.length) & ~3;
  const end = Math.min(bytes.length, start + 4 * (1 + random(64)));
  const shorter = new Uint8Array(bytes.length - (end - start));
  shorter.set(bytes.subarray(0, start));
  shorter.set(bytes.subarray(end), start);
  return shorter;
}
