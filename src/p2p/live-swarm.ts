/**
 * The swarm of one live stream: heads and pieces come in, are checked, kept, passed on and read.
 *
 * Nothing reaches a reader or another peer before the broadcaster's signature over its head, and the
 * head's digest over its bytes, were found good.
 *
 * Errors  `LIVE_EQUIVOCATION` for readers when the broadcaster signed two things of one piece;
 *         `LICENCE_MISSING` and its like for who may not watch.
 * Source  docs/spec/live.md.
 */
import { AceError } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import type { Discovery } from "./discovery.ts";
import { LIVE_MEMORY_PIECES, LIVE_TICK_MS } from "./limits.ts";
import { LiveAccess } from "./live-access.ts";
import { liveAudience } from "./live-descriptor.ts";
import { LiveFault } from "./live-fault.ts";
import { findPeers } from "./live-finding.ts";
import type { HeadBatch, LiveHead } from "./live-head.ts";
import type { LiveHeads } from "./live-heads.ts";
import type { LiveLink } from "./live-link.ts";
import type { LiveMessage } from "./live-message.ts";
import { LiveNews } from "./live-news.ts";
import { type LiveParts, liveParts } from "./live-parts.ts";
import { type LivePieces, openLivePieces } from "./live-pieces.ts";
import type { LivePiece, LiveWindow } from "./live-port.ts";
import { type From, type Reading, readLive } from "./live-reader.ts";
import type { LiveRun } from "./live-run.ts";
import { LiveStats } from "./live-stats.ts";
import type { LiveSwarm, LiveSwarmOptions } from "./live-swarm-port.ts";
import { liveWindow } from "./live-window.ts";
import type { SwarmStats } from "./swarm-stats.ts";

export async function openLiveSwarm(options: LiveSwarmOptions): Promise<LiveSwarm> {
  return new RunningLive(options, await openLivePieces(LIVE_MEMORY_PIECES, options.folder));
}

class RunningLive implements LiveSwarm {
  readonly streamId: string;
  readonly contentId: string;
  readonly title: string;
  readonly heads: LiveHeads;
  /** The pieces that are here. */
  readonly stock: LivePieces;
  readonly readings = new Set<Reading>();
  readonly #options: LiveSwarmOptions;
  readonly #parts: LiveParts;
  readonly #access: LiveAccess;
  readonly #over = new AbortController();
  readonly #discovery: Discovery;
  readonly #timer: NodeJS.Timeout;
  readonly #stats: LiveStats;
  readonly #news = new LiveNews();
  readonly #fault: LiveFault;
  #epoch = 0;

