/**
 * Web seeds: HTTP servers that have the content too, as suppliers of blocks.
 *
 * Neighbouring blocks make one request. What comes is checked like what peers give: a bad piece, or an
 * answer that is not the range that was asked for, bars the server for the session; a server that
 * fails is asked again later and later.
 *
 * Source  BEP 19.
 */
import { AceError, isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import {
  BLOCK_MAX_BYTES,
  WEB_RETRY_MS_MAX,
  WEB_RETRY_MS_MIN,
  WEB_SEED_REQUEST_BLOCKS,
  WEB_SEED_REQUESTS_MAX,
  WEB_SEEDS_MAX,
} from "./limits.ts";
import type { Supplier, SupplierDesk, SupplyNeed } from "./supplier-port.ts";
import type { Torrent } from "./torrent.ts";
import type { Resolve } from "./web-address.ts";
import { faultOf, rangeHeader, type WebRange, webRanges } from "./web-range.ts";
import { WebClient } from "./web-request.ts";
import type { WebSeedOptions } from "./web-seed-port.ts";
import type { Block } from "./wire-guard.ts";

interface WebSeedContext {
  readonly torrent: Torrent;
  readonly options: WebSeedOptions;
  readonly events: Events;
  readonly resolve?: Resolve;
}

/** The suppliers that these options ask for. */
export function webSeedSuppliers(context: WebSeedContext): readonly Supplier[] {
  const { torrent, options } = context;
  const { mode = "p2p-first", urls = [] } = options;
  if (mode === "p2p-only") return [];
  const all = [...new Set([...urls, ...torrent.webSeeds])].slice(0, WEB_SEEDS_MAX);
  return all.map((url) => new WebSeed(url, context));
}

class WebSeed implements Supplier {
  readonly id: string;
  readonly afterMs?: number;
  readonly #url: string;
  readonly #context: WebSeedContext;
  readonly #client = new WebClient();
  readonly #over = new AbortController();
  #desk: SupplierDesk | undefined;
  #active = 0;
  #failures = 0;
  #restsUntilMs = 0;
  #nowMs = 0;

  constructor(url: string, context: WebSeedContext) {
    this.id = `webseed ${url}`;
    this.#url = url;
    this.#context = context;
    if (context.options.mode === "cdn-first") this.afterMs = 0;
  }

  start(desk: SupplierDesk): void {
    this.#desk = desk;
  }

  tick(need: SupplyNeed, nowMs: number): void {
    this.#nowMs = nowMs;
    if (need === "none" || nowMs < this.#restsUntilMs) return;
    while (this.#active < WEB_SEED_REQUESTS_MAX && !this.#over.signal.aborted) {
      const blocks = this.#desk?.take(WEB_SEED_REQUEST_BLOCKS) ?? [];
      if (blocks.length === 0) return;
      void this.#fetch(blocks);
    }
  }

  onBad(index: number): void {
    this.#bar(`piece ${index} is not what its hash says`);
  }

  stop(): void {
    this.#over.abort();
    this.#client[Symbol.dispose]();
  }

  /** Blocks that follow one another in the torrent. */
  #runs(blocks: readonly Block[]): readonly (readonly Block[])[] {
    const { torrent } = this.#context;
    const startOf = ({ index, offset }: Block) => index * torrent.pieceLength + offset;
    const sorted = blocks.toSorted((a, b) => startOf(a) - startOf(b));
    const runs: Block[][] = [];
    let end = -1;
    for (const block of sorted) {
      if (startOf(block) === end) runs.at(-1)?.push(block);
      else runs.push([block]);
      end = startOf(block) + block.length;
    }
    return runs;
  }

  async #fetch(blocks: readonly Block[]): Promise<void> {
    this.#active += 1;
    const waiting = new Set(blocks);
    try {
      for (const run of this.#runs(blocks)) await this.#fetchRun(run, waiting);
      this.#failures = 0;
    } catch (error) {
      this.#onFault(error);
    } finally {
      this.#active -= 1;
      for (const block of waiting) this.#desk?.giveBack(block);
    }
  }

  async #fetchRun(run: readonly Block[], waiting: Set<Block>): Promise<void> {
    const { torrent } = this.#context;
    const [first] = run;
    if (first === undefined) return;
    const offset = first.index * torrent.pieceLength + first.offset;
    const length = run.reduce((sum, block) => sum + block.length, 0);
    const filler = new BlockFiller([...run], (block, bytes) => {
      waiting.delete(block);
      this.#desk?.put(block, bytes);
    });
    for (const range of webRanges(torrent, this.#url, { offset, length })) {
      if (!filler.isWanted(this.#desk)) return;
      await this.#fetchRange(range, filler);
    }
  }

  async #fetchRange(range: WebRange, filler: BlockFiller): Promise<void> {
    const { options, resolve } = this.#context;
    const { trustedHosts = [], credentials } = options;
    const answer = await this.#client.get(
      {
        url: range.url,
        headers: { range: rangeHeader(range) },
        trustedHosts,
        ...(resolve === undefined ? {} : { resolve }),
        ...(credentials === undefined
          ? {}
          : { secrets: (url, signal) => credentials.headers(url, signal) }),
      },
      this.#over.signal,
    );
    let left = range.length;
    try {
      const fault = faultOf(range, answer);
      if (fault !== undefined) throw faultError(answer.status, fault);
      for await (const chunk of answer.body) {
        left -= chunk.length;
        if (left < 0) throw faultError(0, "more bytes than were asked for");
        filler.take(chunk);
        if (left > 0 && !filler.isWanted(this.#desk)) return;
      }
      if (left > 0) throw new Error("the answer ended too early");
    } finally {
      if (left !== 0) answer.discard();
    }
  }

  #onFault(error: unknown): void {
    if (this.#over.signal.aborted) return;
    if (error instanceof LyingServer || isAceError(error, "URL_REFUSED")) {
      this.#bar(error.message);
      return;
    }
    const restMs = Math.min(WEB_RETRY_MS_MAX, WEB_RETRY_MS_MIN * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#restsUntilMs = this.#nowMs + restMs;
    const reason = error instanceof Error ? error.message : String(error);
    this.#context.events.warn("p2p.webseed_failed", { url: this.#url, reason });
  }

  #bar(reason: string): void {
    if (this.#over.signal.aborted) return;
    this.#context.events.warn("p2p.webseed_barred", { url: this.#url, reason });
    this.stop();
  }
}

/** What came is not what was asked for: no accident that the next request would not have. */
class LyingServer extends Error {}

/** A server that is busy, or does not know us yet, may be better later; one that answers wrongly not. */
function faultError(status: number, fault: string): Error {
  return status >= 400 ? new AceError("CONTENT_UNREACHABLE", fault) : new LyingServer(fault);
}

/** Cuts what arrives into blocks, in their order. */
class BlockFiller {
  readonly #waiting: Block[];
  readonly #put: (block: Block, bytes: Uint8Array) => void;
  #bytes = new Uint8Array(BLOCK_MAX_BYTES);
  #filled = 0;

  constructor(waiting: Block[], put: (block: Block, bytes: Uint8Array) => void) {
    this.#waiting = waiting;
    this.#put = put;
  }

  isWanted(desk: SupplierDesk | undefined): boolean {
    return this.#waiting.some((block) => desk?.isWanted(block));
  }

  take(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0) {
      const [block] = this.#waiting;
      if (block === undefined) return;
      const part = rest.subarray(0, block.length - this.#filled);
      this.#bytes.set(part, this.#filled);
      this.#filled += part.length;
      rest = rest.subarray(part.length);
      if (this.#filled < block.length) return;
      this.#waiting.shift();
      const bytes = this.#bytes.subarray(0, block.length);
      this.#bytes = new Uint8Array(BLOCK_MAX_BYTES);
      this.#filled = 0;
      this.#put(block, bytes);
    }
  }
}
