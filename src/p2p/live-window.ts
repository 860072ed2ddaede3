/** What a viewer could watch now: from the oldest piece that somebody near has to the newest here. */
import type { LiveHead } from "./live-head.ts";
import type { LiveHeads } from "./live-heads.ts";
import type { LiveWindow } from "./live-port.ts";

interface Holder {
  has(seq: number): boolean;
}

export function liveWindow(
  heads: LiveHeads,
  pieces: Holder,
  peers: { readonly serving: readonly Holder[] },
): LiveWindow | undefined {
  const { serving } = peers;
  let first: LiveHead | undefined;
  let last: LiveHead | undefined;
  for (const head of heads.from(0)) {
    const isHere = pieces.has(head.seq);
    if (isHere) last = head;
    if (isHere || serving.some((peer) => peer.has(head.seq))) first ??= head;
  }
  if (first === undefined || last === undefined) return undefined;
  return {
    firstSeq: first.seq,
    lastSeq: last.seq,
    firstCaptureMs: first.captureMs,
    lastCaptureMs: last.captureMs,
  };
}
