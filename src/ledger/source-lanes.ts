/**
 * The lanes: which sources are being read. One, as a rule; a second when the first stays silent for
 * longer than a ledger takes, and then whichever is first goes on alone.
 */
import { AceError } from "../lib/errors.ts";
import type { LedgerPoint } from "./ledger-point.ts";
import { type LaneEvent, SourceLane } from "./source-lane.ts";
import type { SourcePanel } from "./source-panel.ts";
import type { WatchedSource } from "./watched-source.ts";

const LANES_MAX = 2;
/** A source that is being read and says nothing for so long is let go. */
const LANE_SILENT_MS = 90_000;

interface Options {
  readonly panel: SourcePanel;
  readonly start: LedgerPoint | undefined;
  readonly passphrase: string;
  readonly post: (event: LaneEvent) => void;
}

export class SourceLanes {
  readonly #options: Options;
  #open: readonly SourceLane[] = [];

  constructor(options: Options) {
    this.#options = options;
  }

  /** Opens a lane where one is needed and a source is ready. */
  open(from: number, nowMs: number, isHedging: boolean): void {
    const { panel } = this.#options;
    if (this.#open.length >= (isHedging ? LANES_MAX : 1)) return;
    const open = this.#open.map(({ seat }) => seat);
    const seat = panel.next({ sequence: from, nowMs, isHedging, open });
    if (seat === undefined) return;
    this.#open = [...this.#open, new SourceLane({ ...this.#options, seat, from, nowMs })];
  }

  pull(nowMs: number): void {
    for (const lane of this.#open) lane.pull(nowMs);
  }

  /** The ledger that all wait for came here; the others were slower. */
  won(winner: SourceLane, nowMs: number): void {
    if (winner.delivered === 0) winner.seat.deliveredAfter(nowMs - winner.openedMs);
    winner.delivered += 1;
    if (this.#open.length === 1) return;
    for (const lane of this.#open) {
      if (lane === winner) continue;
      lane.seat.deliveredAfter(nowMs - lane.openedMs);
      this.close(lane);
    }
  }

  close(lane: SourceLane): void {
    lane.close();
    this.#open = this.#open.filter((open) => open !== lane);
  }

  closeAll(seat?: WatchedSource): void {
    for (const lane of this.#open) if (seat === undefined || lane.seat === seat) this.close(lane);
  }

  /** Lets go of whoever has been silent for too long. */
  giveUpSilent(nowMs: number): readonly (readonly [WatchedSource, AceError])[] {
    const silent = this.#open.filter(
      (lane) => lane.isPulling && nowMs - lane.askedMs >= LANE_SILENT_MS,
    );
    return silent.map((lane) => {
      this.close(lane);
      const what = `${lane.seat.source.id}: neither ledger nor error within ${LANE_SILENT_MS} ms`;
      return [lane.seat, new AceError("LEDGER_NO_SOURCE", what)];
    });
  }

  get deadlines(): readonly number[] {
    return this.#open.map((lane) => lane.askedMs + LANE_SILENT_MS);
  }
}
