/**
 * Anchoring: proof, checkpoint by checkpoint, that the validators themselves agreed on our chain.
 *
 * Archives publish minutes after a checkpoint closed, so it runs beside the following. Each archive
 * holds only what its own node heard: the messages of all are judged together, against the quorum set
 * of our own configuration.
 *
 * Errors  `LEDGER_FORK` when the validators agreed on another ledger than ours.
 */
import { AceError, isAceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import { readOne } from "./header-hash-at.ts";
import type { LedgerPoint } from "./ledger-point.ts";
import type { ConsensusSource, LedgerSource } from "./ledger-source.ts";
import type { SourcePanel } from "./source-panel.ts";
import type { Trust } from "./trust.ts";
import { type VerifiedLedger, verifyRaw } from "./verify-ledger.ts";
import type { WatchedSource } from "./watched-source.ts";

const CHECKPOINT_MASK = 63;
/** Passed and not anchored yet; of more the oldest are dropped, for a newer one proves them too. */
const PENDING_MAX = 32;
const RETRY_MS = 10_000;

/** Whether these SCP envelopes are a quorum's agreement on the value of one ledger. */
export type JudgeConsensus = (question: {
  readonly sequence: number;
  /** XDR of the header's scpValue. */
  readonly valueBytes: Uint8Array;
  /** XDR of SCPEnvelopes, of any archive and in any order. */
  readonly envelopes: readonly Uint8Array[];
}) => boolean;

interface Checkpoint extends LedgerPoint {
  readonly valueBytes: Uint8Array;
}

export type AnchorOutcome =
  | { readonly kind: "anchored" }
  /** No archive has published it. */
  | { readonly kind: "later" }
  /** All archives were merged, and the quorum set is not satisfied. */
  | { readonly kind: "unanchored" }
  /** The quorum agreed on another ledger than ours. */
  | { readonly kind: "fork"; readonly hash: string };

export interface AnchorEvent {
  readonly kind: "anchor";
  readonly checkpoint: Checkpoint;
  readonly outcome: AnchorOutcome;
  readonly failures: readonly { readonly seat: WatchedSource; readonly error: unknown }[];
}

interface Options {
  readonly panel: SourcePanel;
  readonly trust: Trust;
  readonly judge: JudgeConsensus;
  readonly passphrase: string;
  readonly signal: AbortSignal;
  readonly post: (event: AnchorEvent) => void;
}

export class Anchoring {
  readonly #options: Options;
  #retryAtMs = 0;
  #isTrying = false;
  #pending: readonly Checkpoint[] = [];
  #unanchored = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  passed({ sequence, hash, valueBytes }: VerifiedLedger): void {
    if ((sequence & CHECKPOINT_MASK) !== CHECKPOINT_MASK) return;
    // A copy: the slice would keep the whole ledger in memory.
    const checkpoint = { sequence, hash, valueBytes: valueBytes.slice() };
    this.#pending = [...this.#pending, checkpoint].slice(-PENDING_MAX);
  }

  /** Tries the newest checkpoint that an archive claims to have. */
  act(nowMs: number): void {
    if (this.#isTrying || nowMs < this.#retryAtMs || this.#pending.length === 0) return;
    const { panel, post } = this.#options;
    const archives = panel.usable.filter(
      (seat) => isConsensusSource(seat.source) && !seat.isBackingOff(nowMs),
    );
    const published = Math.max(0, ...archives.map(({ newest = 0 }) => newest));
    const checkpoint = this.#pending.findLast(({ sequence }) => sequence <= published);
    if (checkpoint === undefined) return;
    this.#isTrying = true;
    const [first] = archives;
    invariant(first !== undefined, "a checkpoint is published by somebody");
    void tryAnchor({ ...this.#options, checkpoint, archives }).then(post, (error: unknown) => {
      const failures = [{ seat: first, error }];
      post({ kind: "anchor", checkpoint, outcome: { kind: "later" }, failures });
    });
  }

  /** Errors `LEDGER_FORK`. */
  settled({ checkpoint, outcome }: AnchorEvent, nowMs: number): void {
    const { sequence, hash } = checkpoint;
    const { trust, panel } = this.#options;
    this.#isTrying = false;
    if (outcome.kind !== "anchored") this.#retryAtMs = nowMs + RETRY_MS;
    switch (outcome.kind) {
      case "anchored":
        // Rolled back meanwhile, it is not ours any more.
        if (!this.#pending.includes(checkpoint)) return;
        this.#drop((pending) => pending <= sequence);
        trust.proved({ sequence, hash });
        panel.events.info("ledger.anchored", { ledger: sequence });
        break;
      case "unanchored": {
        if (this.#unanchored >= sequence) return;
        this.#unanchored = sequence;
        const code = "LEDGER_UNANCHORED";
        panel.events.warn("ledger.unanchored", { code, ledger: sequence });
        break;
      }
      case "fork": {
        const what = `checkpoint ${sequence} is ${hash} here`;
        throw new AceError("LEDGER_FORK", `${what}; the validators agreed on ${outcome.hash}`);
      }
      case "later":
    }
  }

  /** Checkpoints above the last ledger handed on are not ours any more. */
  rolledBack(base: number): void {
    this.#drop((sequence) => sequence > base);
  }

  get deadlines(): readonly number[] {
    return this.#pending.length > 0 && !this.#isTrying ? [this.#retryAtMs] : [];
  }

  #drop(isOver: (sequence: number) => boolean): void {
    this.#pending = this.#pending.filter(({ sequence }) => !isOver(sequence));
  }
}

function isConsensusSource(source: LedgerSource): source is ConsensusSource {
  return source.kind === "archive" && "consensus" in source;
}

interface Attempt extends Pick<Options, "judge" | "passphrase" | "signal"> {
  readonly checkpoint: Checkpoint;
  readonly archives: readonly WatchedSource[];
}

async function tryAnchor(attempt: Attempt): Promise<AnchorEvent> {
  const { checkpoint, archives, judge, signal } = attempt;
  const failures: { seat: WatchedSource; error: unknown }[] = [];
  const answers = await Promise.all(
    archives.map(async (seat) => {
      if (!isConsensusSource(seat.source)) return [];
      try {
        return await seat.source.consensus(checkpoint.sequence, signal);
      } catch (error) {
        failures.push({ seat, error });
        return [];
      }
    }),
  );
  const envelopes = answers.flat();
  const event = (outcome: AnchorOutcome): AnchorEvent => ({
    kind: "anchor",
    checkpoint,
    outcome,
    failures,
  });
  if (envelopes.length === 0) return event({ kind: "later" });
  const { sequence, valueBytes } = checkpoint;
  if (judge({ sequence, valueBytes, envelopes })) return event({ kind: "anchored" });
  const other = await anotherAnchored(attempt, envelopes);
  if (other !== undefined) return event({ kind: "fork", hash: other });
  const isComplete = failures.length === 0 && answers.every(({ length }) => length > 0);
  return event({ kind: isComplete ? "unanchored" : "later" });
}

/** The header hash of another ledger in this place that the quorum did agree on. */
async function anotherAnchored(
  { checkpoint, archives, judge, passphrase, signal }: Attempt,
  envelopes: readonly Uint8Array[],
): Promise<string | undefined> {
  const { sequence } = checkpoint;
  for (const { source } of archives) {
    try {
      const raw = await readOne(source, { sequence, signal });
      if (raw === undefined) continue;
      const { hash, valueBytes } = verifyRaw(raw, { passphrase, sequence });
      if (hash !== checkpoint.hash && judge({ sequence, valueBytes, envelopes })) return hash;
    } catch (error) {
      // An archive that cannot show its ledger, or shows a false one, proves nothing.
      if (!isAceError(error)) throw error;
    }
  }
  return undefined;
}
