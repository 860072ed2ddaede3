/**
 * What players ask of an engine before they play: its version, its token, what a content holds.
 *
 * Source  docs.acestream.net, developers/api-reference: `/webui/api/service` and `/server/api`.
 */
import { AceError } from "../lib/errors.ts";
import type { Media } from "./media.ts";
import type { Engine } from "./player-engine.ts";
import { type Exchange, replyJson } from "./player-exchange.ts";
import { isNear, isSame } from "./player-guard.ts";
import { contentName } from "./player-name.ts";

export function webuiService({ version }: Engine, { query, response }: Exchange): void {
  if (query.get("method") !== "get_version") throw unknownMethod(query);
  replyJson(response, 200, { result: versionOf(version), error: null });
}

export async function serverApi(engine: Engine, exchange: Exchange): Promise<void> {
  const { query, response } = exchange;
  const method = query.get("method");
  if (method === "get_api_access_token") giveToken(engine, exchange);
  else if (method === "get_status") {
    const result = { version: versionOf(engine.version), playlist_loaded: true };
    replyJson(response, 200, { result });
  } else if (method === "get_network_connection_status") {
    replyJson(response, 200, { result: { connected: true } });
  } else if (method === "get_media_files") await mediaFiles(engine, exchange);
  else if (method === "get_content_id") await contentId(engine, exchange);
  else {
    requireToken(engine, exchange);
    throw unknownMethod(query);
  }
}

/** Errors `FORBIDDEN` without the token that `get_api_access_token` gives. */
export function requireToken({ apiToken }: Engine, { query, request }: Exchange): void {
  const [, bearer] = /^Bearer (\S{1,256})$/i.exec(request.headers.authorization ?? "") ?? [];
  const shown = bearer ?? query.get("token") ?? "";
  if (isSame(shown, apiToken)) return;
  throw new AceError("FORBIDDEN", "private methods need the token of get_api_access_token");
}

/** Never to a page, which would say its origin, and never to another machine. */
function giveToken({ apiToken }: Engine, { request, response }: Exchange): void {
  const isPage =
    request.headers.origin !== undefined || request.headers["sec-fetch-site"] !== undefined;
  if (isPage || !isNear(request)) {
    throw new AceError("FORBIDDEN", "the token is given to programs of this machine only");
  }
  replyJson(response, 200, { result: { token: apiToken } });
}

async function mediaFiles(engine: Engine, { query, response, gone }: Exchange): Promise<void> {
  const { media, release } = await engine.contents.open(contentName(query), gone);
  try {
    replyJson(response, 200, { result: describeMedia(media) });
  } finally {
    release();
  }
}

async function contentId(engine: Engine, { query, response, gone }: Exchange): Promise<void> {
  const { media, release } = await engine.contents.open(contentName(query), gone);
  try {
    replyJson(response, 200, { result: { content_id: media.contentId } });
  } finally {
    release();
  }
}

function describeMedia(media: Media) {
  const { kind, infohash, title } = media;
  const files =
    kind === "film"
      ? media.files.map(({ index, name, mime, length }) => {
          return { index, filename: name, mime, size: length };
        })
      : [{ index: 0, filename: title }];
  return {
    infohash,
    name: title,
    type: kind === "live" ? "live" : "vod",
    transport_type: kind === "package" ? "hls" : "bt",
    files,
  };
}

/** Such as 3017000 for 3.1.70: scripts compare it as a number. */
function versionOf(version: string) {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map((part) => Number(part) || 0);
  return {
    version,
    code: major * 1_000_000 + minor * 10_000 + patch * 100,
    platform: process.platform,
  };
}

function unknownMethod(query: URLSearchParams): AceError {
  return new AceError("REQUEST_INVALID", `the method "${query.get("method") ?? ""}" is not known`);
}
