/** The input of a live source, as an operator names it. */
import { existsSync } from "node:fs";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { fileIngest, httpIngest, openPushIngest, streamIngest } from "../p2p/live-ingest.ts";
import { hlsIngest } from "../p2p/live-ingest-hls.ts";
import type { Ingest } from "../p2p/live-source.ts";
import type { Output } from "./output.ts";

export interface LiveInput extends AsyncDisposable {
  readonly ingest: Ingest;
  /** How far it may be ahead of the stream's own clock. */
  readonly aheadMs: number;
  /** Where to send the stream to, when it is sent. */
  readonly url: string | undefined;
}

interface Options {
  readonly input: string;
  readonly isLoop: boolean;
  /** Viewers take segments where the source takes them, too. */
  readonly isOrigin: boolean;
  readonly events: Events;
  readonly signal: AbortSignal;
}

const AHEAD_MS = 2_000;
const TOLD_AGAIN_MS = 60_000;
const LOOPBACK = "127.0.0.1";

/** An input that fails is asked again without end: whoever looks is told of it once in a while. */
export function tellingOfInput(output: Pick<Output, "warn">, events: Events): Events {
  let nextMs = 0;
  const warn: Events["warn"] = (name, fields = {}) => {
    events.warn(name, fields);
    const nowMs = performance.now();
    if (name !== "live.ingest_failed" || nowMs < nextMs) return;
    nextMs = nowMs + TOLD_AGAIN_MS;
    output.warn(
      `${fields["url"]} gives nothing (${fields["reason"]}); it is asked again and again`,
    );
  };
  return { info: (name, fields) => events.info(name, fields), warn };
}

export async function openLiveInput({
  input,
  isLoop,
  isOrigin,
  events,
  signal,
}: Options): Promise<LiveInput> {
  const nothing = { url: undefined, [Symbol.asyncDispose]: async () => {} };
  const arriving = { ...nothing, aheadMs: AHEAD_MS };
  if (input === "-") return { ...arriving, ingest: streamIngest(process.stdin, signal) };
  if (input.startsWith("push:")) {
    const push = await openPushIngest({ host: LOOPBACK, port: portOf(input) }, signal);
    const { ingest, url } = push;
    return {
      ingest,
      url,
      aheadMs: AHEAD_MS,
      [Symbol.asyncDispose]: () => push[Symbol.asyncDispose](),
    };
  }
  if (/^https?:\/\//.test(input)) {
    if (!URL.canParse(input)) throw new AceError("USAGE", `"${input}" is no http address`);
    const isPlaylist = new URL(input).pathname.endsWith(".m3u8");
    const ingest = isPlaylist
      ? hlsIngest(input, { events, isOrigin }, signal)
      : httpIngest(input, events, signal);
    return { ...arriving, ingest };
  }
  // Told before anything is published, not after.
  if (!existsSync(input)) throw new AceError("FILE_UNREADABLE", `there is no ${input}`);
  return { ...nothing, aheadMs: 0, ingest: fileIngest(input, isLoop, signal) };
}

function portOf(input: string): number {
  const port = Number(/^push:(\d{1,5})$/.exec(input)?.[1] ?? Number.NaN);
  if (port <= 65_535) return port;
  throw new AceError("USAGE", `"${input}" is not push: and a port`);
}
