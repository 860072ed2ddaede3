// Goal: under a limit of rate nobody keeps a live stream for itself: who asks in whatever order is told to wait
//       when it is its turn to, and who waits is let in, also while others leave no room.
// Method: takers on paper, a limit and a clock that is moved by hand; nothing is waited for.
import { beforeEach, describe, expect, it } from "vitest";
import { BLOCK_MAX_BYTES, LIVE_TICK_MS } from "../../src/p2p/limits.ts";
import { LiveGiving } from "../../src/p2p/live-giving.ts";
import { LIVE_GIVE_MS, LIVE_GIVE_TICKS } from "../../src/p2p/live-limits.ts";
import { openNodeRates, SwarmRates } from "../../src/p2p/swarm-rates.ts";

const LIMIT_BYTES_PER_S = 300_000;
const signal = AbortSignal.abort();

class PaperTaker {
  readonly grant = undefined;
  isChoked = true;
  readonly wire = {
    setChoking: (isChoking: boolean) => {
      this.isChoked = isChoking;
    },
  };
}

let node: ReturnType<typeof openNodeRates>;
let giving: LiveGiving;
let nowMs: number;
beforeEach(() => {
  node = openNodeRates({ uploadBytesPerS: LIMIT_BYTES_PER_S });
  giving = new LiveGiving(new SwarmRates({ node }));
  nowMs = 1_800_000_000_000;
});

function admitted(): PaperTaker {
  const taker = new PaperTaker();
  giving.admit(taker);
  expect(taker.isChoked).toBe(false);
  return taker;
}

const lineMs = () => node.up.waitMs(BLOCK_MAX_BYTES, nowMs, "ahead");
const ask = async (taker: PaperTaker, index: number, offset = 0) => {
  const block = { index, offset, length: BLOCK_MAX_BYTES };
  return (await giving.turn(taker, block, { nowMs, signal })) !== undefined;
};

/** Somebody else books so much that nothing is given for so long. */
function crowd(untilMs: number): void {
  while (lineMs() <= untilMs) node.up.book(BLOCK_MAX_BYTES, nowMs, "ahead");
}

describe("when there is no room", () => {
  it("a piece that was begun is given to its end, and no other, in whatever order it is asked for", async () => {
    const honest = admitted();
    const sly = admitted();
    for (const taker of [honest, sly]) expect(await ask(taker, 0)).toBe(true);
    crowd(LIVE_GIVE_MS);
    expect(await ask(honest, 0, BLOCK_MAX_BYTES)).toBe(true);
    expect(await ask(honest, 0, 2 * BLOCK_MAX_BYTES)).toBe(true);
    expect([honest, sly].map(({ isChoked }) => isChoked)).toEqual([false, false]);
    // Not what comes next of it; and of another piece not even its middle.
    expect(await ask(honest, 0, 2 * BLOCK_MAX_BYTES)).toBe(false);
    expect(await ask(sly, 1, BLOCK_MAX_BYTES)).toBe(false);
    expect([honest, sly].map(({ isChoked }) => isChoked)).toEqual([true, true]);
  });

  it("who waits is let in all the same after a while, one after the other, and given a piece", async () => {
    const waiting = [admitted(), admitted()];
    crowd(LIVE_GIVE_MS);
    for (const taker of waiting) expect(await ask(taker, 0)).toBe(false);
    const letInAt: number[] = [];
    for (let tick = 1; tick <= 3 * LIVE_GIVE_TICKS; tick += 1) {
      nowMs += LIVE_TICK_MS;
      crowd(LIVE_GIVE_MS);
      giving.tick(nowMs);
      for (const [at, taker] of waiting.entries()) {
        if (taker.isChoked || letInAt[at] !== undefined) continue;
        letInAt[at] = tick;
        expect(await ask(taker, 7)).toBe(true);
        expect(await ask(taker, 7, BLOCK_MAX_BYTES)).toBe(true);
        expect(await ask(taker, 8)).toBe(false);
      }
    }
    expect(letInAt).toEqual([LIVE_GIVE_TICKS, 2 * LIVE_GIVE_TICKS]);
  });

  it("nobody is let in to what would come too late to be of use", async () => {
    const taker = admitted();
    crowd(60_000);
    expect(await ask(taker, 0)).toBe(false);
    for (let tick = 0; tick < 3 * LIVE_GIVE_TICKS; tick += 1) giving.tick(nowMs);
    expect(taker.isChoked).toBe(true);
    nowMs += 120_000;
    giving.tick(nowMs);
    expect(taker.isChoked).toBe(false);
  });
});

it("who is gone is forgotten, whatever it waited for", async () => {
  const [gone, stays] = [admitted(), admitted()];
  crowd(LIVE_GIVE_MS);
  for (const taker of [gone, stays]) expect(await ask(taker, 0)).toBe(false);
  giving.gone(gone);
  nowMs += 10_000;
  giving.tick(nowMs);
  expect([gone, stays].map(({ isChoked }) => isChoked)).toEqual([true, false]);
});
