/**
 * Following Stellar: one stream of verified ledgers, without a gap, from a cursor on, for ever.
 *
 * A ledger is handed on only when it links to the one before it and all of its hashes hold, so it does
 * not matter which source sent it. Stellar has no reorganisations: what looks like one is a lie or
 * another network, and ends the stream. The caller keeps the cursor; nothing is rolled back here.
 *
 * Errors  `LEDGER_HASH_MISMATCH`, `LEDGER_PROTOCOL_UNKNOWN`, `LEDGER_RETENTION_EXCEEDED` and
 *         `NETWORK_MISMATCH` end the stream; whatever waiting may cure does not.
 * Flow    An aborted `signal` ends the stream without an error.
 */
import { type Clock, systemClock } from "../lib/clock.ts";
import { AceError, isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { backOffMs, type Pace, systemPace } from "../lib/pace.ts";
import type { ClosedLedger } from "./closed-ledger.ts";
import type { LedgerSource } from "./ledger-source.ts";
import { scanLedger } from "./scan.ts";
import { type VerifiedLedger, verifyRaw } from "./verify-ledger.ts";

const POLL_MS = 500;
const BACK_OFF_MS_MAX = 15_000;
const LAG_ALARM_MS = 60_000;

interface LedgerPoint {
  readonly sequence: number;
  /** Header hash. */
  readonly hash: string;
}

export interface FollowOptions {
  readonly source: LedgerSource;
  /** The last ledger that was applied; the stream starts after it. */
  readonly cursor: LedgerPoint;
  readonly passphrase: string;
  readonly vaults: readonly string[];
  readonly events: Events;
  /** The ledger that the service network was founded in: a source of another network is refused. */
  readonly start?: LedgerPoint;
  readonly signal?: AbortSignal;
  /** Between two looks at a source that had nothing new. */
  readonly pollMs?: number;
  /** Without a ledger for so long, the operator is told. */
  readonly lagAlarmMs?: number;
  readonly pace?: Pace;
  readonly clock?: Clock;
}

export async function* followLedgers(options: FollowOptions): AsyncGenerator<ClosedLedger, void> {
  const { signal, vaults } = options;
  const patience = new Patience(options);
  let tip: Tip = { ...options.cursor, feePool: undefined };
  let isStartSeen = options.start === undefined;
  while (!isAborted(signal)) {
    try {
      isStartSeen ||= await seesStart(options);
      if (isStartSeen) {
        for await (const ledger of linkedLedgers(options, tip)) {
          tip = ledger;
          patience.rewarded();
          yield scanLedger(ledger, vaults);
        }
      }
      patience.answered();
    } catch (error) {
      if (isAborted(signal)) return;
      patience.failed(error);
    }
    await patience.wait(tip.sequence + 1);
  }
}

type Tip = Pick<VerifiedLedger, "sequence" | "hash"> & { readonly feePool: bigint | undefined };

/** Verified ledgers after `from`, for as long as the source has the next one. */
async function* linkedLedgers(options: FollowOptions, from: Tip): AsyncGenerator<VerifiedLedger> {
  const { source, passphrase, signal } = options;
  let tip = from;
  for await (const raw of source.read(tip.sequence + 1, signal)) {
    const want = tip.sequence + 1;
    // A source may repeat what we have. After a gap it is asked anew from where the gap began.
    if (raw.sequence < want) continue;
    if (raw.sequence > want) return;
    const ledger = verifyRaw(raw, {
      passphrase,
      sequence: want,
      previousHash: tip.hash,
      previousFeePool: tip.feePool,
    });
    yield ledger;
    tip = ledger;
    if (isAborted(signal)) return;
  }
}

/** Compares the founding ledger with the source's. False when the source does not have it yet. */
async function seesStart(options: FollowOptions): Promise<boolean> {
  const { start, cursor, source, passphrase, signal, events } = options;
  if (start === undefined) return true;
  if (cursor.sequence === start.sequence) checkStart(start, cursor.hash);
  try {
    for await (const raw of source.read(start.sequence, signal)) {
      if (raw.sequence !== start.sequence) continue;
      checkStart(start, verifyRaw(raw, { passphrase, sequence: start.sequence }).hash);
      return true;
    }
    return false;
  } catch (error) {
    if (!isAceError(error, "LEDGER_RETENTION_EXCEEDED")) throw error;
    // The chain from the cursor on proves the network just as well, one ledger later.
    events.info("ledger.start_unseen", { source: source.id, ledger: start.sequence });
    return true;
  }
}

function checkStart(start: LedgerPoint, hash: string): void {
  if (hash === start.hash) return;
  throw new AceError(
    "NETWORK_MISMATCH",
    `ledger ${start.sequence} has the hash ${hash}; the network was founded on ${start.hash}`,
  );
}

/** What waiting costs: short at the tip, longer after each failure, an alarm when it takes too long. */
class Patience {
  readonly #options: FollowOptions;
  readonly #pace: Pace;
  readonly #clock: Clock;
  #failures = 0;
  #rewardedAtMs: number;
  #isRewarded = false;
  #isAlarmed = false;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#pace = options.pace ?? systemPace;
    this.#clock = options.clock ?? systemClock;
    this.#rewardedAtMs = this.#clock.nowMs();
  }

  answered(): void {
    this.#failures = 0;
  }

  rewarded(): void {
    this.#failures = 0;
    this.#rewardedAtMs = this.#clock.nowMs();
    this.#isRewarded = true;
    this.#isAlarmed = false;
  }

  /** Throws what waiting does not cure. */
  failed(error: unknown): void {
    if (!isAceError(error)) throw error;
    if (error.code !== "LEDGER_NO_SOURCE" && error.code !== "LEDGER_MALFORMED") throw error;
    this.#failures += 1;
    this.#isRewarded = false;
    const { code, message } = error;
    const { source, events } = this.#options;
    events.warn("ledger.source_failed", {
      source: source.id,
      code,
      message,
      failures: this.#failures,
    });
  }

  async wait(want: number): Promise<void> {
    // After progress the next ledger may be there already.
    const isIdle = !this.#isRewarded;
    this.#isRewarded = false;
    if (!isIdle) return;
    this.#alarm(want);
    const { signal, pollMs = POLL_MS } = this.#options;
    const limits = { baseMs: pollMs, maxMs: Math.max(pollMs, BACK_OFF_MS_MAX) };
    const waitMs =
      this.#failures === 0 ? pollMs : backOffMs(this.#failures + 1, limits, this.#pace);
    try {
      await this.#pace.wait(waitMs, signal);
    } catch (error) {
      if (!isAborted(signal)) throw error;
    }
  }

  #alarm(want: number): void {
    const { events, source, lagAlarmMs = LAG_ALARM_MS } = this.#options;
    const lagMs = this.#clock.nowMs() - this.#rewardedAtMs;
    if (this.#isAlarmed || lagMs < lagAlarmMs) return;
    this.#isAlarmed = true;
    events.warn("ledger.no_source", {
      code: "LEDGER_NO_SOURCE",
      source: source.id,
      ledger: want,
      lagMs,
    });
  }
}

/** A call, because the compiler believes that a flag it has seen false stays false. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false;
}
