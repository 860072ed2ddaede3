// Goal: a peer of a live stream that says it has no room, by CHOKE, and refuses meanwhile is waited for however
//       often it does; one that refuses though it does not choke withholds what it announced.
// Method: a real viewer, and a peer made by hand that refuses in one of the two ways.
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { BLOCK_MAX_BYTES, LIVE_WITHHELD_MAX } from "../../src/p2p/limits.ts";
import { openListener } from "../../src/p2p/listener.ts";
import { LIVE_EXTENSION, liveMessageBytes } from "../../src/p2p/live-message.ts";
import { RecentPieces } from "../../src/p2p/live-recent.ts";
import type { Wire } from "../../src/p2p/wire.ts";
import type { Block, BlockAnswer } from "../../src/p2p/wire-guard.ts";
import { descriptorOf, HandSource, joinLive } from "./live-kit.ts";
import { until } from "./p2p-kit.ts";

const PIECES = 4;
const descriptor = descriptorOf("withheld");

/** Announces all pieces, and answers what it is asked as it is told to. */
class HandPeer {
  readonly made = new HandSource(descriptor).make(PIECES);
  asked = 0;
  answer: (wire: Wire) => "gives" | "refuses" = () => "gives";

  accept(wire: Wire): void {
    wire.offerExtensions([LIVE_EXTENSION], {});
    wire.setOwner({
      geometry: {
        pieces: 2 ** 32,
        pieceSize: () => BLOCK_MAX_BYTES,
        newPieceSet: () => new RecentPieces(),
      },
      block: async (block) => this.#block(wire, block),
      onExtensionHandshake: () => this.#tell(wire),
      onExtension: () => {},
      onPieces: () => {},
      onLateBlock: () => false,
      onChoke: () => {},
      onClose: () => {},
    });
    wire.handshake(descriptor.streamId, new Uint8Array(20).fill(7));
  }

  #tell(wire: Wire): void {
    for (const [seq, { batch }] of this.made.entries()) {
      wire.sendExtension(LIVE_EXTENSION, liveMessageBytes({ kind: "heads", batch: batch.bytes }));
      wire.sendHave(seq);
    }
    wire.setChoking(false);
  }

  #block(wire: Wire, { index, offset, length }: Block): BlockAnswer | undefined {
    this.asked += 1;
    const bytes = this.made[index]?.bytes.subarray(offset, offset + length);
    return bytes === undefined || this.answer(wire) === "refuses" ? undefined : { bytes };
  }
}

async function watched(parts: AsyncDisposableStack, answer: HandPeer["answer"]) {
  const listener = parts.use(
    await openListener({ host: "127.0.0.1", port: 0, clock: systemClock }),
  );
  const peer = new HandPeer();
  peer.answer = answer;
  listener.register(descriptor.streamId, (wire) => peer.accept(wire));
  const peers = [`127.0.0.1:${listener.port}`];
  const viewer = parts.use(await joinLive({ descriptor, role: "support", peers }));
  return { peer, viewer };
}

describe("a peer of a live stream that refuses what it announced", () => {
  it("is not taken to withhold it while it chokes, and gives it when it has room", async () => {
    await using parts = new AsyncDisposableStack();
    const { peer, viewer } = await watched(parts, (wire) => {
      if (peer.asked > 4 * LIVE_WITHHELD_MAX) return "gives";
      wire.setChoking(true);
      setTimeout(() => wire.setChoking(false), 5);
      return "refuses";
    });
    const isOver = () => viewer.swarm.stats().piecesHad === PIECES || viewer.log.bans().length > 0;
    await until(isOver, "it gave in the end");
    expect(viewer.log.bans()).toEqual([]);
    expect(viewer.swarm.stats().piecesHad).toBe(PIECES);
    expect(peer.asked).toBeGreaterThan(4 * LIVE_WITHHELD_MAX);
  });

  it("withholds it when it does not choke, and is banned", async () => {
    await using parts = new AsyncDisposableStack();
    const { peer, viewer } = await watched(parts, () => "refuses");
    await until(() => viewer.log.bans().length > 0, "it is banned");
    const told = { reason: "PIECE_WITHHELD", what: "refused", pieces: LIVE_WITHHELD_MAX };
    expect(viewer.log.bans()).toMatchObject([told]);
    expect(peer.asked).toBeGreaterThanOrEqual(LIVE_WITHHELD_MAX);
  });

  it("had no room before and withholds now: what it refused while it choked does not count", async () => {
    await using parts = new AsyncDisposableStack();
    const { peer, viewer } = await watched(parts, (wire) => {
      if (peer.asked > LIVE_WITHHELD_MAX) return "refuses";
      wire.setChoking(true);
      setTimeout(() => wire.setChoking(false), 5);
      return "refuses";
    });
    await until(() => viewer.log.bans().length > 0, "it is banned");
    expect(peer.asked).toBeGreaterThanOrEqual(2 * LIVE_WITHHELD_MAX);
  });
});
