/**
 * A live HLS playlist as the input of a source: its segments, in order, each once.
 *
 * Of several variants the one with the most bits is taken. A playlist that went on without us, and a
 * discontinuity that it declares, is a break in the stream.
 *
 * Errors  `MEDIA_INVALID` for what is no playlist of MPEG-TS segments; what fails is tried again.
 * Source  RFC 8216, 4.3.2.3 (discontinuity), 4.3.3.2 (media sequence), 6.3.4 (reloading).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import {
  HLS_ORIGIN_SEGMENT_MAX_BYTES,
  INGEST_RETRY_MS,
  ORIGIN_LIST_MAX_BYTES,
  ORIGIN_RELOAD_MS_MAX,
  ORIGIN_RELOAD_MS_MIN,
} from "./limits.ts";
import { reasonOf } from "./live-ingest.ts";
import type { Ingest } from "./live-source.ts";

export interface MediaList {
  readonly targetMs: number;
  readonly isEnded: boolean;
  readonly segments: readonly {
    readonly number: number;
    readonly url: string;
    readonly isDiscontinuity: boolean;
  }[];
}

const FETCH_MS = 15_000;
/** Segments from the end of the list with which a source begins. */
const BEGIN_SEGMENTS = 3;

/** @param isOrigin Whether viewers may take segments there, too: then each is named beside its bytes. */
export async function* hlsIngest(
  url: string,
  { events, isOrigin = false }: { readonly events: Events; readonly isOrigin?: boolean },
  signal: AbortSignal,
): Ingest {
  const folder = isOrigin ? new URL(".", url).href : undefined;
  const listUrl = await retried(() => mediaListUrl(url, signal), { url, events, signal });
  let next: number | undefined;
  for (;;) {
    const list = await retried(() => readList(listUrl, signal), { url: listUrl, events, signal });
    const { segments } = list;
    next ??= segments.at(-Math.min(BEGIN_SEGMENTS, segments.length))?.number;
    const fresh = segments.filter(({ number }) => number >= (next ?? 0));
    yield* ingestSegments(fresh, next ?? 0, { folder, events, signal });
    next = (fresh.at(-1)?.number ?? (next ?? 0) - 1) + 1;
    if (list.isEnded) return;
    const waitMs = Math.min(
      ORIGIN_RELOAD_MS_MAX,
      Math.max(ORIGIN_RELOAD_MS_MIN, list.targetMs / 2),
    );
    await sleep(waitMs, undefined, { signal });
  }
}

async function* ingestSegments(
  segments: MediaList["segments"],
  next: number,
  { folder, ...context }: Omit<Retrying, "url"> & { readonly folder: string | undefined },
): Ingest {
  let wanted = next;
  for (const { number, url, isDiscontinuity } of segments) {
    if (isDiscontinuity || number > wanted) yield "break";
    const bytes = await fetchSegment(url, { url, ...context });
    const isBelow = folder !== undefined && url.startsWith(folder) && url.length > folder.length;
    // What an origin gave this source to show in a query is not for everybody.
    const isNamed = isBelow && !/[?#]/.test(url);
    if (bytes === undefined) yield "break";
    else yield isNamed ? { path: url.slice(folder.length), bytes } : bytes;
    wanted = number + 1;
  }
}

/** The segments of a media playlist, their addresses made absolute. */
export function parseMediaList(text: string, base: string): MediaList {
  const lines = linesOf(text);
  const numberOf = (tag: string) =>
    Number(lines.find((line) => line.startsWith(`${tag}:`))?.slice(tag.length + 1) ?? "0");
  let number = numberOf("#EXT-X-MEDIA-SEQUENCE");
  if (!Number.isSafeInteger(number) || number < 0) throw notPlaylist(base);
  const segments: MediaList["segments"][number][] = [];
  let isDiscontinuity = false;
  requirePlainTs(lines, base);
  for (const line of lines) {
    if (line === "#EXT-X-DISCONTINUITY") isDiscontinuity = true;
    if (line.startsWith("#")) continue;
    segments.push({ number, url: new URL(line, base).href, isDiscontinuity });
    number += 1;
    isDiscontinuity = false;
  }
  const targetS = numberOf("#EXT-X-TARGETDURATION");
  const isEnded = lines.includes("#EXT-X-ENDLIST");
  return { targetMs: Number.isFinite(targetS) ? targetS * 1_000 : 0, isEnded, segments };
}

/** The variant with the most bits; undefined when the text is a media playlist already. */
export function bestVariant(text: string, base: string): string | undefined {
  const lines = linesOf(text);
  let best: { readonly url: string; readonly bits: number } | undefined;
  for (const [at, line] of lines.entries()) {
    if (!line.startsWith("#EXT-X-STREAM-INF")) continue;
    const bits = Number(/[:,]BANDWIDTH=(\d+)/.exec(line)?.[1] ?? 0);
    const uri = lines.slice(at + 1).find((following) => !following.startsWith("#"));
    if (uri === undefined || (best !== undefined && best.bits >= bits)) continue;
    best = { url: new URL(uri, base).href, bits };
  }
  return best?.url;
}

async function mediaListUrl(url: string, signal: AbortSignal): Promise<string> {
  const text = await fetchText(url, signal);
  return bestVariant(text, url) ?? url;
}

async function readList(url: string, signal: AbortSignal): Promise<MediaList> {
  return parseMediaList(await fetchText(url, signal), url);
}

async function fetchText(url: string, signal: AbortSignal): Promise<string> {
  const bytes = await fetchBytes(url, ORIGIN_LIST_MAX_BYTES, signal);
  return new TextDecoder().decode(bytes);
}

/** Undefined when it is gone from the origin: the stream goes on without it. */
async function fetchSegment(url: string, context: Retrying): Promise<Uint8Array | undefined> {
  try {
    return await fetchBytes(url, HLS_ORIGIN_SEGMENT_MAX_BYTES, context.signal);
  } catch (error) {
    context.signal.throwIfAborted();
    context.events.warn("live.ingest_failed", { url, reason: reasonOf(error) });
    return undefined;
  }
}

async function fetchBytes(url: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)]);
  const response = await fetch(url, { signal: limit });
  if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

interface Retrying {
  readonly url: string;
  readonly events: Events;
  readonly signal: AbortSignal;
}

async function retried<T>(work: () => Promise<T>, { url, events, signal }: Retrying): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AceError) throw error;
      events.warn("live.ingest_failed", { url, reason: reasonOf(error) });
      await sleep(INGEST_RETRY_MS, undefined, { signal });
    }
  }
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  if (lines[0] !== "#EXTM3U") throw notPlaylist("the origin");
  return lines.filter((line) => line !== "");
}

function requirePlainTs(lines: readonly string[], base: string): void {
  const isEncrypted = lines.some(
    (line) => line.startsWith("#EXT-X-KEY") && !line.includes("METHOD=NONE"),
  );
  if (isEncrypted) {
    throw new AceError("MEDIA_INVALID", `the segments of ${base} are encrypted`);
  }
  if (lines.some((line) => line.startsWith("#EXT-X-MAP"))) throw notPlaylist(base);
}

function notPlaylist(what: string): AceError {
  return new AceError("MEDIA_INVALID", `${what} is no playlist of MPEG-TS segments`);
}
