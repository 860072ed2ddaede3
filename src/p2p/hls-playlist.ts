/**
 * The text of a live playlist: segments that every player knows, and beside them the parts that players
 * of low latency read.
 *
 * Source  RFC 8216, 4.3; draft-pantos-hls-rfc8216bis: EXT-X-SERVER-CONTROL (4.4.3.8), EXT-X-PART-INF
 *         (4.4.3.7), EXT-X-PART (4.4.4.9), EXT-X-PRELOAD-HINT (4.4.5.3).
 */
import { HLS_PARTS_LISTED_TARGETS } from "./hls-limits.ts";
import type { Part, Segment, SegmentPlace } from "./hls-segment.ts";

export interface HlsUrls {
  readonly segmentUrl: (segment: Segment) => string;
  /** Without it the list has whole segments only. */
  readonly partUrl?: PartUrl | undefined;
}

type PartUrl = (number: number, part: number) => string;

export interface HlsState {
  readonly segments: readonly Segment[];
  /** The segment that is not whole yet. */
  readonly growing: Opening | undefined;
  /** What the next segment is called, and breaks before it. */
  readonly next: { readonly number: number; readonly discontinuities: number };
  readonly targetS: number;
  readonly partMs: number;
  readonly holdBackMs: number;
  readonly isEnded: boolean;
}

interface Opening extends SegmentPlace {
  readonly captureMs: number;
  readonly parts: readonly Part[];
}

export function writeHlsList(state: HlsState, { segmentUrl, partUrl }: HlsUrls): string {
  const { segments, next, targetS, isEnded } = state;
  const [first] = segments;
  const inParts = partUrl === undefined ? new Set<number>() : numbersInParts(state);
  const lines = [
    "#EXTM3U",
    "#EXT-X-VERSION:3",
    `#EXT-X-TARGETDURATION:${targetS}`,
    ...(partUrl === undefined ? [] : controls(state)),
    `#EXT-X-MEDIA-SEQUENCE:${first?.number ?? next.number}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${first?.discontinuities ?? next.discontinuities}`,
  ];
  for (const segment of segments) {
    const { number, durationMs } = segment;
    lines.push(...opening(segment, number === first?.number));
    if (partUrl !== undefined && inParts.has(number)) lines.push(...partLines(segment, partUrl));
    lines.push(`#EXTINF:${seconds(durationMs)},`, segmentUrl(segment));
  }
  if (isEnded) lines.push("#EXT-X-ENDLIST");
  else if (partUrl !== undefined) lines.push(...edge(state, partUrl));
  return `${lines.join("\n")}\n`;
}

/** What is there of the segment that grows, and what comes next. */
function edge({ segments, growing, next }: HlsState, partUrl: PartUrl): readonly string[] {
  const parts = growing?.parts ?? [];
  const hint = `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${partUrl(next.number, parts.length)}"`;
  if (growing === undefined || parts.length === 0) return [hint];
  return [...opening(growing, segments.length === 0), ...partLines(growing, partUrl), hint];
}

function controls({ partMs, holdBackMs }: HlsState): readonly string[] {
  return [
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${seconds(holdBackMs)}`,
    `#EXT-X-PART-INF:PART-TARGET=${seconds(partMs)}`,
  ];
}

/** The newest segments that lie wholly within a few target durations of the end. */
function numbersInParts({ segments, growing, targetS }: HlsState): ReadonlySet<number> {
  let leftMs = HLS_PARTS_LISTED_TARGETS * targetS * 1_000;
  for (const { durationMs } of growing?.parts ?? []) leftMs -= durationMs;
  const numbers = new Set<number>();
  for (const { number, durationMs } of segments.toReversed()) {
    leftMs -= durationMs;
    if (leftMs < 0) break;
    numbers.add(number);
  }
  return numbers;
}

function opening(
  { isDiscontinuity, captureMs }: Pick<Segment, "isDiscontinuity" | "captureMs">,
  isFirst: boolean,
): readonly string[] {
  const date = `#EXT-X-PROGRAM-DATE-TIME:${new Date(captureMs).toISOString()}`;
  // The break before the first one is counted by the discontinuity sequence.
  return isDiscontinuity && !isFirst ? ["#EXT-X-DISCONTINUITY", date] : [date];
}

function partLines({ number, parts }: Opening, partUrl: PartUrl): readonly string[] {
  return parts.map(({ durationMs, isIndependent }, index) => {
    const uri = partUrl(number, index);
    const independent = isIndependent ? ",INDEPENDENT=YES" : "";
    return `#EXT-X-PART:DURATION=${seconds(durationMs)},URI="${uri}"${independent}`;
  });
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}
