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
import {
  LIVE_FAN,
  LIVE_LAG_MS,
  LIVE_MEMORY_PIECES,
  LIVE_TICK_MS,
  LIVE_WINDOW_PIECES,
} from "./limits.ts";
import { LiveAccess } from "./live-access.ts";
import { LiveBackfill } from "./live-backfill.ts";
import { liveAudience } from "./live-descriptor.ts";
import { LiveFan } from "./live-fan.ts";
import { LiveFetching } from "./live-fetching.ts";
import { findPeers } from "./live-finding.ts";
import type { HeadBatch, LiveHead } from "./live-head.ts";
import { LiveHeads } from "./live-heads.ts";
import { LiveIntake } from "./live-intake.ts";
import type { LiveLink } from "./live-link.ts";
import type { LiveMessage } from "./live-message.ts";
import { LiveNews } from "./live-news.ts";
import { LivePeers } from "./live-peers.ts";
import { type LivePieces, openLivePieces } from "./live-pieces.ts";
import type { LivePiece, LiveWindow } from "./live-port.ts";
import { type From, type Reading, readLive } from "./live-reader.ts";
import { LiveStats } from "./live-stats.ts";
import type { LiveSwarm, LiveSwarmOptions } from "./live-swarm-port.ts";
import { LiveTalk } from "./live-talk.ts";
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
  readonly #options: LiveSwarmOptions;
  readonly #pieces: LivePieces;
  readonly #peers: LivePeers;
  readonly #intake: LiveIntake;
  readonly #fetching: LiveFetching;
  readonly #backfill: LiveBackfill;
  readonly #talk: LiveTalk;
  readonly #access: LiveAccess;
  readonly #readings = new Set<Reading>();
  readonly #over = new AbortController();
  readonly #discovery: Discovery;
  readonly #timer: NodeJS.Timeout;
  readonly #stats: LiveStats;
  readonly #news = new LiveNews();
  #fault: AceError | undefined;
  #epoch = 0;

  constructor(options: LiveSwarmOptions, pieces: LivePieces) {
    const { descriptor, gate, clock, role, events, listener } = options;
    this.#options = options;
    this.#pieces = pieces;
    this.streamId = descriptor.streamId;
    this.contentId = descriptor.contentId;
    this.title = options.title;
    const size = options.windowPieces ?? LIVE_WINDOW_PIECES;
    this.heads = new LiveHeads(size);
    this.#access = new LiveAccess(gate, options.title);
    this.#stats = new LiveStats(clock.nowMs());
    const audience = liveAudience(this.streamId);
    this.#peers = new LivePeers({
      streamId: this.streamId,
      gate: gate && { ...gate, audience },
      listener,
      clock,
      events,
      signal: this.#over.signal,
      bans: options.bans,
      content: this,
    });
    this.#talk = new LiveTalk({
      heads: this.heads,
      pieces,
      peers: this.#peers,
      fan: new LiveFan({ fan: options.fan ?? LIVE_FAN, lagMs: options.lagMs ?? LIVE_LAG_MS }),
    });
    this.#intake = new LiveIntake({
      descriptor,
      heads: this.heads,
      nowMs: () => clock.nowMs(),
      ban: (link, reason, evidence) => this.#peers.ban(link, reason, evidence),
      onHeads: (batch, gone, from) => this.#onHeads(batch, gone, from),
      onEquivocation: (batches) => this.#onEquivocation(batches),
    });
    this.#fetching = new LiveFetching({
      role,
      heads: this.heads,
      pieces,
      peers: this.#peers,
      readings: this.#readings,
      chance: options.chance ?? Math.random,
      nowMs: () => clock.nowMs(),
    });
    this.#backfill = new LiveBackfill({ heads: this.heads, size, peers: this.#peers });
    for (const peer of options.peers ?? []) this.#peers.add(peer, true);
    this.#discovery = findPeers(options, this.#peers);
    this.#timer = setInterval(() => this.#tick(), LIVE_TICK_MS);
  }

  stats(): SwarmStats {
    return this.#stats.of({
      peers: this.#peers,
      access: this.#access,
      pieces: this.heads.count,
      piecesHad: this.#pieces.count,
    });
  }

  window(): LiveWindow | undefined {
    return liveWindow(this.heads, this.#pieces, this.#peers);
  }

  async ready(signal: AbortSignal): Promise<void> {
    await this.#access.ask(liveAudience(this.streamId), signal);
    this.check();
  }

  async *pieces(from: From, signal: AbortSignal): AsyncGenerator<LivePiece> {
    const reading: Reading = { nextSeq: 0 };
    this.#readings.add(reading);
    const either = AbortSignal.any([signal, this.#over.signal]);
    try {
      yield* readLive(this, { from, reading, signal: either });
    } finally {
      this.#readings.delete(reading);
    }
  }

  publish(batch: HeadBatch, pieces: readonly Uint8Array[]): void {
    const gone = batch.heads.flatMap((head) => [...this.heads.put(head, batch)]);
    this.#pieces.drop(gone);
    for (const [at, head] of batch.heads.entries()) {
      this.#pieces.put(head.seq, pieces[at] ?? new Uint8Array(), head.sha256);
    }
    this.#talk.passOn(batch);
    for (const { seq } of batch.heads) this.#talk.tellFew(seq);
    this.#news.tell();
  }

  addPeer(address: string): void {
    this.#peers.add(address, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#over.abort(new AceError("CONTENT_UNREACHABLE", `"${this.title}" was closed`));
    this.#news.tell();
    this.#peers[Symbol.dispose]();
    await this.#discovery[Symbol.asyncDispose]();
    await this.#pieces[Symbol.asyncDispose]();
  }

  nowMs(): number {
    return this.#options.clock.nowMs();
  }

  has(seq: number): boolean {
    return this.#pieces.has(seq);
  }

  async plain(head: LiveHead): Promise<Uint8Array | undefined> {
    const bytes = await this.#pieces.get(head.seq);
    const { cipher } = this.#options;
    return bytes === undefined || cipher === undefined ? bytes : await cipher.open(head, bytes);
  }

  reach(seq: number): void {
    this.#fetching.reach(seq);
  }

  changed(): Promise<void> {
    return this.#news.next;
  }

  check(): void {
    if (this.#fault !== undefined) throw this.#fault;
    const { refusal } = this.#access;
    if (refusal !== undefined && this.#peers.serving.length === 0) throw refusal;
  }

  piece(seq: number): Promise<Uint8Array | undefined> {
    return this.#pieces.get(seq);
  }

  onAdmitted(link: LiveLink): void {
    this.#talk.greet(link);
  }

  onOpened(): void {
    this.#access.opened();
    this.#fetching.fill();
  }

  onMessage(link: LiveLink, message: LiveMessage): void {
    switch (message.kind) {
      case "heads":
        this.#intake.take(link, message.batch);
        return;
      case "proof":
        this.#intake.takeProof(link, message.batches);
        return;
      case "older":
        this.#backfill.answer(link, message, this.nowMs());
        return;
    }
  }

  onHave(_link: LiveLink, seq: number): void {
    if (this.#fetching.wants(seq)) this.#fetching.fill();
  }

  onPiece(link: LiveLink, seq: number, piece: Uint8Array): void {
    const head = this.heads.get(seq);
    if (head === undefined || this.#pieces.has(seq)) return;
    const digest = sha256(piece);
    if (Buffer.compare(digest, head.sha256) !== 0) {
      const digests = { promised: head.sha256.toHex(), got: digest.toHex() };
      this.#peers.ban(link, "PIECE_BAD", { epoch: head.epoch, seq, ...digests });
      this.#fetching.fill();
      return;
    }
    this.#pieces.put(seq, piece, digest);
    this.#fetching.arrived(seq);
    this.#talk.tell(seq);
    this.#news.tell();
  }

  onRefused(link: LiveLink, seq: number): void {
    this.#fetching.refused(link, seq);
  }

  onDenied(code: string): void {
    this.#access.denied(code);
  }

  onTokenFault(error: AceError): void {
    this.#access.failed(error);
    this.#news.tell();
  }

  onGone(link: LiveLink): void {
    this.#fetching.gone(link);
    this.#talk.gone(link);
  }

  #onHeads(batch: HeadBatch, gone: readonly number[], from: LiveLink): void {
    if (this.heads.epoch !== this.#epoch) this.#peers.forgetPieces();
    this.#epoch = this.heads.epoch;
    this.#pieces.drop(gone);
    this.#talk.passOn(batch, from);
    this.#fetching.onHeads(batch, gone);
    this.#news.tell();
  }

  #onEquivocation(batches: readonly [HeadBatch, HeadBatch]): void {
    if (this.#fault !== undefined) return;
    const [first, second] = batches.map(({ bytes }) => bytes.toHex());
    this.#options.events.warn("live.equivocation", { stream: this.streamId, first, second });
    this.#talk.warn(batches);
    this.#fault = new AceError(
      "LIVE_EQUIVOCATION",
      `the broadcaster of "${this.title}" signed two different things of one piece`,
    );
    this.#news.tell();
  }

  #tick(): void {
    const nowMs = this.nowMs();
    this.#stats.tick(this.#peers.bytes, nowMs);
    this.#peers.tick();
    this.#talk.tick();
    if (this.#options.role !== "source") {
      this.#fetching.tick();
      this.#backfill.tick(nowMs);
    }
    this.#news.tell();
  }
}
