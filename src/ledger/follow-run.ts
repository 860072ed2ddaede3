/** One run of the follower: the events of its sources, in the order they come, and what follows. */
import { type AceError, isAceError } from "../lib/errors.ts";
import { type AnchorEvent, Anchoring, type JudgeConsensus } from "./anchoring.ts";
import type { ClosedLedger } from "./closed-ledger.ts";
import { Mailbox } from "./follow-mailbox.ts";
import { FollowTimer } from "./follow-timer.ts";
import { Growth } from "./growth.ts";
import { HeldChain } from "./held-chain.ts";
import type { LedgerPoint } from "./ledger-point.ts";
import type { RawLedger } from "./ledger-source.ts";
import { type ClaimEvent, SourceClaims } from "./source-claims.ts";
import type { LaneEvent, SourceLane } from "./source-lane.ts";
import { SourceLanes } from "./source-lanes.ts";
import { BULK_LEDGERS, type SourcePanel } from "./source-panel.ts";
import type { Trust } from "./trust.ts";
import type { VerifiedLedger } from "./verify-ledger.ts";
import type { WatchedSource } from "./watched-source.ts";
import type { VoteEvent } from "./witness.ts";
import { WitnessStand } from "./witness-stand.ts";

export interface RunOptions {
  readonly panel: SourcePanel;
  readonly trust: Trust;
  readonly cursor: LedgerPoint | undefined;
  readonly start: LedgerPoint | undefined;
  readonly passphrase: string;
  readonly vaults: readonly string[];
  readonly judge: JudgeConsensus | undefined;
  readonly lagAlarmMs: number;
}

type FollowEvent =
  | LaneEvent
  | VoteEvent
  | AnchorEvent
  | ClaimEvent
  | { readonly kind: "timer" }
  | { readonly kind: "stop" };

/** Ledgers that we have already, one after another, before a source is taken to have no other. */
const STALE_LEDGERS_MAX = 256;
/** How long a source that contradicts the others is left alone before it is asked again. */
const DISPUTE_MS = 2_000;

export class FollowRun {
  readonly #chain: HeldChain;
  readonly #options: RunOptions;
  readonly #panel: SourcePanel;
  readonly #trust: Trust;
  readonly #mailbox = new Mailbox<FollowEvent>();
  readonly #stop = new AbortController();
  readonly #timer: FollowTimer;
  readonly #claims: SourceClaims;
  readonly #lanes: SourceLanes;
  readonly #stand: WitnessStand;
  readonly #anchoring: Anchoring | undefined;
  readonly #growth: Growth;
  #staleLedgers = 0;

  constructor(options: RunOptions) {
    const { panel, trust, passphrase, judge } = options;
    const { signal } = this.#stop;
    const post = (event: FollowEvent) => this.#mailbox.post(event);
    this.#options = options;
    this.#panel = panel;
    this.#trust = trust;
    this.#chain = new HeldChain(options);
    this.#timer = new FollowTimer(panel.pace, () => post({ kind: "timer" }));
    this.#claims = new SourceClaims(panel, signal, post);
    this.#lanes = new SourceLanes({ ...options, post });
    this.#stand = new WitnessStand({ panel, trust, passphrase, signal, post });
    this.#anchoring =
      judge === undefined
        ? undefined
        : new Anchoring({ panel, trust, judge, passphrase, signal, post });
    this.#growth = new Growth(panel.clock.nowMs(), options.lagAlarmMs);
    trust.reached(options.cursor?.sequence);
  }

  /** The next ledger that has reached the level of trust asked for. */
  give(): ClosedLedger | undefined {
    return this.#chain.give(this.#trust.granted);
  }

  /** Does what can be done now, then waits for one event. Errors: what ends the stream. */
  async step(): Promise<void> {
    this.#act();
    this.#handle(await this.#mailbox.take());
    const { verdict } = this.#panel;
    if (verdict !== undefined) throw verdict;
  }

  stop(): void {
    this.#mailbox.post({ kind: "stop" });
  }

  close(): void {
    this.#stop.abort();
    this.#timer.cancel();
    this.#lanes.closeAll();
  }

