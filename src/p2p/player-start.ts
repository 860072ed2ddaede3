/** `/ace/getstream` and `/ace/manifest.m3u8`: opens a content and begins a session of it. */
import { isAceError } from "../lib/errors.ts";
import type { ContentName, OpenContent } from "./contents.ts";
import { chooseFile } from "./media.ts";
import type { Engine } from "./player-engine.ts";
import { type Exchange, OfferedFault, redirect, replyJson } from "./player-exchange.ts";
import { contentName, fileIndex } from "./player-name.ts";
import { prebuffer } from "./player-prebuffer.ts";
import type { Output, PlayerSession } from "./player-session.ts";
import { describeSession, playbackUrl } from "./player-stat.ts";

export interface StartWish {
  readonly name: ContentName;
  readonly fileIndex: number | undefined;
  readonly output: Output;
  /** False for a live playlist of whole segments only. */
  readonly isLowLatency: boolean;
  readonly caller: string;
}

export async function getStream(engine: Engine, exchange: Exchange, output: Output): Promise<void> {
  const { query, request, response, base, gone } = exchange;
  const wish: StartWish = {
    name: contentName(query),
    fileIndex: fileIndex(query),
    output,
    isLowLatency: !["0", "false"].includes(query.get("low_latency") ?? ""),
    caller: request.socket.remoteAddress ?? "",
  };
  const session = await startSession(engine, wish, gone);
  if (query.get("format") !== "json") {
    redirect(response, playbackUrl(session, base));
    return;
  }
  const hasEvents = isOn(query, "use_stop_notifications") || isOn(query, "use_api_events");
  replyJson(response, 200, { response: describeSession(session, base, hasEvents), error: null });
}

/** Begins a session of a content that is known to be watchable. */
export async function startSession(
  engine: Engine,
  { name, fileIndex, ...play }: StartWish,
  signal: AbortSignal,
): Promise<PlayerSession> {
  const content = await openReady(engine, name, signal);
  const { media } = content;
  try {
    const file = media.kind === "film" ? chooseFile(media, fileIndex) : undefined;
    const session = engine.sessions.start({ content, file, ...play });
    void prebuffer(session);
    return session;
  } catch (error) {
    content.release();
    throw error;
  }
}

/** Opens the content and makes sure at once that it may be watched. */
async function openReady(
  engine: Engine,
  name: ContentName,
  signal: AbortSignal,
): Promise<OpenContent> {
  try {
    const content = await engine.contents.open(name, signal);
    try {
      await content.media.ready(signal);
      return content;
    } catch (error) {
      content.release();
      throw error;
    }
  } catch (error) {
    if (!isAceError(error, "LICENCE_MISSING")) throw error;
    throw new OfferedFault(error, engine.offerUrl?.(name));
  }
}

function isOn(query: URLSearchParams, key: string): boolean {
  return ["1", "true"].includes(query.get(key) ?? "");
}
