/**
 * What a running node shows of its following: while far behind, how fast and how long yet; then the tip.
 *
 * A terminal has one line that changes; anything else gets a plain line now and then, and `--json` an
 * event in its place.
 */
import type { Clock } from "../lib/clock.ts";
import type { Context } from "./context.ts";

/** Further behind than this is catching up. */
const BEHIND_LEDGERS = 128;
const TIP_MS = 500;
const PLAIN_MS = 5_000;
/** The rate is that of the last so many milliseconds. */
const RATE_MS = 5_000;

export interface Followed {
  readonly tip: () => number | undefined;
  readonly newest: () => number;
  readonly follower: { state(): string };
}

export interface CatchUp {
  readonly ledger: number;
  readonly newest: number;
  readonly ledgersPerS: number;
  readonly percent: number;
  /** Undefined until there is a rate. */
  readonly secondsLeft: number | undefined;
}

/** Measures how fast a node catches up, from when it first was far behind. */
export class CatchUpMeter {
  readonly #clock: Clock;
  #first: number | undefined;
  #samples: readonly { readonly atMs: number; readonly ledger: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined at the tip. */
  measure(ledger: number, newest: number): CatchUp | undefined {
    const isBehind = newest - ledger > (this.#first === undefined ? BEHIND_LEDGERS : 0);
    if (!isBehind) {
      this.#first = undefined;
      this.#samples = [];
      return undefined;
    }
    const nowMs = this.#clock.nowMs();
    this.#first ??= ledger;
    const recent = this.#samples.filter(({ atMs }) => nowMs - atMs <= RATE_MS);
    this.#samples = [...recent, { atMs: nowMs, ledger }];
    const [oldest] = this.#samples;
    const tookMs = nowMs - (oldest?.atMs ?? nowMs);
    const done = ledger - (oldest?.ledger ?? ledger);
    const ledgersPerS = tookMs === 0 ? 0 : (done * 1_000) / tookMs;
    const left = newest - ledger;
    return {
      ledger,
      newest,
      ledgersPerS: Math.round(ledgersPerS),
      percent: Math.floor(((ledger - this.#first) / (newest - this.#first)) * 100),
      secondsLeft: ledgersPerS === 0 ? undefined : Math.ceil(left / ledgersPerS),
    };
  }
}

export function catchUpText({
  ledger,
  newest,
  ledgersPerS,
  percent,
  secondsLeft,
}: CatchUp): string {
  const left = secondsLeft === undefined ? "" : `, ${durationText(secondsLeft)} left`;
  return `catching up: ledger ${ledger} of ${newest} (${percent} %), ${ledgersPerS} ledgers/s${left}`;
}

function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

export function showFollowing({ output, clock }: Context, node: Followed): Disposable {
  const meter = new CatchUpMeter(clock);
  const line = output.progress("at ledger");
  /** Said without a terminal, where the line cannot be seen. */
  const say = (text: string): void => {
    if (!line.isVisible) output.note(text);
  };
  let saidAtMs: number | undefined;
  const showBehind = (found: CatchUp): void => {
    line.show(catchUpText(found));
    const nowMs = clock.nowMs();
    if (saidAtMs !== undefined && nowMs - saidAtMs < PLAIN_MS) return;
    saidAtMs = nowMs;
    output.event("catch-up", found);
    say(catchUpText(found));
  };
  const showTip = (ledger: number): void => {
    if (saidAtMs !== undefined) {
      saidAtMs = undefined;
      output.event("caught-up", { ledger });
      say(`caught up with ledger ${ledger}`);
    }
    if (node.follower.state() === "following") line.show(`at ledger ${ledger}`);
  };
  const timer = setInterval(() => {
    const tip = node.tip();
    if (tip === undefined) return;
    const found = meter.measure(tip, node.newest());
    if (found === undefined) showTip(tip);
    else showBehind(found);
  }, TIP_MS);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      line.done();
    },
  };
}
