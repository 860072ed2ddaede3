/**
 * Announcing to trackers over HTTP, with every answer bounded: a tracker is a stranger too.
 *
 * Units   Seconds in what a tracker says, milliseconds in what is answered here.
 * Errors  Rejects with what went wrong; the caller tries again later.
 * Source  BEP 3 (tracker protocol), BEP 7 (peers6), BEP 23 (compact peer lists).
 */
import type { IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import { type Bencoded, decodeBencode } from "./bencode.ts";
import { compactPeers } from "./compact-peers.ts";
import { TRACKER_ANSWER_MAX_BYTES, TRACKER_MS } from "./limits.ts";
import {
  type Announce,
  type AskedTracker,
  askedAnew,
  boundedIntervalMs,
  PEERS_WANTED,
  type Scrape,
  type TrackerAnswer,
  type TrackerLink,
} from "./tracker-port.ts";
import { pinHearsay } from "./web-address.ts";
import { askWeb } from "./web-ask.ts";

export function httpTracker(tracker: AskedTracker): TrackerLink {
  return askedAnew(tracker, { announce: announceTo, scrape: scrapeOf });
}

async function announceTo(
  { url: tracker, hearsay }: AskedTracker,
  announce: Announce,
  signal: AbortSignal,
): Promise<TrackerAnswer> {
  const url = new URL(announceUrl(tracker, announce));
  const answer = await ask({ url, hearsay }, signal);
  const interval = answer.get("interval");
  return {
    peers: [...readPeers(answer.get("peers"), 4), ...readPeers(answer.get("peers6"), 16)],
    intervalMs: boundedIntervalMs(typeof interval === "number" ? interval : undefined),
  };
}

async function scrapeOf(
  { url: tracker, hearsay }: AskedTracker,
  infohash: string,
  signal: AbortSignal,
): Promise<Scrape> {
  const { origin, pathname, search } = tracker;
  const path = pathname.replace(/\/announce([^/]*)$/, "/scrape$1");
  if (path === pathname) throw new Error("the tracker has no address for counts");
  const field = `info_hash=${percent(Uint8Array.fromHex(infohash))}`;
  const url = new URL(`${origin}${path}${search === "" ? "?" : `${search}&`}${field}`);
  const answer = await ask({ url, hearsay }, signal);
  const files = answer.get("files");
  const file = files instanceof Map ? [...files.values()][0] : undefined;
  if (!(file instanceof Map)) throw new Error("the tracker does not know this swarm");
  const count = (name: string) => {
    const value: Bencoded | undefined = file.get(name);
    return typeof value === "number" ? value : 0;
  };
  return {
    seeds: count("complete"),
    leeches: count("incomplete"),
    completed: count("downloaded"),
  };
}

async function ask(
  { url, hearsay }: AskedTracker,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Bencoded>> {
  const at = hearsay === undefined ? undefined : await pinHearsay(url, hearsay);
  const response = await askWeb(url, { at, firstByteMs: TRACKER_MS }, signal);
  const status = response.statusCode ?? 0;
  // It may lead anywhere, and the infohash with it.
  if (status >= 300 && status < 400) {
    response.destroy();
    throw new Error("the tracker names another address");
  }
  const answer = decodeBencode(await readBounded(response), TRACKER_ANSWER_MAX_BYTES);
  if (!(answer instanceof Map)) throw new Error(`the tracker answered ${status}`);
  const failure = answer.get("failure reason");
  if (failure === undefined) return answer;
  const reason = failure instanceof Uint8Array ? Buffer.from(failure).toString("latin1") : "";
  throw new Error(reason.slice(0, 200));
}

function announceUrl({ href: tracker }: URL, announce: Announce): string {
  const { infohash, peerId, port, leftBytes, event } = announce;
  const fields = [
    `info_hash=${percent(Uint8Array.fromHex(infohash))}`,
    `peer_id=${percent(peerId)}`,
    `port=${port}&uploaded=0&downloaded=0&left=${leftBytes}`,
    `compact=1&numwant=${PEERS_WANTED}`,
    ...(event === undefined ? [] : [`event=${event}`]),
  ];
  return `${tracker}${tracker.includes("?") ? "&" : "?"}${fields.join("&")}`;
}

function percent(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}

async function readBounded(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      length += chunk.length;
      if (length > TRACKER_ANSWER_MAX_BYTES) throw new Error("the tracker's answer is too long");
      chunks.push(chunk);
    }
  } finally {
    response.destroy();
  }
  const bytes = Buffer.concat(chunks);
  // Some compress whatever they were asked for.
  const isPacked = response.headers["content-encoding"] === "gzip";
  return Uint8Array.from(
    isPacked ? gunzipSync(bytes, { maxOutputLength: TRACKER_ANSWER_MAX_BYTES }) : bytes,
  );
}

/** A compact list of addresses and ports, or a list of dictionaries. */
function readPeers(value: Bencoded | undefined, addressBytes: 4 | 16): readonly string[] {
  if (value instanceof Uint8Array) return compactPeers(value, addressBytes);
  if (!Array.isArray(value)) return [];
  return value.flatMap((peer: Bencoded) => {
    if (!(peer instanceof Map)) return [];
    const [host, port] = [peer.get("ip"), peer.get("port")];
    if (!(host instanceof Uint8Array) || typeof port !== "number") return [];
    const text = Buffer.from(host).toString("latin1");
    return [text.includes(":") ? `[${text}]:${port}` : `${text}:${port}`];
  });
}
