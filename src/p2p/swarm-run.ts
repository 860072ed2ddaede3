/** A swarm at work: its peers, its pieces and who reads them. Opened by swarm.ts. */
import { isErrorCode } from "../lib/catalogue.ts";
import { AceError } from "../lib/errors.ts";
import { Arrivals } from "./arrivals.ts";
import type { Bitfield } from "./bitfield.ts";
import type { Lie } from "./blame.ts";
import { freshChance } from "./chance.ts";
import { type Discovery, startSwarmDiscovery } from "./discovery.ts";
import { swarmExtensions } from "./discovery-extensions.ts";
import { Download } from "./download.ts";
import { BUFFER_S_DEFAULT } from "./engine-limits.ts";
import { DENIALS_TO_FAIL, STORE_RETRY_MS, TICK_MS } from "./limits.ts";
import { PieceCache } from "./piece-cache.ts";
import { leastBufferMs } from "./reading.ts";
import { Supply } from "./supply.ts";
import { SwarmPeers } from "./swarm-peers.ts";
import type { Swarm, SwarmOptions } from "./swarm-port.ts";
import { readRange } from "./swarm-read.ts";
import { peerRules } from "./swarm-rules.ts";
import { Speed, type SwarmStats } from "./swarm-stats.ts";
import { requireRoom, type SwarmStore } from "./swarm-store.ts";
import { pieceSize, type Torrent } from "./torrent.ts";

/** Statuses of errors that waiting does not mend: the viewer has no right. */
const REFUSED_STATUSES: ReadonlySet<number> = new Set([401, 403]);

export class RunningSwarm implements Swarm {
  readonly torrent: Torrent;
  readonly #options: SwarmOptions;
  readonly #had: Bitfield;
  readonly #cache: PieceCache;
  readonly #fetching: Download;
  readonly #arrivals: Arrivals;
  readonly #peers: SwarmPeers;
  readonly #supply: Supply;
  readonly #discovery: Discovery;
  readonly #over = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #upSpeed: Speed;
  readonly #downSpeed: Speed;
  #refusal: AceError | undefined;
  #blockedMs = 0;
  #denials = 0;
  /** Resolves when what the store held at the start is known. */
  #checked: Promise<void> = Promise.resolve();

