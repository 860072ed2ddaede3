/**
 * Sends a file of a content, or a range of it, to whoever asked our own web seed.
 *
 * What its token allows a second is shared by all answers and wires of that token; the right is asked
 * again between portions, so that a long answer ends when the right does.
 *
 * Units   Bytes.
 */
import type { ServerResponse } from "node:http";
import type { Clock } from "../lib/clock.ts";
import type { AccessPolicy, Grant, PayloadSink } from "./access-port.ts";
import { WEB_PORTION_BYTES_MIN, WEB_SERVED_PER_TOKEN_MAX } from "./engine-limits.ts";
import { BLOCK_MAX_BYTES, PIECE_LENGTH_MAX } from "./limits.ts";
import { mediaType } from "./media-type.ts";
import type { RangeAnswer } from "./range.ts";
import { pass, type RateLimit } from "./rate-limit.ts";
import { sendBytes } from "./send-bytes.ts";
import type { Swarm } from "./swarm-port.ts";
import type { Torrent } from "./torrent.ts";

export interface WebSending {
  readonly swarm: Pick<Swarm, "torrent" | "read">;
  readonly file: Torrent["files"][number];
  readonly range: RangeAnswer;
  /** Absent for public content. */
  readonly access: { readonly policy: AccessPolicy; readonly grant: Grant } | undefined;
  readonly limits: readonly RateLimit[];
  readonly payload: PayloadSink | undefined;
  readonly clock: Clock;
}

export async function sendWebSeed(response: ServerResponse, sending: WebSending): Promise<void> {
  const { swarm, file, range, access, limits, payload, clock } = sending;
  const gone = new AbortController();
  const { signal } = gone;
  response.on("close", () => gone.abort());
  const { offset, length } = range.kind === "part" ? range : { offset: 0, length: file.length };
  const hasEnded = () => access?.policy.endedBy(access.grant, clock.nowMs() / 1_000) !== undefined;
  try {
    const read = swarm.read(file.offset + offset, length, signal, "lent");
    for await (const bytes of portions(read, limits)) {
      await pass(limits, bytes.length, { nowMs: clock.nowMs(), signal });
      if (hasEnded()) {
        response.destroy();
        return;
      }
      await sendBytes(response, bytes, signal);
      if (access === undefined) continue;
      const { grant } = access;
      payload?.onPayload({ grant, aud: `btih:${swarm.torrent.infohash}`, bytes: bytes.length });
    }
    response.end();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

export function webSeedHead(
  file: Torrent["files"][number],
  range: RangeAnswer,
): [number, Record<string, string | number>] {
  if (range.kind === "outside") return [416, { "content-range": `bytes */${file.length}` }];
  const common = { "accept-ranges": "bytes", "content-type": mediaType(file.path) };
  if (range.kind === "whole") return [200, { ...common, "content-length": file.length }];
  const last = range.offset + range.length - 1;
  const part = { "content-range": `bytes ${range.offset}-${last}/${file.length}` };
  return [206, { ...common, ...part, "content-length": range.length }];
}

/** With a cap it is little at a time: neither end takes the wait for a server that hangs. */
async function* portions(
  source: AsyncIterable<Uint8Array>,
  limits: readonly RateLimit[],
): AsyncIterable<Uint8Array> {
  const bytesMax = portionBytes(limits);
  for await (const bytes of source) {
    for (let start = 0; start < bytes.length; start += bytesMax) {
      yield bytes.subarray(start, start + bytesMax);
    }
  }
}

function portionBytes(limits: readonly RateLimit[]): number {
  const bytesPerS = Math.min(...limits.map((limit) => limit.bytesPerS));
  if (bytesPerS === Number.POSITIVE_INFINITY) return PIECE_LENGTH_MAX;
  const share = Math.floor(bytesPerS / WEB_SERVED_PER_TOKEN_MAX);
  return Math.min(BLOCK_MAX_BYTES, Math.max(WEB_PORTION_BYTES_MIN, share));
}
