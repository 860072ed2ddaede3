/** What a viewer could watch now: from the oldest piece that can be had, of a peer or the origin, to the newest here. */
import type { LiveHead } from "./live-head.ts";
import type { LiveHeads } from "./live-heads.ts";
import type { LiveWindow } from "./live-port.ts";

interface Holder {
  has(seq: number): boolean;
}

export interface LiveHolders {
  /** What is here. */
  readonly pieces: Holder;
  readonly peers: { readonly serving: readonly Holder[] };
  readonly origin: { holds(head: LiveHead): boolean } | undefined;
}

export function liveWindow(
  heads: LiveHeads,
  { pieces, peers, origin }: LiveHolders,
): LiveWindow | undefined {
  const { serving } = peers;
  const isNear = (head: LiveHead) =>
    serving.some((peer) => peer.has(head.seq)) || origin?.holds(head) === true;
  let first: LiveHead | undefined;
  let last: LiveHead | undefined;
  for (const head of heads.from(0)) {
    const isHere = pieces.has(head.seq);
    if (isHere) last = head;
    if (first === undefined && (isHere || isNear(head))) first = head;
  }
  if (first === undefined || last === undefined) return undefined;
  const told = heads.newest ?? last;
  return {
    firstSeq: first.seq,
    lastSeq: last.seq,
    firstCaptureMs: first.captureMs,
    lastCaptureMs: last.captureMs,
    toldCaptureMs: told.captureMs,
  };
}
