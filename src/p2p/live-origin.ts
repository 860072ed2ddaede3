/**
 * The HLS origin of a live stream, as a viewer takes pieces from it: what peers do not bring in time.
 *
 * Neighbouring pieces of a segment make one request. What comes is compared with the signed heads as
 * what peers give is: an origin that answers with anything else is asked no more.
 *
 * Flow    `tick` several times a second: late pieces → their places → ranges → pieces.
 * Errors  None: an origin that fails is asked again later and later; the log says why.
 * Source  docs/spec/live.md; RFC 9110 section 14 (ranges).
 */
import { concatBytes, toHex } from "../lib/bytes.ts";
import { AceError, isAceError } from "../lib/errors.ts";
import type { EventFields, Events } from "../lib/events.ts";
import { WEB_RETRY_MS_MAX, WEB_RETRY_MS_MIN } from "./limits.ts";
import type { LiveAllowance } from "./live-allowance.ts";
import type { LiveHead } from "./live-head.ts";
import {
  LIVE_ORIGIN_FIRST_SEGMENTS,
  LIVE_ORIGIN_GONE_MAX,
  LIVE_ORIGIN_REQUEST_BYTES,
  LIVE_ORIGIN_REQUEST_MS,
  LIVE_ORIGIN_REQUESTS_MAX,
} from "./live-limits.ts";
import { originParts, requireSpan } from "./live-origin-answer.ts";
import type { OriginPlace } from "./live-runs.ts";
import type { Resolve } from "./web-address.ts";
import { WebClient } from "./web-request.ts";
import type { WebSeedOptions } from "./web-seed-port.ts";

export interface LiveOriginOptions
  extends Pick<WebSeedOptions, "mode" | "trustedHosts" | "credentials"> {
  /** A folder: its address ends in `/`. */
  readonly url: string;
  readonly resolve?: Resolve;
  /** How long one request may take; `LIVE_ORIGIN_REQUEST_MS` when absent. */
  readonly requestMs?: number;
}

export interface OriginHost {
  readonly events: Events;
  /** Pieces that peers have not brought in time, the most urgent first; with `isFirst` all that are wanted. */
  late(isFirst: boolean): readonly LiveHead[];
  isWanted(seq: number): boolean;
  readonly allowance: LiveAllowance;
  placeOf(head: LiveHead): OriginPlace | undefined;
  /** Answers the digest in hexadecimal of a piece that is not what its head says. */
  take(head: LiveHead, piece: Uint8Array): string | undefined;
}

interface Asked extends OriginPlace {
  readonly head: LiveHead;
}

/** A request that is under way. */
interface Errand {
  readonly wish: readonly Asked[];
  readonly over: AbortController;
  /** All of it came: the connection is good for the next. */
  isAllHere: boolean;
  /** What came of it, with what was not asked for. */
  bytes: number;
}

export class LiveOrigin implements Disposable {
  /** What came from it. */
  bytes = 0;
  readonly #options: LiveOriginOptions;
  readonly #host: OriginHost;
  readonly #client = new WebClient();
  readonly #over = new AbortController();
  readonly #errands = new Set<Errand>();
  /** Segments that it does not have. */
  readonly #gone = new Set<string>();
  /** Segments that are not left to peers first. */
  readonly #first = new Set<string>();
  #failures = 0;
  #restsUntilMs = 0;
  #nowMs = 0;