  constructor(options: LiveSwarmOptions, pieces: LivePieces) {
    const { descriptor, gate, clock, events, title } = options;
    this.#options = options;
    this.stock = pieces;
    this.streamId = descriptor.streamId;
    this.contentId = descriptor.contentId;
    this.title = title;
    this.#access = new LiveAccess(gate, title);
    this.#fault = new LiveFault(events, this);
    this.#parts = liveParts(options, this);
    this.heads = this.#parts.heads;
    const { origin, peers } = this.#parts;
    this.#stats = new LiveStats(clock.nowMs(), () => origin?.bytes ?? 0);
    for (const peer of options.peers ?? []) peers.add(peer, true);
    this.#discovery = findPeers(options, peers);
    this.#timer = setInterval(() => this.#tick(), LIVE_TICK_MS);
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  stats(): SwarmStats {
    return this.#stats.of({
      peers: this.#parts.peers,
      access: this.#access,
      pieces: this.heads.count,
      piecesHad: this.stock.count,
    });
  }

  window(): LiveWindow | undefined {
    const { peers, origin } = this.#parts;
    return liveWindow(this.heads, { pieces: this.stock, peers, origin });
  }

  async ready(signal: AbortSignal): Promise<void> {
    await this.#access.ask(liveAudience(this.streamId), signal);
    this.check();
  }

  async *pieces(from: From, signal: AbortSignal): AsyncGenerator<LivePiece> {
    const reading: Reading = { nextSeq: 0 };
    this.readings.add(reading);
    const either = AbortSignal.any([signal, this.#over.signal]);
    try {
      yield* readLive(this, { from, reading, signal: either });
    } finally {
      this.readings.delete(reading);
    }
  }

  publish(batch: HeadBatch, pieces: readonly Uint8Array[]): void {
    const gone = batch.heads.flatMap((head) => [...this.heads.put(head, batch)]);
    this.#drop(gone);
    for (const [at, head] of batch.heads.entries()) {
      this.stock.put(head.seq, pieces[at] ?? new Uint8Array(), head.sha256);
    }
    this.#parts.talk.passOn(batch);
    for (const { seq } of batch.heads) this.#parts.talk.tellFew(seq);
    this.#news.tell();
  }

  publishRun(run: LiveRun): void {
    this.#parts.runs.put(run);
    this.#parts.talk.passOnRun(run);
  }

  addPeer(address: string): void {
    this.#parts.peers.add(address, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#over.abort(new AceError("CONTENT_UNREACHABLE", `"${this.title}" was closed`));
    this.#news.tell();
    this.#parts.origin?.[Symbol.dispose]();
    this.#parts.peers[Symbol.dispose]();
    await this.#discovery[Symbol.asyncDispose]();
    await this.stock[Symbol.asyncDispose]();
  }

  nowMs(): number {
    return this.#options.clock.nowMs();
  }

  has(seq: number): boolean {
    return this.stock.has(seq);
  }

  async plain(head: LiveHead): Promise<Uint8Array | undefined> {
    const bytes = await this.stock.get(head.seq);
    const { cipher } = this.#options;
    return bytes === undefined || cipher === undefined ? bytes : await cipher.open(head, bytes);
  }

  reach(seq: number): void {
    this.#parts.fetching.reach(seq);
  }

  changed(): Promise<void> {
    return this.#news.next;
  }

  check(): void {
    this.#fault.check();
    const { refusal } = this.#access;
    if (refusal !== undefined && !this.#parts.peers.isServed) throw refusal;
  }

  piece(seq: number): Promise<Uint8Array | undefined> {
    return this.stock.get(seq);
  }

  onAdmitted(link: LiveLink): void {
    this.#parts.talk.greet(link);
  }

  onOpened(): void {
    this.#access.opened();
    this.#parts.fetching.fill();
  }

  onMessage(link: LiveLink, message: LiveMessage): void {
    switch (message.kind) {
      case "heads":
        this.#parts.intake.take(link, message.batch);
        return;
      case "proof":
        this.#parts.intake.takeProof(link, message.batches);
        return;
      case "run":
        this.#parts.intake.takeRun(link, message.run);
        return;
      case "older":
        this.#parts.backfill.answer(link, message, this.nowMs());
        return;
    }
  }

  onHave(_link: LiveLink, seq: number): void {
    if (this.#parts.fetching.wants(seq)) this.#parts.fetching.fill();
  }

  onPiece(link: LiveLink, seq: number, piece: Uint8Array): void {
    const head = this.heads.get(seq);
    const got = head === undefined ? undefined : this.keep(head, piece);
    if (head === undefined || got === undefined) return;
    const digests = { promised: head.sha256.toHex(), got };
    this.#parts.peers.ban(link, "PIECE_BAD", { epoch: head.epoch, seq, ...digests });
    this.#parts.fetching.fill();
  }

  onRefused(link: LiveLink, seq: number): void {
    this.#parts.fetching.refused(link, seq);
  }

  onDenied(code: string): void {
    this.#access.denied(code);
  }

  onTokenFault(error: AceError): void {
    this.#access.failed(error);
    this.#news.tell();
  }

  onGone(link: LiveLink): void {
    this.#parts.fetching.gone(link);
    this.#parts.talk.gone(link);
  }

  /** Answers the digest of a piece that is not what its head says. */
  keep({ seq, sha256: promised }: LiveHead, piece: Uint8Array): string | undefined {
    if (this.stock.has(seq)) return undefined;
    const digest = sha256(piece);
    if (Buffer.compare(digest, promised) !== 0) return digest.toHex();
    this.stock.put(seq, piece, digest);
    this.#parts.fetching.arrived(seq);
    this.#parts.talk.tell(seq);
    this.#news.tell();
    return undefined;
  }

  onHeads(batch: HeadBatch, gone: readonly number[], from: LiveLink): void {
    if (this.heads.epoch !== this.#epoch) this.#parts.peers.forgetPieces();
    this.#epoch = this.heads.epoch;
    this.#drop(gone);
    this.#parts.talk.passOn(batch, from);
    this.#parts.fetching.onHeads(batch, gone);
    this.#news.tell();
  }

  #drop(gone: readonly number[]): void {
    this.stock.drop(gone);
    this.#parts.runs.forgetBefore(this.heads.oldest?.seq ?? 0);
  }

  onEquivocation(batches: readonly [HeadBatch, HeadBatch]): void {
    if (!this.#fault.equivocation(batches)) return;
    this.#parts.talk.warn(batches);
    this.#news.tell();
  }

  #tick(): void {
    const nowMs = this.nowMs();
    this.#stats.tick(this.#parts.peers.bytes, nowMs);
    this.#parts.peers.tick();
    this.#parts.talk.tick();
    if (this.#options.role !== "source") {
      this.#parts.fetching.tick();
      this.#parts.backfill.tick(nowMs);
      this.#parts.origin?.tick(nowMs);
    }
    this.#news.tell();
  }
}
