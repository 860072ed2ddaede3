/**
 * Public torrents, which no catalogue lists: by magnet link, by infohash, or where the torrent lies.
 *
 * Errors  `CONTENT_NOT_FOUND` for what nobody could be asked about; `CONTENT_INVALID`, `MAGNET_INVALID`;
 *         `CONTENT_UNREACHABLE` when no peer gives the metadata; `URL_REFUSED` for an address that leads
 *         into our own network, or a link that names no other.
 */
import { AceError, isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { AddressSet } from "../p2p/address-set.ts";
import { parseAddress } from "../p2p/addresses.ts";
import type { Dht } from "../p2p/discovery-port.ts";
import { NAMED_PORT_MIN, TORRENT_MAX_BYTES } from "../p2p/limits.ts";
import { type Magnet, parseMagnet } from "../p2p/magnet.ts";
import { fetchMetadata, type MetadataSearch } from "../p2p/metadata-fetch.ts";
import { readTorrent, type Torrent } from "../p2p/torrent.ts";
import { type Hearsay, isHearsayPeer, pinHearsay } from "../p2p/web-address.ts";
import { fetchWeb } from "../p2p/web-request.ts";
import { type EngineTerms, linkHearsay } from "./engine-terms.ts";

export interface PublicTorrentParts {
  readonly terms: EngineTerms;
  readonly dht: Dht | undefined;
  /** Where this engine listens for peers. */
  readonly port: number;
  readonly events: Events;
}

/** As many as players may have open, and then some that were open before. */
const KNOWN_MAX = 64;
const METADATA_MS = 30_000;

export class PublicTorrents {
  readonly #parts: PublicTorrentParts;
  readonly #magnets = new Map<string, Magnet>();
  readonly #torrents = new Map<string, Torrent>();
  /** Of a private engine: who alone is asked. */
  readonly #friends: AddressSet | undefined;

  constructor(parts: PublicTorrentParts) {
    this.#parts = parts;
    const { downloadFrom } = parts.terms;
    this.#friends = downloadFrom.length > 0 ? new AddressSet(downloadFrom) : undefined;
  }

  /** Remembers what the link says; the torrent itself is fetched when it is joined. */
  addMagnet(link: string): string {
    const magnet = parseMagnet(link);
    keep(this.#magnets, magnet.infohash, magnet);
    return magnet.infohash;
  }

  async addUrl(url: string, signal: AbortSignal): Promise<string> {
    const { trustedHosts } = this.#parts.terms;
    const wish = { url, trustedHosts, bytesMax: TORRENT_MAX_BYTES };
    const torrent = readTorrent(await fetchWeb(wish, signal));
    keep(this.#torrents, torrent.infohash, torrent);
    return torrent.infohash;
  }

  /** Whether there is anybody to ask about an infohash alone. */
  canFind(infohash: string): boolean {
    const { terms, dht } = this.#parts;
    const isNamed = this.#magnets.has(infohash) || this.#torrents.has(infohash);
    return isNamed || dht !== undefined || terms.trackers.length > 0 || terms.peers.length > 0;
  }

  async torrent(infohash: string, signal: AbortSignal): Promise<Torrent> {
    const known = this.#torrents.get(infohash);
    if (known !== undefined) return known;
    if (!this.canFind(infohash)) {
      throw new AceError("CONTENT_NOT_FOUND", `there is nobody to ask about ${infohash}`);
    }
    const search = this.#searchOf(infohash);
    await this.#demandSomebody(infohash, search);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(METADATA_MS)]);
    const torrent = await fetchMetadata(search, limited);
    keep(this.#torrents, infohash, torrent);
    return torrent;
  }

  #searchOf(infohash: string): MetadataSearch {
    const { terms, dht, port, events } = this.#parts;
    const magnet = this.#magnets.get(infohash);
    const friends = this.#friends;
    const isFriend = (peer: string) => friends?.has(hostOf(peer)) ?? true;
    const peers = [...this.peers(infohash), ...terms.peers.filter(isFriend)];
    // A private engine asks nobody else, and lets nobody else know what it looks for.
    if (friends !== undefined) return { infohash, peers, trackers: [], port, events };
    return {
      infohash,
      peers,
      trackers: [...(magnet?.trackers ?? []), ...terms.trackers],
      hearsay: linkHearsay(terms),
      webSeeds: magnet?.webSeeds ?? [],
      port,
      events,
      ...(dht === undefined ? {} : { dht }),
    };
  }

  /** Peers that the link named and that may be dialled. */
  peers(infohash: string): readonly string[] {
    const named = this.#magnets.get(infohash)?.peers ?? [];
    return named.filter((peer) => this.#mayDial(peer));
  }

  #mayDial(peer: string): boolean {
    return this.#friends?.has(hostOf(peer)) ?? isHearsayPeer(peer, linkHearsay(this.#parts.terms));
  }

  /** Where a link names nothing but what lies inside, whoever made it is told so at once. */
  async #demandSomebody(infohash: string, { peers, trackers, dht }: MetadataSearch): Promise<void> {
    const named = this.#magnets.get(infohash)?.peers ?? [];
    const hearsay = linkHearsay(this.#parts.terms);
    if (this.#friends !== undefined || peers.length > 0 || dht !== undefined) return;
    const faults = await Promise.all(trackers.map((url) => refusalOf(url, hearsay)));
    if (faults.includes(undefined)) return;
    const [first] = faults;
    if (first !== undefined) throw first;
    const [peer] = named;
    if (peer === undefined) return;
    const what = "a link may name peers of the public internet, at ports from";
    throw new AceError("URL_REFUSED", `${peer} is not dialled: ${what} ${NAMED_PORT_MIN} on`);
  }
}

function hostOf(peer: string): string {
  return parseAddress(peer)?.host ?? "";
}

/** Undefined for a tracker that may be asked, as far as is known now. */
async function refusalOf(url: string, hearsay: Hearsay): Promise<AceError | undefined> {
  const fault: unknown = await pinHearsay(new URL(url), hearsay).catch((error: unknown) => error);
  return isAceError(fault, "URL_REFUSED") ? fault : undefined;
}

function keep<Value>(known: Map<string, Value>, key: string, value: Value): void {
  known.delete(key);
  known.set(key, value);
  for (const oldest of known.keys()) {
    if (known.size <= KNOWN_MAX) break;
    known.delete(oldest);
  }
}
