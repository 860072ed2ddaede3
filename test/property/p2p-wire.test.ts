// Goal: nothing that a peer can write crashes the wire, holds it up, or closes it twice.
// Method: 100,000 messages of honest talk, changed from a seed in bits, words, lengths, order and cut,
//         and given to the guarded protocol in parts of any size. `ACE_SEED` plays another hundred
//         thousand.
import { expect, it } from "vitest";
import { mutated, type Random, seededRandom } from "../support/mutation.ts";
import { Ear, frame, handshake, numbers, PIECES } from "../support/wire-talk.ts";

const MESSAGES = 100_000;
const TALK_LENGTH = 20;
const BLOCK_BYTES = 16_384;
const SLOWEST_MS = 1_000;
const seed = Number(process.env["ACE_SEED"] ?? 20_261);

const text = (words: string) => Buffer.from(words, "latin1");
const extended = (id: number, body: Uint8Array) =>
  frame(20, Buffer.concat([Buffer.from([id]), body]));

/** One honest message. */
function message(random: Random): Uint8Array {
  const index = random(PIECES);
  const offset = random(4) * BLOCK_BYTES;
  const makers: readonly (() => Uint8Array)[] = [
    () => frame(random(4)),
    () => frame(4, numbers(index)),
    () => frame(5, new Uint8Array(PIECES / 8).fill(random(256))),
    () => frame(6, numbers(index, offset, BLOCK_BYTES)),
    () => frame(7, Buffer.concat([numbers(index, offset), new Uint8Array(random(200))])),
    () => frame(8, numbers(index, offset, BLOCK_BYTES)),
    () => frame(9, Uint8Array.of(1, 2)),
    () => frame(13, numbers(index)),
    () => frame(14 + random(2)),
    () => frame(16, numbers(index, offset, BLOCK_BYTES)),
    () => frame(17, numbers(index)),
    () => extended(0, text("d1:md8:ace_gatei3e6:ut_pexi1ee1:pi6881e1:v3:abce")),
    () => extended(1, text("d1:m1:p1:s64:".padEnd(90, "x"))),
    () => numbers(0),
  ];
  return (makers[random(makers.length)] ?? (() => numbers(0)))();
}

/** The message changed, or not: half of them stay true, so that talk goes on behind a lie. */
function spoilt(random: Random): Uint8Array {
  const honest = message(random);
  return random(2) === 0 ? honest : mutated(honest, random);
}

it("a wire outlives 100,000 changed messages, closes once, and is never held up", () => {
  const random = seededRandom(seed);
  const faults = new Map<string, number>();
  let slowestMs = 0;
  let heard = 0;
  let isWhole = 0;
  while (heard < MESSAGES) {
    const ear = new Ear();
    ear.hear(handshake(random(4) > 0));
    const said = Buffer.concat(Array.from({ length: TALK_LENGTH }, () => spoilt(random)));
    heard += TALK_LENGTH;
    // Of this thread alone: a crowded machine makes nobody late.
    const before = process.threadCpuUsage();
    for (let at = 0; at < said.length; ) {
      const size = 1 + random(random(2) === 0 ? 20 : 5_000);
      ear.hear(Uint8Array.from(said.subarray(at, at + size)));
      at += size;
    }
    const { user, system } = process.threadCpuUsage(before);
    slowestMs = Math.max(slowestMs, (user + system) / 1_000);
    ear.end();
    const [fault = "none", another] = ear.faults;
    expect(another, "a wire closes once").toBeUndefined();
    faults.set(fault, (faults.get(fault) ?? 0) + 1);
    if (ear.servedBytes > 0) isWhole += 1;
  }
  // The talk went far enough to be worth changing, and every kind of lie was found out.
  expect(isWhole).toBeGreaterThan(500);
  const found = ["FRAME_MALFORMED", "FRAME_TOO_LARGE", "REQUEST_FLOOD", "REQUEST_INVALID", "none"];
  expect([...faults.keys()].sort()).toEqual(found);
  expect(slowestMs).toBeLessThan(SLOWEST_MS);
});
