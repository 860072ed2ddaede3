/** Opens the pieces of an encrypted live stream for a viewer, with the key of each piece's epoch. */
import { applyPieceKey } from "../p2p/cipher-live.ts";
import type { KeyProvider } from "../p2p/key-port.ts";
import type { LiveCipher } from "../p2p/live-swarm-port.ts";

const KEY_MS = 10_000;

/** A viewer never seals: only the source does. */
export function viewerCipher(contentId: string, keys: KeyProvider): LiveCipher {
  const apply: LiveCipher["open"] = async ({ epoch, seq }, bytes) =>
    applyPieceKey(await keys.key(contentId, epoch, AbortSignal.timeout(KEY_MS)), seq, bytes);
  return { open: apply, seal: apply };
}
