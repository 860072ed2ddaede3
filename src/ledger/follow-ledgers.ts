/**
 * Following Stellar: one stream of verified ledgers, without a gap, from a cursor on, for ever.
 *
 * Any source may offer the next ledger. It is handed on only when it links to the one before it, all of
 * its hashes hold and it has reached the level of trust asked for: so changing sources in mid-stream
 * costs nothing, and a gap is impossible. Stellar has no reorganisations: a source that contradicts what
 * the others confirm is never asked again. The caller keeps the cursor; nothing handed on is taken back.
 *
 * Errors  What no source and no waiting cures ends the stream: `LEDGER_FORK` when sources that all hold
 *         together disagree, or none is left to believe; with a single source its own fault,
 *         `LEDGER_HASH_MISMATCH` or `NETWORK_MISMATCH`; `LEDGER_RETENTION_EXCEEDED` and
 *         `LEDGER_PROTOCOL_UNKNOWN` when every source that is left says so.
 * Flow    An aborted `signal` ends the stream at once, without an error.
 */
import type { JudgeConsensus } from "./anchoring.ts";
import type { ClosedLedger } from "./closed-ledger.ts";
import { FollowRun } from "./follow-run.ts";
import type { LedgerPoint } from "./ledger-point.ts";
import type { SourcePanel } from "./source-panel.ts";
import type { Trust } from "./trust.ts";

const LAG_ALARM_MS = 60_000;

export interface FollowOptions {
  readonly panel: SourcePanel;
  readonly trust: Trust;
  /** The last ledger that was applied; undefined to begin with the founding ledger, `start`. */
  readonly cursor: LedgerPoint | undefined;
  readonly passphrase: string;
  readonly vaults: readonly string[];
  /** The ledger that the service network was founded in: a source of another network is refused. */
  readonly start?: LedgerPoint;
  /** Judges what archives hold of the validators' agreement; without it nothing is anchored. */
  readonly judge?: JudgeConsensus;
  readonly signal?: AbortSignal;
  /** Without a ledger for so long, the operator is told. */
  readonly lagAlarmMs?: number;
}

export async function* followLedgers(options: FollowOptions): AsyncGenerator<ClosedLedger, void> {
  const { signal, start, judge, lagAlarmMs = LAG_ALARM_MS } = options;
  const run = new FollowRun({ ...options, start, judge, lagAlarmMs });
  const stop = (): void => run.stop();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    while (!isAborted(signal)) {
      for (let next = run.give(); next !== undefined; next = run.give()) {
        yield next;
        if (isAborted(signal)) return;
      }
      await run.step();
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    run.close();
  }
}

/** A call, because the compiler believes that a flag it has seen false stays false. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false;
}
