/**
 * Epochs of a live stream's keys: which key a piece is under, and the next one asked for in time.
 *
 * A key is of `LIVE_KEY_EPOCH_PIECES` numbers. Its epoch is that of the stream plus how many keys it
 * had: a stream that begins anew is named after the time, so it never comes back to an epoch.
 *
 * Errors  Of the keys, such as `LICENCE_MISSING` once the right has ended.
 * Source  docs/spec/encryption.md.
 */
import { applyPieceKey } from "./cipher-live.ts";
import type { KeyProvider } from "./key-port.ts";
import { LIVE_KEY_AHEAD_PIECES, LIVE_KEY_EPOCH_PIECES } from "./limits.ts";
import type { LiveCipher, PiecePlace } from "./live-swarm-port.ts";

const KEY_MS = 10_000;
/** Pieces between two tries to have the next key: it may be asked for before it is released. */
const TRY_PIECES = 8;

export function keyEpochOf({ epoch, seq }: PiecePlace): number {
  return epoch + Math.floor(seq / LIVE_KEY_EPOCH_PIECES);
}

/** What a viewer opens pieces with. It seals nothing: that is the source's. */
export function viewerCipher(contentId: string, keys: KeyProvider): LiveCipher {
  const keyOf = (epoch: number) => keys.key(contentId, epoch, AbortSignal.timeout(KEY_MS));
  const apply: LiveCipher["open"] = async (place, bytes) => {
    const epoch = keyEpochOf(place);
    const left = LIVE_KEY_EPOCH_PIECES - (place.seq % LIVE_KEY_EPOCH_PIECES);
    // Whether it comes shows when it is needed.
    if (left <= LIVE_KEY_AHEAD_PIECES && left % TRY_PIECES === 0) keyOf(epoch + 1).catch(() => {});
    return applyPieceKey(await keyOf(epoch), place.seq, bytes);
  };
  return { open: apply, seal: apply };
}
