// Goal: a peer gets what it asked for last, however often it took questions back while others waited, and
// what it took back costs nothing.
// Method: a wire on a real connection whose other end speaks byte for byte; answers come when the test says.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, it } from "vitest";
import { Wire } from "../../src/p2p/wire.ts";
import type { Block, BlockAnswer } from "../../src/p2p/wire-guard.ts";
import { frame, handshake, numbers, PIECES } from "../support/wire-talk.ts";

const BLOCK_BYTES = 16_384;
const PIECE_BYTES = 65_536;
const PIECE_FRAME_BYTES = 4 + 9 + BLOCK_BYTES;

const ask = (index: number) => frame(6, numbers(index, 0, BLOCK_BYTES));
const takeBack = (index: number) => frame(8, numbers(index, 0, BLOCK_BYTES));

class Seed {
  readonly asked: number[] = [];
  released = 0;
  unsent = 0;
  wire: Wire | undefined;
  readonly #waiting: (() => void)[] = [];

  block({ index }: Block): Promise<BlockAnswer> {
    this.asked.push(index);
    const bytes = new Uint8Array(BLOCK_BYTES).fill(index);
    const onSent = () => {
      this.released += 1;
    };
    const onUnsent = () => {
      this.unsent += 1;
    };
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve({ bytes, onSent, onUnsent }));
    });
  }

  /** What is asked for now is at hand. */
  answer(): void {
    for (const give of this.#waiting.splice(0)) give();
  }
}

/** The blocks that the far end has been given, by piece, in order. */
function given(heard: Buffer): readonly number[] {
  const indexes: number[] = [];
  for (let at = 68; at + 5 <= heard.length; at += 4 + heard.readUInt32BE(at)) {
    const isWhole = at + PIECE_FRAME_BYTES <= heard.length;
    if (heard[at + 4] === 7 && isWhole) indexes.push(heard.readUInt32BE(at + 5));
  }
  return indexes;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function meet(stack: AsyncDisposableStack) {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const far = connect(typeof bound === "object" && bound !== null ? bound.port : 0, "127.0.0.1");
  const [near] = await once(server, "connection");
  const seed = new Seed();
  const wire = new Wire(near, false, (infohash) => {
    wire.setOwner({
      geometry: { pieces: PIECES, pieceSize: () => PIECE_BYTES },
      block: (block) => seed.block(block),
      onExtensionHandshake: () => {},
      onExtension: () => {},
      onPieces: () => {},
      onLateBlock: () => false,
      onChoke: () => {},
      onClose: () => {},
    });
    wire.handshake(infohash, new Uint8Array(20));
    wire.setChoking(false);
    seed.wire = wire;
  });
  let heard = Buffer.alloc(0);
  far.on("data", (bytes: Buffer) => {
    heard = Buffer.concat([heard, bytes]);
  });
  stack.defer(async () => {
    wire.close("CONNECTION_LOST");
    far.destroy();
    near.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  far.write(handshake());
  await until(() => seed.wire !== undefined);
  return { seed, wire, far, given: () => given(heard) };
}

it("a block that is asked for, taken back and asked for again comes, once", async () => {
  await using stack = new AsyncDisposableStack();
  const { seed, far, given: got } = await meet(stack);
  far.write(Buffer.concat([ask(1), ask(2), takeBack(1), takeBack(2), ask(2), ask(1), ask(3)]));
  await until(() => {
    seed.answer();
    return got().length === 3;
  });
  expect(got()).toEqual([2, 1, 3]);
  await until(() => seed.released === seed.asked.length);
  expect(seed.unsent).toBe(seed.asked.length - 3);
});

it("a block that is asked for again after a choke comes, once", async () => {
  await using stack = new AsyncDisposableStack();
  const { seed, wire, far, given: got } = await meet(stack);
  far.write(Buffer.concat([ask(1), ask(2)]));
  await until(() => seed.asked.length === 1);
  wire.setChoking(true);
  wire.setChoking(false);
  far.write(Buffer.concat([ask(1), ask(2), ask(3)]));
  await until(() => {
    seed.answer();
    return got().length === 3;
  });
  expect(got()).toEqual([1, 2, 3]);
  await until(() => seed.released === seed.asked.length);
  expect(seed.unsent).toBe(seed.asked.length - 3);
});

it("questions that are taken back while another waits are never looked up, however many", async () => {
  await using stack = new AsyncDisposableStack();
  const { seed, wire, far, given: got } = await meet(stack);
  const many = Array.from({ length: 20_000 }, () => [ask(4), takeBack(4)]).flat();
  far.write(Buffer.concat([ask(1), ...many, ask(5), frame(2)]));
  await until(() => wire.isPeerInterested);
  await until(() => {
    seed.answer();
    return got().length === 2;
  });
  expect(got()).toEqual([1, 5]);
  expect(seed.asked).toEqual([1, 5]);
});

it("whose block does not leave is told so: the peer took it back, was choked, or is gone", async () => {
  await using stack = new AsyncDisposableStack();
  const { seed, wire, far, given: got } = await meet(stack);
  const ends = [
    () => void far.write(takeBack(1)),
    () => wire.setChoking(true),
    () => wire.close("CONNECTION_LOST"),
  ];
  for (const [before, end] of ends.entries()) {
    wire.setChoking(false);
    far.write(ask(1));
    await until(() => seed.asked.length === before + 1);
    end();
    // The peer may be heard a little later.
    await new Promise((resolve) => setTimeout(resolve, 50));
    seed.answer();
    await until(() => seed.unsent === before + 1);
  }
  expect(got()).toEqual([]);
});
