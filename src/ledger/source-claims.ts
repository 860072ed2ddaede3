/** Claims: every source is asked now and then what it holds, so that it is known whom to ask first. */
import type { LedgerRange } from "./ledger-source.ts";
import type { SourcePanel } from "./source-panel.ts";
import type { WatchedSource } from "./watched-source.ts";

const CLAIM_MS = 5_000;
/** How long the first claims are waited for before anybody is asked for a ledger. */
const FIRST_CLAIMS_MS = 2_000;

export type ClaimEvent =
  | {
      readonly kind: "claim";
      readonly seat: WatchedSource;
      readonly range: LedgerRange;
      readonly tookMs: number;
    }
  | { readonly kind: "claimFailed"; readonly seat: WatchedSource; readonly error: unknown };

export class SourceClaims {
  readonly #panel: SourcePanel;
  readonly #signal: AbortSignal;
  readonly #post: (event: ClaimEvent) => void;
  readonly #startedMs: number;
  readonly #askedMs = new Map<WatchedSource, number>();
  readonly #pending = new Set<WatchedSource>();

  constructor(panel: SourcePanel, signal: AbortSignal, post: (event: ClaimEvent) => void) {
    this.#panel = panel;
    this.#signal = signal;
    this.#post = post;
    this.#startedMs = panel.clock.nowMs();
  }

  ask(nowMs: number): void {
    for (const seat of this.#panel.usable) {
      if (this.#pending.has(seat) || this.#dueMs(seat) > nowMs) continue;
      this.#askedMs.set(seat, nowMs);
      this.#pending.add(seat);
      const settle = (event: ClaimEvent): void => {
        this.#pending.delete(seat);
        this.#post(event);
      };
      seat.source.range(this.#signal).then(
        (range) => {
          const tookMs = this.#panel.clock.nowMs() - nowMs;
          settle({ kind: "claim", seat, range, tookMs });
        },
        (error: unknown) => settle({ kind: "claimFailed", seat, error }),
      );
    }
  }

  /** Whether to wait for what the sources claim before one is chosen. */
  isTooEarly(nowMs: number): boolean {
    if (nowMs - this.#startedMs >= FIRST_CLAIMS_MS) return false;
    return [...this.#pending].some(({ newest }) => newest === undefined);
  }

  get deadlines(): readonly number[] {
    return [
      this.#startedMs + FIRST_CLAIMS_MS,
      ...this.#panel.usable.map((seat) => this.#dueMs(seat)),
    ];
  }

  #dueMs(seat: WatchedSource): number {
    const askedMs = this.#askedMs.get(seat);
    return Math.max(askedMs === undefined ? 0 : askedMs + CLAIM_MS, seat.retryAtMs);
  }
}
