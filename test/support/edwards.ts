/**
 * The group of Ed25519 in whole numbers: slow, plain, and able to make signatures that no signer would.
 *
 * Source  RFC 8032, 5.1; Bernstein and others, "High-speed high-security signatures" (2011).
 */
import { createHash } from "node:crypto";
import { invariant } from "../../src/lib/invariant.ts";

const P = 2n ** 255n - 19n;
/** Order of the group that the base point makes; the whole curve has 8 times as many points. */
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
const SIGN = 1n << 255n;

/** x and y of an affine point. */
export type Point = readonly [bigint, bigint];

const ZERO: Point = [0n, 1n];
export const BASE = pointOf(mod(4n * power(5n, P - 2n)), 0n) ?? ZERO;

/** The eight points of the small group, as multiples of one of order 8. */
export const TORSION: readonly Point[] = smallGroup();

export function add([x, y]: Point, [u, v]: Point): Point {
  const product = mod(D * mod(x * u) * mod(y * v));
  const over = (above: bigint, below: bigint) => mod(above * power(below, P - 2n));
  return [over(x * v + y * u, 1n + product), over(y * v + x * u, 1n - product)];
}

export function times(scalar: bigint, point: Point): Point {
  // Projective coordinates: one inversion at the end instead of one for each step.
  let sum: Projective = [0n, 1n, 1n];
  for (const bit of scalar.toString(2)) {
    sum = addProjective(sum, sum);
    if (bit === "1") sum = addProjective(sum, [point[0], point[1], 1n]);
  }
  const inverse = power(sum[2], P - 2n);
  return [mod(sum[0] * inverse), mod(sum[1] * inverse)];
}

/** 32 bytes; `unreduced` writes y as y + p, and a sign on x = 0, where they can be written so. */
export function encode([x, y]: Point, unreduced = false): Uint8Array {
  const high = unreduced && y + P < SIGN ? y + P : y;
  const sign = x % 2n === 1n || (unreduced && x === 0n) ? SIGN : 0n;
  return littleEndian(high | sign);
}

/** The judgement of the strict rules, read off the equation. */
export function judge(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const [keyPoint, r] = [decode(key), decode(signature.subarray(0, 32))];
  const s = numberOf(signature.subarray(32));
  if (keyPoint === undefined || r === undefined || s >= L) return false;
  if ([keyPoint, r].some((point) => isSame(times(8n, point), ZERO))) return false;
  const h = challenge(signature.subarray(0, 32), key, message);
  return isSame(times(s, BASE), add(r, times(h, keyPoint)));
}

/** h = SHA-512(R, A, M) modulo L. */
export function challenge(r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  const digest = createHash("sha512").update(r).update(key).update(message).digest();
  return numberOf(digest) % L;
}

export function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.fromHex(value.toString(16).padStart(64, "0")).reverse();
}

/** Undefined for what is no point, and for a point that is not written in its one way. */
function decode(bytes: Uint8Array): Point | undefined {
  const value = numberOf(bytes);
  const [y, sign] = [value % SIGN, value / SIGN];
  return y >= P ? undefined : pointOf(y, sign);
}

function pointOf(y: bigint, sign: bigint): Point | undefined {
  const square = mod((y * y - 1n) * power(mod(D * y * y + 1n), P - 2n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(x * x) !== square || (x === 0n && sign === 1n)) return undefined;
  return [x % 2n === sign ? x : P - x, y];
}

function smallGroup(): readonly Point[] {
  for (let y = 2n; y < 100n; y += 1n) {
    const point = pointOf(y, 0n);
    const generator = point && times(L, point);
    if (generator === undefined || isSame(times(4n, generator), ZERO)) continue;
    return Array.from({ length: 8 }, (_, count) => times(BigInt(count), generator));
  }
  invariant(false, "one in four points has a part of order 8");
}

type Projective = readonly [bigint, bigint, bigint];

function addProjective([x, y, z]: Projective, [u, v, w]: Projective): Projective {
  const [a, c, e] = [mod(z * w), mod(x * u), mod(y * v)];
  const [b, product] = [mod(a * a), mod(D * c * e)];
  const cross = mod((x + y) * (u + v) - c - e);
  const [f, g] = [b - product, b + product];
  return [mod(a * f * cross), mod(a * g * (e + c)), mod(f * g)];
}

function isSame(left: Point, right: Point): boolean {
  return left[0] === right[0] && left[1] === right[1];
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Uint8Array.from(bytes).reverse().toHex()}`);
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, mod(base)];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left % 2n === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}
