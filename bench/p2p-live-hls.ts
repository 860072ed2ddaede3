// A player of HLS that keeps exactly what its list tells it to keep: over HTTP, of whole segments or of
// parts, and it notices every stall.
import { setTimeout as sleep } from "node:timers/promises";
import { silentEvents } from "../src/lib/events.ts";
import { shareContents } from "../src/p2p/contents.ts";
import type { LiveStream } from "../src/p2p/live-port.ts";
import { liveMedia } from "../src/p2p/media.ts";
import { openPlayer } from "../src/p2p/player.ts";
import { stampsOf } from "./p2p-live-kit.ts";

/** A part, or a segment: one that was taken in parts is not taken again. */
const ITEM = /#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"|#EXTINF:([\d.]+),\n(\S+)/g;
const PLACES = 1_000;
const POLL_MS = 50;
const PICTURE_MS = 40;
/** RFC 8216, 6.3.3: who knows of no parts stays so many target durations behind the end of the list. */
const TARGETS_BEHIND = 3;

export interface HlsWatched {
  readonly latenciesMs: readonly number[];
  readonly stalls: number;
}

interface Item {
  readonly url: string;
  /** Rises from item to item: of a segment, then of its parts. */
  readonly place: number;
  readonly durationMs: number;
}

interface List {
  readonly items: readonly Item[];
  readonly holdBackMs: number;
  /** What asks for the list when it has grown; undefined where it cannot be asked so. */
  readonly next: string | undefined;
}

/** An engine that plays this stream to players of this machine; answers where its playlists are. */
export async function openHlsEngine(stream: LiveStream) {
  const { streamId } = stream;
  const media = { ...liveMedia(stream), [Symbol.asyncDispose]: async () => {} };
  const source = { find: async () => ({ infohash: streamId }), join: async () => media };
  const contents = shareContents(source, POLL_MS);
  const player = await openPlayer({ contents, port: 0, version: "0.0.0", events: silentEvents });
  return {
    url: `${player.url}/ace/manifest.m3u8?infohash=${streamId}`,
    [Symbol.asyncDispose]: async () => {
      await player[Symbol.asyncDispose]();
      await media.hls[Symbol.asyncDispose]();
      await contents[Symbol.asyncDispose]();
    },
  };
}

/** Begins when the list has just grown, as far behind its end as the list tells. */
export async function watchHls(manifest: string, signal: AbortSignal): Promise<HlsWatched> {
  const shown = { latenciesMs: [] as number[], stalls: 0, shiftMs: 0 };
  try {
    const { url } = await fetch(manifest, { signal });
    const first = await readList(url, signal);
    const begun = await grown(url, first, signal);
    const beginMs = performance.now();
    const endMs = newItems(begun, -1).reduce((sum, { durationMs }) => sum + durationMs, 0);
    const fromMs = endMs - begun.holdBackMs;
    let [atMs, takenTo] = [0, -1];
    for (let list = begun; ; list = await grown(url, list, signal)) {
      for (const item of newItems(list, takenTo)) {
        takenTo = item.place;
        if (atMs + item.durationMs > fromMs) {
          await show(item, { dueMs: beginMs + atMs - fromMs, beginMs }, shown, signal);
        }
        atMs += item.durationMs;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return shown;
}

/** After this place, each once: of a segment whose parts are listed these are taken. */
function newItems({ items }: List, after: number): readonly Item[] {
  const found: Item[] = [];
  let last = after;
  for (const item of items.filter(({ place }) => place > after)) {
    if (item.place <= last) continue;
    last = item.place;
    found.push(item);
  }
  return found;
}

/** Takes an item and shows its pictures when they are due, or when they come if that is later. */
async function show(
  { url }: Item,
  { dueMs, beginMs }: { readonly dueMs: number; readonly beginMs: number },
  shown: { latenciesMs: number[]; stalls: number; shiftMs: number },
  signal: AbortSignal,
): Promise<void> {
  const bytes = new Uint8Array(await (await fetch(url, { signal })).arrayBuffer());
  const hereMs = performance.now();
  for (const [place, stamp] of stampsOf(bytes).entries()) {
    const pictureMs = dueMs + place * PICTURE_MS;
    if (pictureMs < beginMs) continue;
    const lateMs = hereMs - (pictureMs + shown.shiftMs);
    // What it begins with it fetches first: that is waiting, not a stall.
    if (lateMs > 0 && shown.latenciesMs.length > 0) shown.stalls += 1;
    shown.shiftMs += Math.max(0, lateMs);
    shown.latenciesMs.push(pictureMs + shown.shiftMs - stamp);
  }
}

async function grown(url: string, before: List, signal: AbortSignal): Promise<List> {
  const last = before.items.at(-1)?.url;
  for (;;) {
    const list = await readList(before.next === undefined ? url : `${url}?${before.next}`, signal);
    if (list.items.at(-1)?.url !== last) return list;
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function readList(url: string, signal: AbortSignal): Promise<List> {
  const text = await (await fetch(url, { signal })).text();
  const holdBack = /PART-HOLD-BACK=([\d.]+)/.exec(text)?.[1];
  const [, targetS = "1"] = /TARGETDURATION:(\d+)/.exec(text) ?? [];
  const [, number, part] = /HINT:TYPE=PART,URI="[^"]*\/(\d+)\.(\d+)\.ts"/.exec(text) ?? [];
  const items = [...text.matchAll(ITEM)].map((found): Item => {
    const [, partS, partUrl, segmentS, segmentUrl] = found;
    const itemUrl = partUrl ?? segmentUrl ?? "";
    const durationMs = Math.round(Number(partS ?? segmentS) * 1_000);
    const [, segment, index = "0"] = /(\d+)(?:\.(\d+))?\.ts$/.exec(itemUrl) ?? [];
    return { url: itemUrl, durationMs, place: Number(segment) * PLACES + Number(index) };
  });
  return {
    items,
    holdBackMs:
      holdBack === undefined ? TARGETS_BEHIND * Number(targetS) * 1_000 : Number(holdBack) * 1_000,
    next: number === undefined ? undefined : `_HLS_msn=${number}&_HLS_part=${part}`,
  };
}
