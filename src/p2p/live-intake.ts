/**
 * Intake of heads: what peers say that the broadcaster signed.
 *
 * A head is looked at once; its signature is checked before anything is believed or passed on. A bad
 * one bans who sent it. Two good ones that disagree about one piece prove that the broadcaster lies.
 */

import type { EventFields } from "../lib/events.ts";
import { LIVE_HEADS_BURST, LIVE_HEADS_PER_S } from "./limits.ts";
import type { LiveDescriptor } from "./live-descriptor.ts";
import { areSigned, type HeadBatch, readHeads } from "./live-head.ts";
import type { LiveHeads } from "./live-heads.ts";
import type { LiveLink } from "./live-link.ts";
import { isRunSigned, type LiveRun, readRun } from "./live-run.ts";
import type { LiveRuns } from "./live-runs.ts";

export interface IntakeHost {
  readonly descriptor: LiveDescriptor;
  readonly heads: LiveHeads;
  readonly runs: LiveRuns;
  nowMs(): number;
  ban(link: LiveLink, reason: string, evidence: EventFields): void;
  /** Good heads that were not known; `gone` are pieces that fell out of the window for them. */
  onHeads(batch: HeadBatch, gone: readonly number[], from: LiveLink): void;
  /** Where the origin holds pieces: good, and not known before. */
  onRun(run: LiveRun, from: LiveLink): void;
  onEquivocation(batches: readonly [HeadBatch, HeadBatch]): void;
}

interface Allowance {
  left: number;
  atMs: number;
}

export class LiveIntake {
  readonly #host: IntakeHost;
  readonly #allowances = new WeakMap<LiveLink, Allowance>();

  constructor(host: IntakeHost) {
    this.#host = host;
  }

  take(link: LiveLink, bytes: Uint8Array): void {
    const batch = readHeads(bytes);
    if (batch === undefined || !this.#isAllowed(link, batch.heads.length)) {
      const what = batch === undefined ? "malformed" : "too many heads";
      this.#host.ban(link, "HEAD_BAD", { what, head: shortHex(bytes) });
      return;
    }
    const { heads } = this.#host;
    const fates = batch.heads.map((head) => heads.fateOf(head));
    if (fates.every(({ kind }) => kind === "known" || kind === "old")) return;
    if (!areSigned(batch, this.#host.descriptor)) {
      const { epoch, seq } = batch.heads[0] ?? {};
      const evidence = { what: "not signed by the broadcaster", epoch, seq };
      this.#host.ban(link, "HEAD_BAD", { ...evidence, head: bytes.toHex() });
      return;
    }
    const conflict = fates.find((fate) => fate.kind === "conflict");
    if (conflict !== undefined) {
      this.#host.onEquivocation([conflict.batch, batch]);
      return;
    }
    const gone = batch.heads
      .filter((_, at) => fates[at]?.kind === "new")
      .flatMap((head) => [...heads.put(head, batch)]);
    this.#host.onHeads(batch, gone, link);
  }

  takeRun(link: LiveLink, bytes: Uint8Array): void {
    const run = readRun(bytes);
    if (run === undefined || !this.#isAllowed(link, 1)) {
      const what = run === undefined ? "malformed" : "too many runs";
      this.#host.ban(link, "RUN_BAD", { what, run: shortHex(bytes) });
      return;
    }
    const { runs, heads, descriptor } = this.#host;
    if (run.epoch < heads.epoch || runs.isKnown(run)) return;
    const isNow = run.epoch === heads.epoch;
    const lastSeq = run.firstSeq + run.parts.length - 1;
    if (isNow && heads.isTooOld(lastSeq)) return;
    if (!isRunSigned(run, descriptor)) {
      const { epoch, firstSeq } = run;
      const evidence = { what: "not signed by the broadcaster", epoch, seq: firstSeq };
      this.#host.ban(link, "RUN_BAD", { ...evidence, run: bytes.toHex() });
      return;
    }
    runs.put(run);
    // Who shows again what was signed long ago is not to have all peers tell it to one another: where
    // older pieces lie is asked for.
    if (!isNow || lastSeq >= (heads.oldest?.seq ?? 0)) this.#host.onRun(run, link);
  }

  /** Somebody shows two batches that are said to disagree. */
  takeProof(link: LiveLink, [first, second]: readonly [Uint8Array, Uint8Array]): void {
    const batches = [readHeads(first), readHeads(second)] as const;
    const [left, right] = batches;
    const { descriptor } = this.#host;
    const isProof =
      left !== undefined &&
      right !== undefined &&
      disagree(left, right) &&
      areSigned(left, descriptor) &&
      areSigned(right, descriptor);
    if (isProof) this.#host.onEquivocation([left, right]);
    else this.#host.ban(link, "HEAD_BAD", { what: "proves nothing", head: shortHex(first) });
  }

  #isAllowed(link: LiveLink, count: number): boolean {
    const nowMs = this.#host.nowMs();
    const known = this.#allowances.get(link) ?? { left: LIVE_HEADS_BURST, atMs: nowMs };
    const gained = (Math.max(0, nowMs - known.atMs) / 1_000) * LIVE_HEADS_PER_S;
    const left = Math.min(LIVE_HEADS_BURST, known.left + gained) - count;
    this.#allowances.set(link, { left: Math.max(0, left), atMs: nowMs });
    return left >= 0;
  }
}

function disagree(left: HeadBatch, right: HeadBatch): boolean {
  return left.heads.some((one) =>
    right.heads.some(
      (other) =>
        one.epoch === other.epoch &&
        one.seq === other.seq &&
        (Buffer.compare(one.sha256, other.sha256) !== 0 || one.captureMs !== other.captureMs),
    ),
  );
}

function shortHex(bytes: Uint8Array): string {
  return bytes.subarray(0, 128).toHex();
}
