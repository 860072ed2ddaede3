// Goal: who asks how long what is here will last is told so at the speed of the player.
import { expect, it } from "vitest";
import { leastBufferMs, Reading } from "../../src/p2p/reading.ts";

const PIECE_BYTES = 100_000;

/** A player that takes two pieces a second. */
function player(first: number, last: number): Reading {
  const reading = new Reading({ first, last, pieceLength: PIECE_BYTES, bufferS: 10, nowMs: 0 });
  for (let turn = 1; turn <= 40; turn += 1) reading.move(turn * 500);
  return reading;
}

it("a buffer ends at the first piece that is missing, and with what was asked for", () => {
  const reading = player(0, 60);
  const missing = (index: number) => (held: number) => held < index;
  expect(reading.bufferMs(missing(40))).toBe(0);
  expect(reading.bufferMs(missing(44))).toBeGreaterThan(1_900);
  expect(reading.bufferMs(missing(44))).toBeLessThan(2_100);
  const toTheEnd = reading.bufferMs(() => true) ?? 0;
  expect(Math.round(toTheEnd / 500)).toBe(21);
});

it("of several players the one that has least is told of, and of none nothing", () => {
  const begun = new Reading({
    first: 0,
    last: 9,
    pieceLength: PIECE_BYTES,
    bufferS: 10,
    nowMs: 0,
  });
  const isHere = (index: number) => index < 42;
  expect(leastBufferMs([], isHere)).toBeUndefined();
  expect(leastBufferMs([begun], isHere)).toBeUndefined();
  const least = leastBufferMs([begun, player(0, 60), player(1, 60)], isHere);
  expect(Math.round((least ?? 0) / 500)).toBe(1);
});
