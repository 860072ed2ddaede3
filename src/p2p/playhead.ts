/**
 * Where in a live stream one player is, and where it was told to go.
 *
 * Units   `captureMs` is Unix time at the source; `behindMs` counts back from the head.
 */
import type { LivePiece } from "./live-port.ts";

export type Place = { readonly behindMs: number } | { readonly fromMs: number };

export class Playhead {
  /** The last piece that was given to the player. */
  at: { readonly seq: number; readonly captureMs: number } | undefined;
  /** Where the player was told to go last. */
  sought: Place | undefined;
  #seek = Promise.withResolvers<Place>();

  passed({ seq, captureMs }: LivePiece): void {
    this.at = { seq, captureMs };
  }

  /** The output that runs goes on from there. */
  seek(place: Place): void {
    this.at = undefined;
    this.sought = place;
    this.#seek.resolve(place);
    this.#seek = Promise.withResolvers<Place>();
  }

  /** Resolves with the next place the player is told to go to. */
  next(): Promise<Place> {
    return this.#seek.promise;
  }
}
