/**
 * One reader of a live stream: pieces in order, each once, none that was not verified.
 *
 * A piece that is not here when it is due is not waited for longer: the reader goes on at the next
 * place a player can begin that is here, and says that what follows does not join on, in the stream too.
 * It is due when a player that took the first piece at once would come to show it.
 *
 * Errors  What the stream's own fault is, such as `LIVE_EQUIVOCATION`; the signal's reason.
 */

import { LIVE_BUFFER_MS } from "./limits.ts";
import type { LiveHead } from "./live-head.ts";
import type { LiveHeads } from "./live-heads.ts";
import type { LivePiece, LiveStream } from "./live-port.ts";
import { TsSeam } from "./ts-seam.ts";

export type From = Parameters<LiveStream["pieces"]>[0];

export interface ReaderHost {
  readonly heads: LiveHeads;
  nowMs(): number;
  has(seq: number): boolean;
  /** As players read it: verified and decrypted. */
  plain(head: LiveHead): Promise<Uint8Array | undefined>;
  /** Pieces from here on are to be fetched. */
  reach(seq: number): void;
  /** Resolves when something has changed, and from time to time. */
  changed(): Promise<void>;
  /** Throws what ends the stream for its readers. */
  check(): void;
}

/** Where a reader is, for those who fetch for it. */
export interface Reading {
  nextSeq: number;
}

interface Start {
  readonly head: LiveHead;
  readonly atMs: number;
  /** A player that began close to the head is given the usual buffer all the same. */
  readonly spareMs: number;
}

/** The first place is waited for this long, then any newer one will do. */
const START_MS = 1_500;

export async function* readLive(
  host: ReaderHost,
  { from, reading, signal }: { from: From; reading: Reading; signal: AbortSignal },
): AsyncGenerator<LivePiece> {
  const first = await startOf(host, { from, reading, signal });
  const behindMs = (host.heads.newest?.captureMs ?? 0) - first.captureMs;
  const spareMs = Math.max(0, LIVE_BUFFER_MS - behindMs);
  const start: Start = { head: first, atMs: host.nowMs(), spareMs };
  let head = first;
  let { epoch } = head;
  let isJump = false;
  const seam = new TsSeam();
  for (;;) {
    reading.nextSeq = head.seq + 1;
    const bytes = await host.plain(head);
    if (bytes !== undefined) {
      const isSeam = head !== first && (isJump || head.isDiscontinuity);
      yield pieceOf(head, seam.join(bytes, isSeam), isJump);
      if (head.isEnd) return;
    }
    const next = await nextOf(host, { start, after: head, signal });
    isJump = bytes === undefined || next.epoch !== epoch || next.seq !== head.seq + 1;
    epoch = next.epoch;
    head = next;
  }
}

/** The newest place to begin at that is far enough behind; the oldest when none is. */
async function startOf(
  host: ReaderHost,
  { from, reading, signal }: { from: From; reading: Reading; signal: AbortSignal },
): Promise<LiveHead> {
  const sinceMs = host.nowMs();
  for (;;) {
    signal.throwIfAborted();
    host.check();
    const wanted = placeFor(host.heads, from);
    if (wanted !== undefined) {
      // It is what this reader needs next, whoever brings it.
      reading.nextSeq = wanted.seq;
      host.reach(wanted.seq);
      if (host.has(wanted.seq)) return wanted;
      const other = firstStart(host, wanted.seq);
      if (other !== undefined && host.nowMs() - sinceMs >= START_MS) return other;
    }
    await host.changed();
  }
}

function placeFor(heads: LiveHeads, from: From): LiveHead | undefined {
  const { newest } = heads;
  if (newest === undefined) return undefined;
  const atMs = "fromMs" in from ? from.fromMs : newest.captureMs - from.behindMs;
  let place: LiveHead | undefined;
  for (const head of heads.from(0)) {
    if (!head.isRandomAccess) continue;
    if (head.captureMs > atMs && place !== undefined) break;
    place = head;
  }
  return place;
}

/** What comes next: the very next piece, or where a player can go on when that one is overdue. */
async function nextOf(
  host: ReaderHost,
  { start, after, signal }: { start: Start; after: LiveHead; signal: AbortSignal },
): Promise<LiveHead> {
  for (;;) {
    signal.throwIfAborted();
    host.check();
    const next = nextHere(host, start, after);
    if (next !== undefined) return next;
    await host.changed();
  }
}

function nextHere(host: ReaderHost, start: Start, after: LiveHead): LiveHead | undefined {
  if (host.heads.epoch !== after.epoch) return firstStart(host, -1);
  const next = host.heads.get(after.seq + 1);
  if (next !== undefined && host.has(next.seq)) return next;
  return isOverdue(host, start, after) ? firstStart(host, after.seq) : undefined;
}

function isOverdue(host: ReaderHost, start: Start, after: LiveHead): boolean {
  const next = host.heads.after(after.seq);
  if (next === undefined) return false;
  const dueMs = start.atMs + (next.captureMs - start.head.captureMs) + start.spareMs;
  return host.nowMs() >= dueMs;
}

function firstStart(host: ReaderHost, afterSeq: number): LiveHead | undefined {
  for (const head of host.heads.from(afterSeq + 1)) {
    if (head.isRandomAccess && host.has(head.seq)) return head;
  }
  return undefined;
}

function pieceOf(head: LiveHead, bytes: Uint8Array, isJump: boolean): LivePiece {
  const { epoch, seq, isRandomAccess, mediaMs, captureMs } = head;
  const isDiscontinuity = head.isDiscontinuity || isJump;
  return { epoch, seq, bytes, isRandomAccess, isDiscontinuity, mediaMs, captureMs };
}
