// Goal: what live streams book with the limits of rate are the bytes that move: whatever is refused, taken back or
//       lost with its peer is given back, once.
// Method: limits that count, and sequences of all that can happen, on wires of paper.
import { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { BLOCK_MAX_BYTES } from "../../src/p2p/limits.ts";
import { LiveAllowance } from "../../src/p2p/live-allowance.ts";
import { LiveGiving } from "../../src/p2p/live-giving.ts";
import { LiveRequests } from "../../src/p2p/live-requests.ts";
import { SwarmRates, TokenRates } from "../../src/p2p/swarm-rates.ts";
import { WireAnswers } from "../../src/p2p/wire-answers.ts";
import type { Block, BlockAnswer } from "../../src/p2p/wire-guard.ts";
import { Outbox } from "../../src/p2p/wire-outbox.ts";
import { placeOf } from "../../src/p2p/wire-protocol.ts";
import { CountedLimit } from "../support/counted-limit.ts";

const SEED = Number(process.env["ACE_SEED"] ?? "20261123");
const PIECE_BYTES = 2 * BLOCK_MAX_BYTES + 700;
const BLOCKS = 3;
const SEQS = 4;

/** One thing that happens, in a world of its own. */
type Step<World> = (world: World) => unknown;

const blockOf = (seq: number, at: number): Block => {
  const offset = at * BLOCK_MAX_BYTES;
  return { index: seq, offset, length: Math.min(BLOCK_MAX_BYTES, PIECE_BYTES - offset) };
};

const seqs = fc.nat({ max: SEQS - 1 });
const blocks = fc.tuple(seqs, fc.nat({ max: BLOCKS - 1 })).map(([seq, at]) => blockOf(seq, at));

/** A peer that was asked, as the wire sees it: what it sends late may still come after a cancel. */
class PaperWire {
  readonly #open = new Map<number, (bytes: Uint8Array | undefined) => void>();
  movedBytes = 0;
  isOver = false;

  request({ index, offset }: Block, done: (bytes: Uint8Array | undefined) => void): void {
    if (this.isOver) {
      done(undefined);
      return;
    }
    const place = placeOf(index, offset);
    const former = this.#open.get(place);
    this.#open.set(place, done);
    former?.(undefined);
  }

  cancel(block: Block): void {
    this.refuse(block);
  }

  refuse({ index, offset }: Block): void {
    const place = placeOf(index, offset);
    const done = this.#open.get(place);
    this.#open.delete(place);
    done?.(undefined);
  }

  give(block: Block, requests: LiveRequests): void {
    const place = placeOf(block.index, block.offset);
    const done = this.#open.get(place);
    this.#open.delete(place);
    if (done === undefined && !requests.late(block)) return;
    this.movedBytes += block.length;
    done?.(new Uint8Array(block.length));
  }

  end(): void {
    this.isOver = true;
    const all = [...this.#open.values()];
    this.#open.clear();
    for (const done of all) done(undefined);
  }
}

class Asking {
  readonly limit = new CountedLimit(1_000_000);
  readonly wire = new PaperWire();
  lateBytes = 0;
  readonly #allowance = new LiveAllowance([this.limit], () => 0);
  readonly #requests = new LiveRequests({
    wire: this.wire,
    allowance: {
      giveBack: (bytes) => this.#allowance.giveBack(bytes),
      take: (bytes) => {
        this.lateBytes += bytes;
        this.#allowance.take(bytes);
      },
    },
    onBlock: () => {},
    onWhole: () => {},
    onRefused: () => {},
  });

  ask(seq: number): void {
    if (this.#allowance.mayAsk(PIECE_BYTES)) this.#requests.ask(seq, PIECE_BYTES);
  }

  cancel(seq: number, keepsOne: boolean): void {
    this.#requests.cancel(seq, keepsOne);
  }

  give(block: Block): void {
    this.wire.give(block, this.#requests);
  }

  /** The peer goes: who was waiting for it may hear of that before its requests fail, or after. */
  end(isToldFirst: boolean): void {
    if (isToldFirst) this.#requests.clear();
    this.wire.end();
  }
}

const asking: fc.Arbitrary<Step<Asking>> = fc.oneof(
  seqs.map((seq) => (world: Asking) => world.ask(seq)),
  fc.tuple(seqs, fc.boolean()).map(
    ([seq, keepsOne]) =>
      (world: Asking) =>
        world.cancel(seq, keepsOne),
  ),
  blocks.map((block) => (world: Asking) => world.wire.refuse(block)),
  blocks.map((block) => (world: Asking) => world.give(block)),
);

it("what was asked of peers and is booked at the end is what came, whatever was refused or taken back", () => {
  let lateBytes = 0;
  fc.assert(
    fc.property(fc.array(asking, { maxLength: 80 }), fc.boolean(), (steps, isToldFirst) => {
      const world = new Asking();
      for (const step of steps) step(world);
      world.end(isToldFirst);
      lateBytes += world.lateBytes;
      expect(world.limit.bookedBytes).toBe(world.wire.movedBytes);
    }),
    { numRuns: 500, seed: SEED },
  );
  expect(lateBytes).toBeGreaterThan(0);
});

class Giving implements Disposable {
  readonly up = new CountedLimit(300_000);
  nowMs = 0;
  sentBytes = 0;
  unsentBytes = 0;
  isAdmitted = true;
  #isClosed = false;
  /** Takes everything, and sends nothing. */
  readonly #socket = new Socket();
  readonly live = new LiveGiving(
    new SwarmRates({
      node: { up: this.up, down: new CountedLimit(0), tokens: new TokenRates() },
    }),
  );
  readonly #taker = {
    grant: undefined,
    wire: {
      setChoking: (isChoking: boolean) => {
        if (isChoking) this.#answers.cancelAll();
      },
    },
  };
  readonly #answers = new WireAnswers(this.#host());

  constructor() {
    this.renew();
  }

  ask(block: Block): void {
    this.#answers.add(block, (_error, bytes) => {
      this.sentBytes += bytes?.length ?? 0;
    });
  }

  takeBack(block: Block): void {
    this.#answers.cancel(block);
  }

  /** A right that is renewed has limits of its own from then on. */
  renew(): void {
    this.live.admit(this.#taker);
  }

  /** The peer goes. */
  async end(): Promise<void> {
    this.#isClosed = true;
    this.live.gone(this.#taker);
    for (let at = 0; at < 5; at += 1) await turn();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #host() {
    const isClosed = () => this.#isClosed;
    return {
      outbox: new Outbox(this.#socket),
      get isClosed() {
        return isClosed();
      },
      block: (block: Block) => this.#block(block),
    };
  }

  async #block(block: Block): Promise<BlockAnswer | undefined> {
    const { nowMs } = this;
    const signal = AbortSignal.abort();
    const given = await this.live.turn(this.#taker, block, { nowMs, signal });
    if (given !== undefined && !this.isAdmitted) given.giveBack();
    if (given === undefined || !this.isAdmitted) return undefined;
    const onUnsent = () => {
      this.unsentBytes += block.length;
      given.giveBack();
    };
    return { bytes: new Uint8Array(block.length), onUnsent };
  }
}

const giving: fc.Arbitrary<Step<Giving>> = fc.oneof(
  blocks.map((block) => (world: Giving) => world.ask(block)),
  blocks.map((block) => (world: Giving) => world.takeBack(block)),
  fc.constantFrom<Step<Giving>>(
    () => turn(),
    (world) => world.live.tick(world.nowMs),
    (world) => world.renew(),
    (world) => {
      world.nowMs += 100;
    },
    (world) => {
      world.isAdmitted = !world.isAdmitted;
    },
  ),
);

it("what was given to peers and is booked at the end is what left, whatever they took back", async () => {
  let unsentBytes = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(giving, { maxLength: 60 }), async (steps) => {
      using world = new Giving();
      for (const step of steps) await step(world);
      await world.end();
      unsentBytes += world.unsentBytes;
      expect(world.up.bookedBytes).toBe(world.sentBytes);
    }),
    { numRuns: 300, seed: SEED },
  );
  expect(unsentBytes).toBeGreaterThan(0);
});