  constructor(options: SwarmOptions, kept: SwarmStore, stallMs: number) {
    const { had } = kept;
    const { torrent, store, gate, listener, clock, events } = options;
    this.torrent = torrent;
    this.#options = options;
    this.#had = had;
    this.#cache = new PieceCache(store, torrent.pieceLength);
    this.#arrivals = new Arrivals(stallMs);
    this.#upSpeed = new Speed(clock.nowMs());
    this.#downSpeed = new Speed(clock.nowMs());
    const chance = options.chance ?? freshChance();
    this.#fetching = new Download({
      torrent,
      store,
      had,
      chance,
      events: {
        onHad: (index, piece) => this.#onHad(index, piece),
        onBad: () => this.#peers.fill(),
        onLie: (lie) => this.#onLie(lie),
        onStoreFault: (error) => this.#onStoreFault(error),
      },
    });
    const rules = peerRules(options, had, chance);
    this.#peers = new SwarmPeers({
      ...rules,
      infohash: torrent.infohash,
      geometry: {
        pieces: torrent.pieceHashes.length,
        pieceSize: (index) => pieceSize(torrent, index),
      },
      had,
      fetching: this.#fetching,
      gate,
      extensions: swarmExtensions(options, (address) => this.#peers.add(address)),
      listener,
      clock,
      events,
      signal: this.#over.signal,
      pieces: this.#cache,
      onOpened: () => {
        this.#refusal = undefined;
        this.#denials = 0;
      },
      onDenied: (code) => this.#onDenied(code),
      onTokenFault: (error) => this.#onTokenFault(error),
    });
    this.#supply = new Supply(options.suppliers ?? [], {
      fetching: this.#fetching,
      rates: rules.rates.down,
      nowMs: () => clock.nowMs(),
      hasServers: () => this.#peers.hasServers,
      onLate: (peers, block) => this.#peers.onLate(peers, block),
    });
    this.#watchStore(kept);
    for (const peer of options.peers ?? []) this.#peers.add(peer, true);
    this.#discovery = startSwarmDiscovery(options, {
      peerId: this.#peers.peerId,
      leftBytes: () => (had.size - had.count) * torrent.pieceLength,
      isAlone: () => this.#peers.count === 0 && !had.isFull,
      onPeer: (address) => this.#peers.add(address),
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  stats(): SwarmStats {
    const { up, down, ungated } = this.#peers.bytes;
    return {
      peers: this.#peers.count,
      pieces: this.#had.size,
      piecesHad: this.#had.count,
      bytesUp: up,
      bytesDown: down + this.#supply.bytes,
      bytesDownBySource: { peer: down, webseed: this.#supply.bytes },
      bytesUpPerS: Math.round(this.#upSpeed.bytesPerS),
      bytesDownPerS: Math.round(this.#downSpeed.bytesPerS),
      ungatedBytesUp: ungated,
      closed: this.#peers.book.closed.toRecord(),
      admitted: this.#peers.book.admitted,
      denied: this.#peers.denied.toRecord(),
      access: this.#access(),
      accessCode: this.#refusal?.code,
      links: this.#peers.links(),
      bufferMs: leastBufferMs(this.#fetching.readers, (index) => this.#had.has(index)),
    };
  }

  async ready(signal: AbortSignal): Promise<void> {
    const { gate } = this.#options;
    if (gate?.download === undefined) return;
    // What is here already was paid for, but a right that ended has ended for it too.
    await gate.download.tokens.token(`btih:${this.torrent.infohash}`, signal);
    this.#refusal = undefined;
    this.#peers.hurry();
  }

  read(
    offset: number,
    length: number,
    signal: AbortSignal,
    use?: "lent",
  ): AsyncGenerator<Uint8Array> {
    const host = {
      torrent: this.torrent,
      fetching: this.#fetching,
      bufferS: this.#options.bufferS ?? BUFFER_S_DEFAULT,
      nowMs: () => this.#options.clock.nowMs(),
      piece: (index: number, either: AbortSignal) => this.#piece(index, either),
      onMoved: () => this.#peers.fill(),
      onEnded: () => this.#peers.cancelUnwanted(),
    };
    const either = AbortSignal.any([signal, this.#over.signal]);
    return readRange(host, { offset, length, signal: either, isLent: use === "lent" });
  }

  async download(signal: AbortSignal): Promise<void> {
    requireRoom(this.#options);
    await this.#checked;
    this.#fetching.wantsAll = true;
    this.#peers.hurry();
    this.#peers.fill();
    if (this.#refusal !== undefined && !this.#peers.isServed) throw this.#refusal;
    const either = AbortSignal.any([signal, this.#over.signal]);
    await this.#arrivals.waitUntil(() => this.#had.isFull, either);
  }

  addPeer(address: string): void {
    this.#peers.add(address, true);
    this.#peers.hurry();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#over.abort(new AceError("CONTENT_UNREACHABLE", `${this.torrent.name} was closed`));
    this.#peers[Symbol.dispose]();
    this.#supply.stop();
    this.#arrivals.fail(this.#over.signal.reason);
    this.#cache.close();
    await this.#discovery[Symbol.asyncDispose]();
    await this.#options.store.close();
  }

  async #piece(index: number, signal: AbortSignal): Promise<Uint8Array> {
    for (;;) {
      await this.#arrival(index, signal);
      try {
        return await this.#cache.get(index);
      } catch (error) {
        // It had to make room in this very moment: it is fetched again.
        if (this.#had.has(index)) throw error;
      }
    }
  }

  async #arrival(index: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#had.has(index)) return;
    if (this.#refusal !== undefined && !this.#peers.isServed) throw this.#refusal;
    this.#peers.fillUrgent();
    this.#supply.tick();
    await this.#arrivals.wait(index, signal);
  }

  #access(): SwarmStats["access"] {
    const { gate } = this.#options;
    if (gate?.download === undefined) return "none";
    if (this.#peers.isServed) return "granted";
    return this.#refusal === undefined ? "waiting" : "refused";
  }

  #tick(): void {
    const nowMs = this.#options.clock.nowMs();
    const { up, down } = this.#peers.bytes;
    this.#upSpeed.update(up, nowMs);
    this.#downSpeed.update(down + this.#supply.bytes, nowMs);
    if (nowMs - this.#blockedMs >= STORE_RETRY_MS) this.#fetching.tryStoreAgain();
    this.#peers.tick();
    this.#supply.tick();
  }

  #onHad(index: number, piece?: Uint8Array): void {
    // Players wait for it; of two peers, one is where it came from.
    const isOfUse = this.#fetching.readerCount > 0 || this.#peers.count > 1;
    if (piece !== undefined && isOfUse) this.#cache.remember(index, piece);
    this.#arrivals.arrived(index);
    this.#peers.announceHad(index);
    if (!this.#had.isFull) return;
    this.#discovery.completed();
    this.#options.events.info("p2p.completed", { infohash: this.torrent.infohash });
  }

  #watchStore({ store, check }: SwarmStore): void {
    store.onEvicted?.((index) => this.#onEvicted(index));
    store.onFull?.((error) => {
      this.#fetching.isFull = true;
      this.#onStoreFault(error);
    });
    if (check === undefined) return;
    this.#checked = check((index) => this.#onFound(index), this.#over.signal);
    this.#checked.catch((error: unknown) => this.#arrivals.fail(error));
  }

  #onFound(index: number): void {
    if (this.#fetching.isDone(index)) return;
    this.#fetching.found(index);
    this.#onHad(index);
  }

  #onEvicted(index: number): void {
    this.#had.clear(index);
    this.#fetching.lost(index);
    this.#peers.announceLost(index);
  }

  #onLie(lie: Lie): void {
    if (this.#supply.has(lie.giver)) this.#supply.onBad(lie.giver, lie.piece);
    else this.#peers.punish(lie);
  }

  #onStoreFault(error: AceError): void {
    this.#blockedMs = this.#options.clock.nowMs();
    const fields = { infohash: this.torrent.infohash, code: error.code, reason: error.message };
    this.#options.events.warn("p2p.store_failed", fields);
  }

  #onTokenFault(error: AceError): void {
    const fields = { infohash: this.torrent.infohash, code: error.code };
    this.#options.events.warn("p2p.token_missing", fields);
    if (!REFUSED_STATUSES.has(error.status)) return;
    this.#refusal = error;
    if (!this.#peers.isServed) this.#arrivals.fail(error);
  }

  /** One server may be wrong about a token; when it happens again, the viewer should know why. */
  #onDenied(code: string): void {
    this.#denials += 1;
    if (this.#denials < DENIALS_TO_FAIL || !isErrorCode(code)) return;
    this.#onTokenFault(new AceError(code, `the peers of ${this.torrent.name} refuse the token`));
  }
}
