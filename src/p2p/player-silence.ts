/**
 * Whether the source of a live stream is silent: nothing of it comes, and peers tell of nothing new.
 *
 * Clocks of a source and of a viewer differ: while bytes come, it is not silent whatever they say.
 */
import { LIVE_SILENT_MS } from "./live-limits.ts";
import type { Media } from "./media.ts";

/** False for what is not live, and before anything came: then nobody can say. */
export function isSilent(media: Media, nowMs: number): boolean {
  if (media.kind !== "live") return false;
  const window = media.stream.window();
  if (window === undefined || media.stats().bytesDownPerS > 0) return false;
  return nowMs - (window.toldCaptureMs ?? window.lastCaptureMs) > LIVE_SILENT_MS;
}
