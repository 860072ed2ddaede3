/** What playing is measured by: how soon it begins, how often it waits, how far behind it is. */
export interface PlayerMeter {
  /** From the request to the first byte of its answer. */
  firstByte(seconds: number): void;
  /** A player waited for bytes this long after it had begun. */
  stalled(seconds: number): void;
  /** From the source to the player's socket. */
  liveLatency(seconds: number): void;
  /** Pieces of a live stream that were left out. */
  skipped(pieces: number): void;
}

export const noMeter: PlayerMeter = {
  firstByte: () => {},
  stalled: () => {},
  liveLatency: () => {},
  skipped: () => {},
};
