/**
 * SHA-256 of four messages at once, as a WebAssembly module that is written out here instruction by
 * instruction: each of the four lanes of a vector works on a message of its own. A state tree hashes
 * thousands of short messages in a ledger, where the way into a native hash costs more than the hash.
 *
 *   run(at, out, groups, stride, isPair)
 *
 * hashes `groups` times four messages of `stride` bytes, one behind the other from `at` on, to 32 bytes
 * each from `out` on. A stride is whole blocks of 64 bytes; messages come with their padding, unless
 * `isPair` says that each is one block whose padding is left to the module.
 *
 * Source  FIPS 180-4, 5.1.1 and 6.2; WebAssembly 2.0, 5.4.8 (vector instructions).
 */
import {
  BLOCK_BYTES,
  BLOCK_WORDS,
  INITIAL_AT,
  K_AT,
  PADDED_AT,
  ROUNDS,
  STATE_WORDS,
} from "./hash-lanes-constants.ts";

export const LANE_COUNT = 4;

const HASH_BYTES = 32;

type Code = readonly number[];

const V128 = 0x7b;
const I32 = 0x7f;

/** Numbers of local variables: first the arguments. */
const AT = 0;
const OUT = 1;
const GROUPS = 2;
const STRIDE = 3;
const IS_PAIR = 4;
const LANE = 5;
const END = LANE + LANE_COUNT;
const KEPT = END + 1;
const STATE = KEPT + STATE_WORDS;
const WORD = STATE + STATE_WORDS;
const SPARE = WORD + BLOCK_WORDS;
const VECTORS = SPARE + 2 - KEPT;

function leb(value: number): Code {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...leb(value >>> 7)];
}

/** A positive number of an instruction is signed: bit 6 of its last byte must be clear. */
function int(value: number): Code {
  const low = value & 0x7f;
  return value < 0x40 ? [0x41, low] : [0x41, ...signedTail(value)];
}

function signedTail(value: number): Code {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signedTail(value >>> 7)];
}

const get = (local: number): Code => [0x20, ...leb(local)];
const set = (local: number): Code => [0x21, ...leb(local)];
const vector = (opcode: number): Code => [0xfd, ...leb(opcode)];
const load = (offset: number): Code => [...vector(0x00), 0, ...leb(offset)];
const loadSplat = (offset: number): Code => [...int(0), ...vector(0x09), 2, ...leb(offset)];
const store = (offset: number): Code => [...vector(0x0b), 0, ...leb(offset)];
const shuffle = (order: Code): Code => [...vector(0x0d), ...order];
const AND = vector(0x4e);
const XOR = vector(0x51);
const OR = vector(0x50);
const SELECT = vector(0x52);
const ADD = vector(0xae);
const shiftLeft = (bits: number): Code => [...int(bits), ...vector(0xab)];
const shiftRight = (bits: number): Code => [...int(bits), ...vector(0xad)];
const ADD_I32 = 0x6a;
const SUB_I32 = 0x6b;

const rotated = (local: number, bits: number): Code => [
  ...get(local),
  ...shiftRight(bits),
  ...get(local),
  ...shiftLeft(32 - bits),
  ...OR,
];

/** Rotated by each of three numbers, or at the last only shifted, and joined. */
function sigma(local: number, [first, second, third]: readonly number[], isShift: boolean): Code {
  const last = isShift ? [...get(local), ...shiftRight(third ?? 0)] : rotated(local, third ?? 0);
  return [...rotated(local, first ?? 0), ...rotated(local, second ?? 0), ...XOR, ...last, ...XOR];
}

/** Lanes of four rows become four vectors of one word of each, and back. */
function transposed(locals: readonly number[]): Code {
  const [a = 0, b = 0, c = 0, d = 0] = locals;
  const words = (...order: Code): Code =>
    order.flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte));
  const low = shuffle(words(0, 4, 1, 5));
  const high = shuffle(words(2, 6, 3, 7));
  const lowPair = shuffle(words(0, 1, 4, 5));
  const highPair = shuffle(words(2, 3, 6, 7));
  const join = (left: number, right: number, how: Code): Code => [
    ...get(left),
    ...get(right),
    ...how,
  ];
  return [
    ...join(a, b, low),
    ...set(SPARE),
    ...join(a, b, high),
    ...set(SPARE + 1),
    ...join(c, d, high),
    ...join(c, d, low),
    ...set(c),
    ...set(d),
    ...join(SPARE, c, lowPair),
    ...set(a),
    ...join(SPARE, c, highPair),
    ...set(b),
    ...join(SPARE + 1, d, lowPair),
    ...set(c),
    ...join(SPARE + 1, d, highPair),
    ...set(d),
  ];
}

/** Numbers are big-endian in the message, little-endian in a vector. */
const swapped = (local: number): Code => {
  const order = [0, 4, 8, 12].flatMap((word) => [3, 2, 1, 0].map((byte) => word + byte));
  return [...get(local), ...get(local), ...shuffle(order), ...set(local)];
};

function loadBlock(): Code {
  const code: number[] = [];
  for (let quarter = 0; quarter < 4; quarter += 1) {
    const words = [0, 1, 2, 3].map((word) => WORD + quarter * 4 + word);
    for (const [lane, word] of words.entries()) {
      code.push(...get(LANE + lane), ...load(quarter * 16), ...set(word));
    }
    code.push(...transposed(words));
    for (const word of words) code.push(...swapped(word));
  }
  return code;
}

