/**
 * What a peer that may have it gets when it asks for a block: at once when the piece is in memory.
 *
 * Whether it may is asked first, and again when the answer had to wait.
 */
import type { LinkHost } from "./link-host.ts";
import { releasePiece } from "./piece-memory.ts";
import { bookAll, type RateLimit, waitTurn } from "./rate-limit.ts";
import type { Block, BlockAnswer } from "./wire-guard.ts";

export interface BlockGiver {
  /** The peer has the right, and its turn. */
  readonly mayGive: boolean;
  readonly upLimits: readonly RateLimit[];
}

export function giveBlock(
  giver: BlockGiver,
  host: LinkHost,
  block: Block,
): BlockAnswer | undefined | Promise<BlockAnswer | undefined> {
  if (!giver.mayGive || !host.had.has(block.index)) return undefined;
  const waitMs = bookAll(giver.upLimits, block.length, host.nowMs());
  const piece = waitMs > 0 ? undefined : host.pieces.atHand(block.index);
  return piece === undefined ? giveLater(giver, host, { block, waitMs }) : answerOf(block, piece);
}

async function giveLater(
  giver: BlockGiver,
  host: LinkHost,
  { block, waitMs }: { readonly block: Block; readonly waitMs: number },
): Promise<BlockAnswer | undefined> {
  if (waitMs > 0) await waitTurn(waitMs, host.signal);
  const piece = await host.pieces.get(block.index).catch(() => undefined);
  if (piece === undefined) return undefined;
  if (giver.mayGive) return answerOf(block, piece);
  releasePiece(piece);
  return undefined;
}

function answerOf({ offset, length }: Block, piece: Uint8Array): BlockAnswer {
  return { bytes: piece.subarray(offset, offset + length), onSent: () => releasePiece(piece) };
}