  #act(): void {
    const nowMs = this.#panel.clock.nowMs();
    const isHedging = nowMs >= this.#growth.hedgeAtMs;
    this.#claims.ask(nowMs);
    if (!this.#chain.isFull && !this.#claims.isTooEarly(nowMs)) {
      this.#lanes.open(this.#chain.want, nowMs, isHedging);
      this.#lanes.pull(nowMs);
    }
    this.#stand.act(this.#chain, nowMs);
    this.#anchoring?.act(nowMs);
    this.#alarm(nowMs);
    this.#timer.arm(this.#deadlines(), nowMs);
  }

  #deadlines(): readonly number[] {
    return [
      ...this.#panel.usable.map((seat) => seat.retryAtMs),
      ...this.#claims.deadlines,
      ...this.#lanes.deadlines,
      ...this.#stand.deadlines,
      ...(this.#anchoring?.deadlines ?? []),
      ...this.#growth.deadlines,
    ];
  }

  #handle(event: FollowEvent): void {
    if ("lane" in event) {
      // What a lane had to say before it was closed does not matter any more.
      if (event.lane.isClosed) return;
      event.lane.taken();
    }
    switch (event.kind) {
      case "raw":
        this.#received(event.lane, event.raw);
        break;
      case "end":
        this.#ended(event.lane);
        break;
      case "broken":
        this.#lanes.close(event.lane);
        this.#failed(event.lane.seat, event.error);
        break;
      case "claim":
        event.seat.claimed(event.range, event.tookMs);
        break;
      case "claimFailed":
        this.#failed(event.seat, event.error);
        break;
      case "vote":
        this.#voted(event);
        break;
      case "anchor":
        for (const { seat, error } of event.failures) this.#failed(seat, error);
        this.#anchoring?.settled(event, this.#panel.clock.nowMs());
        break;
      case "timer":
        this.#giveUpSilent();
        break;
      case "stop":
    }
  }

  #received(lane: SourceLane, raw: RawLedger): void {
    const want = this.#chain.want;
    // A source may repeat what we have. After a gap it is asked anew from where the gap began.
    if (raw.sequence < want) {
      this.#staleLedgers += 1;
      if (this.#staleLedgers > STALE_LEDGERS_MAX) this.#ended(lane);
      return;
    }
    if (raw.sequence > want) {
      this.#ended(lane);
      return;
    }
    try {
      // At the tip there is time for all that can be checked.
      const isBehind = this.#panel.newest - want > BULK_LEDGERS;
      const accepted = this.#chain.accept(raw, {
        supplier: lane.seat,
        anchored: this.#trust.anchored,
        grade: isBehind ? "full" : "audit",
      });
      if (accepted.kind === "linked") this.#grown(lane, accepted.ledger);
      else this.#contradicted(lane, { raw, ...accepted });
    } catch (error) {
      this.#lanes.close(lane);
      this.#failed(lane.seat, error, raw);
    }
  }

  #grown(lane: SourceLane, ledger: VerifiedLedger): void {
    const { sequence, closeTime } = ledger;
    const nowMs = this.#panel.clock.nowMs();
    this.#lanes.won(lane, nowMs);
    lane.seat.delivered(sequence, closeTime);
    if (sequence === this.#options.start?.sequence) lane.seat.isStartSeen = true;
    this.#staleLedgers = 0;
    this.#growth.grown(closeTime, nowMs);
    this.#trust.reached(sequence);
    this.#anchoring?.passed(ledger);
    this.#stand.grown(ledger);
  }

  #ended(lane: SourceLane): void {
    this.#lanes.close(lane);
    this.#staleLedgers = 0;
    const nowMs = this.#panel.clock.nowMs();
    if (lane.delivered > 0) lane.seat.retryAtMs = nowMs;
    else lane.seat.hadNothing(this.#chain.want, nowMs + this.#panel.pollMs);
  }

  #contradicted(
    lane: SourceLane,
    rival: { readonly raw: RawLedger; readonly ledger: VerifiedLedger; readonly error: AceError },
  ): void {
    this.#lanes.close(lane);
    const { seat } = lane;
    if (!this.#stand.dispute(this.#chain, seat, rival)) {
      this.#quarantine(seat, rival.error, rival.raw);
      return;
    }
    seat.retryAtMs = this.#panel.clock.nowMs() + DISPUTE_MS;
    const ledger = rival.ledger.sequence - 1;
    const { previousHash } = rival.ledger;
    this.#panel.events.warn("ledger.disputed", { source: seat.source.id, ledger, previousHash });
    this.#rule();
  }

  #voted(event: VoteEvent): void {
    const lie = this.#stand.heard(event);
    if (lie !== undefined) this.#quarantine(lie.seat, lie.error, lie.raw);
    if (event.answer.kind === "failed") this.#failed(event.seat, event.answer.error);
    this.#rule();
  }

  #rule(): void {
    for (const { seat, error, raw } of this.#stand.liars(this.#chain.base)) {
      this.#quarantine(seat, error, raw);
    }
  }

  /** Errors: what no other source and no waiting cures. */
  #failed(seat: WatchedSource, error: unknown, raw?: RawLedger): void {
    if (this.#stop.signal.aborted || seat.isQuarantined) return;
    if (!isAceError(error)) throw error;
    const want = this.#chain.want;
    switch (error.code) {
      case "NETWORK_MISMATCH":
      case "LEDGER_HASH_MISMATCH":
        this.#quarantine(seat, error, raw);
        break;
      case "LEDGER_RETENTION_EXCEEDED":
        seat.goneUntil = want;
        if (this.#panel.usable.every(({ goneUntil }) => goneUntil >= want)) throw error;
        break;
      case "LEDGER_PROTOCOL_UNKNOWN":
        seat.unknownAt = want;
        if (this.#panel.usable.every(({ unknownAt }) => unknownAt === want)) throw error;
        this.#panel.failed(seat, error);
        break;
      default:
        this.#panel.failed(seat, error);
    }
  }

  #quarantine(seat: WatchedSource, error: AceError, raw: RawLedger | undefined): void {
    this.#panel.quarantine(seat, error, { ledger: this.#chain.want, raw });
    this.#lanes.closeAll(seat);
    // What it sent before, and nobody has confirmed, is no better.
    if (this.#trust.required > 0) this.#rollBack();
  }

  #rollBack(): void {
    this.#lanes.closeAll();
    this.#chain.rollBack();
    this.#stand.rolledBack(this.#chain.base);
    this.#anchoring?.rolledBack(this.#chain.base);
    this.#trust.reached(this.#chain.tip?.sequence);
  }

  #giveUpSilent(): void {
    for (const [seat, error] of this.#lanes.giveUpSilent(this.#panel.clock.nowMs())) {
      this.#failed(seat, error);
    }
  }

  #alarm(nowMs: number): void {
    const lagMs = this.#growth.alarm(nowMs);
    if (lagMs === undefined) return;
    const ledger = this.#chain.want;
    this.#panel.events.warn("ledger.no_source", { code: "LEDGER_NO_SOURCE", ledger, lagMs });
  }
}
