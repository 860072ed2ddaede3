/**
 * Fetches the beginning of what a session plays before its player asks for it.
 *
 * Scripts ask for the state again and again and start a player only when it is `dl`: without this
 * nothing would be fetched, and they would wait for ever.
 */
import { LIVE_BEHIND_MS, PREBUFFER_BYTES } from "./limits.ts";
import type { PlayerSession } from "./player-session.ts";

export async function prebuffer(session: PlayerSession): Promise<void> {
  const { media, file, output, signal } = session;
  try {
    if (media.kind === "live" && output === "hls") await media.hls.playlist(() => "", signal);
    else if (media.kind === "live") await firstOf(media.stream.pieces(newest, signal));
    else
      await beginningOf(file ?? (media.kind === "package" ? media.segments[0] : undefined), signal);
    session.isBuffered = true;
  } catch {
    // Who reads is told why: to a session that nobody reads, nobody can be told.
  }
}

const newest = { behindMs: LIVE_BEHIND_MS };

async function firstOf(pieces: AsyncIterable<unknown>): Promise<void> {
  for await (const _piece of pieces) return;
}

async function beginningOf(file: PlayerSession["file"], signal: AbortSignal): Promise<void> {
  if (file === undefined || file.length === 0) return;
  for await (const _bytes of file.read(0, Math.min(file.length, PREBUFFER_BYTES), signal)) {
    signal.throwIfAborted();
  }
}
