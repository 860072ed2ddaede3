/**
 * Announcing to HTTP trackers, with every answer bounded: a tracker is a stranger too.
 *
 * Units   Seconds in what a tracker says, milliseconds in what is answered here.
 * Errors  Rejects with what went wrong; the caller tries again later.
 * Source  BEP 3 (tracker protocol), BEP 7 (peers6), BEP 23 (compact peer lists).
 */
import { type Bencoded, decodeBencode } from "./bencode.ts";
import { ANNOUNCE_MS_MAX, ANNOUNCE_MS_MIN, TRACKER_ANSWER_MAX_BYTES } from "./limits.ts";

export interface Announce {
  readonly infohash: string;
  readonly peerId: Uint8Array;
  readonly port: number;
  readonly leftBytes: number;
  readonly event: "started" | "stopped" | "completed" | undefined;
}

export interface TrackerAnswer {
  /** `host:port` of each peer, as the tracker says it. */
  readonly peers: readonly string[];
  readonly intervalMs: number;
}

const PEERS_WANTED = 50;

export async function announceTo(
  tracker: string,
  announce: Announce,
  signal: AbortSignal,
): Promise<TrackerAnswer> {
  const response = await fetch(announceUrl(tracker, announce), { signal, redirect: "error" });
  const body = await readBounded(response);
  const answer = decodeBencode(body, TRACKER_ANSWER_MAX_BYTES);
  if (!(answer instanceof Map)) throw new Error(`the tracker answered ${response.status}`);
  const failure = answer.get("failure reason");
  if (failure instanceof Uint8Array) {
    throw new Error(Buffer.from(failure).toString("latin1").slice(0, 200));
  }
  const interval = answer.get("interval");
  const intervalMs = typeof interval === "number" ? interval * 1_000 : ANNOUNCE_MS_MAX;
  return {
    peers: [...readPeers(answer.get("peers"), 4), ...readPeers(answer.get("peers6"), 16)],
    intervalMs: Math.min(ANNOUNCE_MS_MAX, Math.max(ANNOUNCE_MS_MIN, intervalMs)),
  };
}

function announceUrl(tracker: string, announce: Announce): string {
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

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > TRACKER_ANSWER_MAX_BYTES) throw new Error("the tracker's answer is too long");
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

/** A compact list of addresses and ports, or a list of dictionaries. */
function readPeers(value: Bencoded | undefined, addressBytes: number): readonly string[] {
  if (value instanceof Uint8Array) return readCompact(value, addressBytes);
  if (!Array.isArray(value)) return [];
  return value.flatMap((peer: Bencoded) => {
    if (!(peer instanceof Map)) return [];
    const [host, port] = [peer.get("ip"), peer.get("port")];
    if (!(host instanceof Uint8Array) || typeof port !== "number") return [];
    const text = Buffer.from(host).toString("latin1");
    return [text.includes(":") ? `[${text}]:${port}` : `${text}:${port}`];
  });
}

function readCompact(bytes: Uint8Array, addressBytes: number): readonly string[] {
  const peers: string[] = [];
  const step = addressBytes + 2;
  for (let at = 0; at + step <= bytes.length; at += step) {
    const address = bytes.subarray(at, at + addressBytes);
    const port = (bytes[at + addressBytes] ?? 0) * 256 + (bytes[at + addressBytes + 1] ?? 0);
    const host = addressBytes === 4 ? address.join(".") : `[${ipv6Text(address)}]`;
    peers.push(`${host}:${port}`);
  }
  return peers;
}

function ipv6Text(address: Uint8Array): string {
  const hex = Uint8Array.from(address).toHex();
  return (hex.match(/.{4}/g) ?? []).join(":");
}