  constructor(options: LiveOriginOptions, host: OriginHost) {
    this.#options = options;
    this.#host = host;
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (nowMs < this.#restsUntilMs || this.#over.signal.aborted) return;
    while (this.#errands.size < LIVE_ORIGIN_REQUESTS_MAX) {
      const wish = this.#next();
      if (wish.length === 0 || !this.#host.allowance.mayAsk(spanOf(wish).length)) return;
      void this.#fetch(wish);
    }
  }

  /** A piece is here, or of no use any more: what nobody waits for now is not waited for. */
  settled(seq: number): void {
    for (const { wish, over, isAllHere } of this.#errands) {
      const isOfIt = !isAllHere && wish.some(({ head }) => head.seq === seq);
      if (isOfIt && !wish.some(({ head }) => this.#host.isWanted(head.seq))) over.abort();
    }
  }

  /** Whether the piece could be taken from it, as far as is known. */
  holds(head: LiveHead): boolean {
    if (this.#over.signal.aborted) return false;
    const place = this.#host.placeOf(head);
    return place !== undefined && !this.#gone.has(place.path);
  }

  /** Whether a piece is left to it before peers are asked. */
  comesFirst(head: LiveHead): boolean {
    const isEager = this.#options.mode === "cdn-first" && !this.#over.signal.aborted;
    return isEager && this.#isFirst(head);
  }

  [Symbol.dispose](): void {
    this.#over.abort();
    this.#client[Symbol.dispose]();
  }

  /** Pieces that follow one another in one segment, from the most urgent one on. */
  #next(): readonly Asked[] {
    const late = this.#candidates();
    const asked: Asked[] = [];
    let bytes = 0;
    for (const head of late) {
      const place = this.#host.placeOf(head);
      if (place === undefined || this.#gone.has(place.path)) continue;
      const before = asked.at(-1);
      bytes += place.length;
      if (
        before !== undefined &&
        (!follows(before, head, place) || bytes > LIVE_ORIGIN_REQUEST_BYTES)
      )
        break;
      asked.push({ ...place, head });
    }
    return asked;
  }

  #candidates(): readonly LiveHead[] {
    const underWay = new Set(
      [...this.#errands].flatMap(({ wish }) => wish.map(({ head }) => head)),
    );
    const isOpen = (head: LiveHead) => !underWay.has(head);
    const isEager = this.#options.mode === "cdn-first";
    const eager = isEager ? this.#host.late(true).filter((head) => this.comesFirst(head)) : [];
    const open = eager.filter(isOpen);
    return open.length > 0 ? open : this.#host.late(false).filter(isOpen);
  }

  /** Whether it is of one of the segments with which this node began. */
  #isFirst(head: LiveHead): boolean {
    const path = this.#host.placeOf(head)?.path;
    if (path === undefined) return false;
    if (this.#first.size < LIVE_ORIGIN_FIRST_SEGMENTS) this.#first.add(path);
    return this.#first.has(path);
  }

  async #fetch(wish: readonly Asked[]): Promise<void> {
    const errand = { wish, over: new AbortController(), isAllHere: false, bytes: 0 };
    this.#errands.add(errand);
    try {
      await this.#fetchSpan(errand);
      this.#failures = 0;
    } catch (error) {
      if (!errand.over.signal.aborted) this.#onFault(error, wish);
    } finally {
      this.#errands.delete(errand);
      this.#settleUp(errand);
    }
  }

  /** What was asked for and did not come is given back; some send more than that. */
  #settleUp({ wish, bytes }: Errand): void {
    const { allowance } = this.#host;
    const missing = spanOf(wish).length - bytes;
    if (missing > 0) allowance.giveBack(missing);
    else allowance.take(-missing);
  }

  async #fetchSpan(errand: Errand): Promise<void> {
    const { wish, over } = errand;
    const [first] = wish;
    if (first === undefined) return;
    const span = spanOf(wish);
    const { trustedHosts = [], credentials, resolve } = this.#options;
    const { requestMs = LIVE_ORIGIN_REQUEST_MS } = this.#options;
    const answer = await this.#client.get(
      {
        url: this.#urlOf(first.path),
        headers: { range: `bytes=${span.offset}-${span.offset + span.length - 1}` },
        trustedHosts,
        ...(resolve === undefined ? {} : { resolve }),
        ...(credentials === undefined
          ? {}
          : { secrets: (url, signal) => credentials.headers(url, signal) }),
      },
      // One that drips is never silent, and would hold its place for ever.
      AbortSignal.any([this.#over.signal, over.signal, AbortSignal.timeout(requestMs)]),
    );
    let isDone = false;
    try {
      const isWhole = requireSpan(answer, span);
      const body = this.#counted(answer.body, errand);
      for await (const { at, bytes } of originParts(body, { isWhole, span, parts: wish })) {
        const isLast = at === wish.length - 1;
        errand.isAllHere = isLast;
        this.#take(wish[at], bytes);
        if (!isLast && !wish.slice(at + 1).some(({ head }) => this.#host.isWanted(head.seq)))
          return;
      }
      isDone = !isWhole;
    } finally {
      if (!isDone) answer.discard();
    }
  }

  /** What came counts, whether or not it was of use. */
  async *#counted(body: AsyncIterable<Uint8Array>, errand: Errand): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      errand.bytes += chunk.length;
      this.bytes += chunk.length;
      yield chunk;
    }
  }

  #take(asked: Asked | undefined, bytes: Uint8Array): void {
    if (asked === undefined || this.#over.signal.aborted) return;
    const { head, tables } = asked;
    if (!this.#host.isWanted(head.seq)) return;
    const got = this.#host.take(head, concatBytes(tables, bytes));
    if (got === undefined) return;
    this.#bar(`piece ${head.seq} is not what its head says`, {
      epoch: head.epoch,
      seq: head.seq,
      promised: toHex(head.sha256),
      got,
    });
  }

  /** A path leads nowhere but below the origin, whatever it says. */
  #urlOf(path: string): string {
    const { url } = this.#options;
    const found = URL.canParse(path, url) ? new URL(path, url).href : "";
    if (found.startsWith(url)) return found;
    throw new AceError("URL_REFUSED", `${path.slice(0, 200)} is not below ${url}`);
  }

  #onFault(error: unknown, [first]: readonly Asked[]): void {
    if (this.#over.signal.aborted) return;
    const { url } = this.#options;
    const reason = error instanceof Error ? error.message : String(error);
    if (isAceError(error, "URL_REFUSED")) {
      this.#bar(reason);
      return;
    }
    if (isAceError(error, "NOT_FOUND") && first !== undefined) {
      this.#gone.add(first.path);
      for (const oldest of this.#gone) {
        if (this.#gone.size <= LIVE_ORIGIN_GONE_MAX) break;
        this.#gone.delete(oldest);
      }
      return;
    }
    const restMs = Math.min(WEB_RETRY_MS_MAX, WEB_RETRY_MS_MIN * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#restsUntilMs = this.#nowMs + restMs;
    this.#host.events.warn("live.origin_failed", { url, reason });
  }

  #bar(reason: string, evidence: EventFields = {}): void {
    const { url } = this.#options;
    this.#host.events.warn("live.origin_barred", { url, reason, ...evidence });
    this[Symbol.dispose]();
  }
}

/** Where in the segment these pieces lie, which follow one another. */
function spanOf(wish: readonly Asked[]): { readonly offset: number; readonly length: number } {
  const [first, last] = [wish[0], wish.at(-1)];
  if (first === undefined || last === undefined) return { offset: 0, length: 0 };
  return { offset: first.offset, length: last.offset + last.length - first.offset };
}

function follows(before: Asked, head: LiveHead, place: OriginPlace): boolean {
  const isNextPart = place.path === before.path && place.offset === before.offset + before.length;
  return isNextPart && head.seq === before.head.seq + 1;
}
