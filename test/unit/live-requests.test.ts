// Goal: what a peer of a live stream was asked for is put together right, and what was taken back costs neither
//       side its wire nor its good name.
// Method: requests on a wire that only writes down what it is asked; answers are given by hand.
import { beforeEach, describe, expect, it } from "vitest";
import { BLOCK_MAX_BYTES } from "../../src/p2p/limits.ts";
import { LiveAllowance } from "../../src/p2p/live-allowance.ts";
import { LiveRequests } from "../../src/p2p/live-requests.ts";
import type { Block } from "../../src/p2p/wire-guard.ts";

type Done = (bytes: Uint8Array | undefined) => void;

const LENGTH = 2 * BLOCK_MAX_BYTES + 100;

class PaperWire {
  readonly open = new Map<number, Done>();
  readonly cancelled: number[] = [];

  request({ offset }: Block, done: Done): void {
    this.open.set(offset, done);
  }

  cancel({ offset }: Block): void {
    this.cancelled.push(offset);
    const done = this.open.get(offset);
    this.open.delete(offset);
    done?.(undefined);
  }

  give(offset: number, fill: number): void {
    const length = Math.min(BLOCK_MAX_BYTES, LENGTH - offset);
    this.open.get(offset)?.(new Uint8Array(length).fill(fill));
    this.open.delete(offset);
  }
}

let wire: PaperWire;
let told: string[];
let requests: LiveRequests;
beforeEach(() => {
  wire = new PaperWire();
  told = [];
  requests = new LiveRequests({
    wire,
    onBlock: (isGiver) => told.push(isGiver ? "giver" : "block"),
    onWhole: (seq, piece) =>
      told.push(`whole ${seq} ${[0, 16_384, 32_768].map((at) => piece[at])}`),
    onRefused: (seq) => told.push(`refused ${seq}`),
    allowance: new LiveAllowance([], () => 0),
  });
  requests.ask(7, LENGTH);
});

const offsets = [0, BLOCK_MAX_BYTES, 2 * BLOCK_MAX_BYTES];

describe("a piece that was asked for", () => {
  it("is whole when all its blocks are here, in whatever order, and is told once", () => {
    for (const [at, offset] of offsets.toReversed().entries()) wire.give(offset, at);
    expect(told).toEqual(["block", "block", "giver", "whole 7 2,1,0"]);
    expect(requests.size).toBe(0);
  });

  it("is refused once, with whichever block", () => {
    for (const done of wire.open.values()) done(undefined);
    expect(told).toEqual(["refused 7"]);
  });

  it("that is taken back is nothing that the peer refused, and its blocks may still come, each once", () => {
    wire.give(0, 1);
    requests.cancel(7, false);
    expect(wire.cancelled).toEqual(offsets.slice(1));
    expect(told).toEqual(["block"]);
    const late = { index: 7, offset: BLOCK_MAX_BYTES, length: BLOCK_MAX_BYTES };
    expect(requests.late({ ...late, length: 1 })).toBe(false);
    expect(requests.late({ ...late, offset: 0 })).toBe(false);
    expect([requests.late(late), requests.late(late)]).toEqual([true, false]);
    expect(told).toEqual(["block", "giver"]);
  });

  it("that is taken back from a peer in doubt leaves it one block to show that it gives", () => {
    requests.cancel(7, true);
    expect(wire.cancelled).toEqual(offsets.slice(1));
    wire.give(0, 1);
    expect(told).toEqual(["giver"]);
  });

  it("can be asked for again, and what comes of the first time does not count for it", () => {
    requests.cancel(7, false);
    requests.ask(7, LENGTH);
    expect(requests.late({ index: 7, offset: 0, length: BLOCK_MAX_BYTES })).toBe(false);
    for (const offset of offsets) wire.give(offset, 3);
    expect(told.at(-1)).toBe("whole 7 3,3,3");
  });
});
