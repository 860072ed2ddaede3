/**
 * Magnet links: an infohash, and where to begin to look for it.
 *
 * Range   At most `MAGNET_MAX_CHARS`, `TRACKERS_MAX` trackers, `WEB_SEEDS_MAX` web seeds and
 *         `MAGNET_PEERS_MAX` peers; what is more, or no address at all, is left out.
 * Errors  `MAGNET_INVALID` for a text that names no swarm of version 1.
 * Source  BEP 9 (`xt`, `dn`, `tr`, `x.pe`), BEP 19 (`ws`).
 */
import { AceError } from "../lib/errors.ts";
import { parseAddress } from "./addresses.ts";
import { MAGNET_MAX_CHARS, MAGNET_PEERS_MAX, TRACKERS_MAX, WEB_SEEDS_MAX } from "./limits.ts";
import { isTrackerUrl } from "./tracker-tier.ts";

export interface Magnet {
  /** 40 hexadecimal characters. */
  readonly infohash: string;
  readonly name: string | undefined;
  readonly trackers: readonly string[];
  readonly webSeeds: readonly string[];
  /** `host:port`, with a numeric host. */
  readonly peers: readonly string[];
}

const NAME_MAX_CHARS = 255;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

export function parseMagnet(text: string): Magnet {
  if (text.length > MAGNET_MAX_CHARS || !/^magnet:\?/i.test(text)) throw invalid("it is none");
  const fields = new URLSearchParams(text.slice(text.indexOf("?") + 1));
  const every = (name: string) =>
    [...fields].flatMap(([key, value]) => (isField(key, name) ? [value.trim()] : []));
  const infohash = every("xt")
    .map(readTopic)
    .find((found) => found !== undefined);
  if (infohash === undefined) throw invalid("it names no swarm of version 1");
  const isHttp = (url: string) => URL.canParse(url) && /^https?:\/\//.test(url);
  return {
    infohash,
    name: fields.get("dn")?.slice(0, NAME_MAX_CHARS),
    trackers: distinct(every("tr").filter(isTrackerUrl), TRACKERS_MAX),
    webSeeds: distinct(every("ws").filter(isHttp), WEB_SEEDS_MAX),
    peers: distinct(
      every("x.pe").filter((peer) => parseAddress(peer) !== undefined),
      MAGNET_PEERS_MAX,
    ),
  };
}

/** Some number them: `tr.1`. */
function isField(key: string, name: string): boolean {
  return key === name || (key.startsWith(`${name}.`) && /^\d+$/.test(key.slice(name.length + 1)));
}

function readTopic(topic: string): string | undefined {
  const [, id = ""] = /^urn:btih:([0-9a-zA-Z]+)$/i.exec(topic) ?? [];
  const lower = id.toLowerCase();
  if (/^[0-9a-f]{40}$/.test(lower)) return lower;
  return /^[a-z2-7]{32}$/.test(lower) ? fromBase32(lower) : undefined;
}

/** Older links: 32 characters of 5 bits each. */
function fromBase32(text: string): string {
  let bits = 0n;
  for (const character of text) bits = bits * 32n + BigInt(BASE32.indexOf(character));
  return bits.toString(16).padStart(40, "0");
}

function distinct(values: readonly string[], max: number): readonly string[] {
  return [...new Set(values)].slice(0, max);
}

function invalid(what: string): AceError {
  return new AceError("MAGNET_INVALID", `the magnet link is refused: ${what}`);
}