/** Word `round` of the schedule, in the place of the one that is sixteen rounds older. */
function schedule(round: number): Code {
  const word = (ahead: number): number => WORD + ((round + ahead) % BLOCK_WORDS);
  return [
    ...get(word(0)),
    ...sigma(word(1), [7, 18, 3], true),
    ...ADD,
    ...get(word(9)),
    ...ADD,
    ...sigma(word(14), [17, 19, 10], true),
    ...ADD,
    ...set(word(0)),
  ];
}

/** Sixty-four rounds over the words, or over those of a pair's padding, which are constants. */
function rounds(isPadding: boolean): Code {
  const code: number[] = [];
  for (let word = 0; word < STATE_WORDS; word += 1)
    code.push(...get(KEPT + word), ...set(STATE + word));
  for (let round = 0; round < ROUNDS; round += 1) {
    // The variables' names move on instead of their values.
    const name = (letter: number): number => STATE + ((letter - round + ROUNDS) % STATE_WORDS);
    const [a, b, c, d] = [name(0), name(1), name(2), name(3)];
    const [e, f, g, h] = [name(4), name(5), name(6), name(7)];
    if (!isPadding && round >= BLOCK_WORDS) code.push(...schedule(round));
    code.push(...get(h), ...loadSplat((isPadding ? PADDED_AT : K_AT) + round * 4), ...ADD);
    if (!isPadding) code.push(...get(WORD + (round % BLOCK_WORDS)), ...ADD);
    code.push(...sigma(e, [6, 11, 25], false), ...ADD);
    code.push(...get(f), ...get(g), ...get(e), ...SELECT, ...ADD, ...set(SPARE));
    code.push(...get(d), ...get(SPARE), ...ADD, ...set(d));
    code.push(...get(SPARE), ...sigma(a, [2, 13, 22], false), ...ADD);
    const eitherDiffers = [...get(a), ...get(b), ...XOR, ...get(b), ...get(c), ...XOR, ...AND];
    code.push(...eitherDiffers, ...get(b), ...XOR, ...ADD, ...set(h));
  }
  for (let word = 0; word < STATE_WORDS; word += 1) {
    code.push(...get(KEPT + word), ...get(STATE + word), ...ADD, ...set(KEPT + word));
  }
  return code;
}

function storeHashes(): Code {
  const code: number[] = [];
  for (let half = 0; half < 2; half += 1) {
    const words = [0, 1, 2, 3].map((word) => KEPT + half * 4 + word);
    code.push(...transposed(words));
    for (const [lane, word] of words.entries()) {
      code.push(
        ...swapped(word),
        ...get(OUT),
        ...get(word),
        ...store(lane * HASH_BYTES + half * 16),
      );
    }
  }
  return code;
}

const advance = (local: number, bytes: number): Code => [
  ...get(local),
  ...int(bytes),
  ADD_I32,
  ...set(local),
];

function lanesBegin(): Code {
  const code: number[] = [...get(AT), ...set(LANE)];
  for (let lane = 1; lane <= LANE_COUNT; lane += 1) {
    const target = lane === LANE_COUNT ? AT : LANE + lane;
    code.push(...get(LANE + lane - 1), ...get(STRIDE), ADD_I32, ...set(target));
  }
  return [...code, ...get(LANE + 1), ...set(END)];
}

const LOOP = [0x03, 0x40];
const IF = [0x04, 0x40];
const END_BLOCK = 0x0b;
const NOT_EQUAL = 0x47;
const BRANCH_IF = [0x0d, 0];

/** For each four messages: their blocks one after the other, then perhaps the padding. */
function body(): Buffer {
  const initial = Array.from({ length: STATE_WORDS }, (_, word) => [
    ...loadSplat(INITIAL_AT + word * 4),
    ...set(KEPT + word),
  ]);
  const nextBlocks = [0, 1, 2, 3].flatMap((lane) => advance(LANE + lane, BLOCK_BYTES));
  const oneLess = [...get(GROUPS), ...int(1), SUB_I32, ...set(GROUPS)];
  const nextMessages = [...advance(OUT, LANE_COUNT * HASH_BYTES), ...oneLess];
  const parts = [
    LOOP,
    lanesBegin(),
    ...initial,
    [...LOOP, ...loadBlock()],
    rounds(false),
    [...nextBlocks, ...get(LANE), ...get(END), NOT_EQUAL, ...BRANCH_IF, END_BLOCK],
    [...get(IS_PAIR), ...IF],
    rounds(true),
    [END_BLOCK],
    storeHashes(),
    [...nextMessages, ...get(GROUPS), ...BRANCH_IF, END_BLOCK, END_BLOCK],
  ];
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

const section = (id: number, content: Code): Code => [id, ...leb(content.length), ...content];
const name = (text: string): Code => [text.length, ...Buffer.from(text)];

/** The module: it takes its memory as `node.memory` and gives `run`. */
export function lanesModule(): Uint8Array {
  const locals = [2, ...leb(KEPT - LANE), I32, ...leb(VECTORS), V128];
  const code = body();
  const codeBytes = locals.length + code.length;
  const codeHead = [1, ...leb(codeBytes), ...locals];
  const beforeCode = [
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, LANE, ...Array.from({ length: LANE }, () => I32), 0]),
    ...section(2, [1, ...name("node"), ...name("memory"), 0x02, 0x00, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name("run"), 0x00, 0]),
    ...[10, ...leb(codeHead.length + code.length), ...codeHead],
  ];
  return Buffer.concat([Buffer.from(beforeCode), code]);
}
