/**
 * A live stream as those who show it read it: verified pieces of MPEG-TS, in order.
 *
 * Units   `seq` counts pieces of an epoch, and anew in a later one; `mediaMs` is the stream's own clock,
 *         `captureMs` Unix time at the source.
 */
import type { SwarmStats } from "./swarm-stats.ts";

export interface LivePiece {
  readonly epoch: number;
  readonly seq: number;
  /** A whole number of packets of 188 bytes. */
  readonly bytes: Uint8Array;
  /** A player can begin here. */
  readonly isRandomAccess: boolean;
  /** What comes before does not join on to this. */
  readonly isDiscontinuity: boolean;
  readonly mediaMs: number;
  readonly captureMs: number;
}

/** What a viewer could watch now. */
export interface LiveWindow {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly firstCaptureMs: number;
  readonly lastCaptureMs: number;
  /** Of the newest piece that was told of, here or not; that of the last one when absent. */
  readonly toldCaptureMs?: number;
}

export interface LiveStream extends AsyncDisposable {
  /** 40 hexadecimal characters: what stands in place of an infohash. */
  readonly streamId: string;
  /** 64 hexadecimal characters. */
  readonly contentId: string;
  readonly title: string;
  stats(): SwarmStats;
  /** Undefined until the first piece is here. */
  window(): LiveWindow | undefined;
  /** Resolves for who may watch, rejects with the reason for who may not. */
  ready(signal: AbortSignal): Promise<void>;
  /** Begins at the newest place a player can begin that is `behindMs` behind the head, or at `fromMs` of capture time. */
  pieces(
    from: { readonly behindMs: number } | { readonly fromMs: number },
    signal: AbortSignal,
  ): AsyncIterable<LivePiece>;
}
