/**
 * Public torrents, which no catalogue lists: by magnet link, by infohash, or where the torrent lies.
 *
 * Errors  `CONTENT_NOT_FOUND` for what nobody could be asked about; `CONTENT_INVALID`, `MAGNET_INVALID`;
 *         `CONTENT_UNREACHABLE` when no peer gives the metadata; `URL_REFUSED` for an address that leads
 *         into our own network.
 */
import { AceError } from "../lib/errors.ts";
import { AddressSet } from "../p2p/address-set.ts";
import { parseAddress } from "../p2p/addresses.ts";
import type { Dht } from "../p2p/discovery-port.ts";
import { TORRENT_MAX_BYTES } from "../p2p/limits.ts";
import { type Magnet, parseMagnet } from "../p2p/magnet.ts";
import { fetchMetadata, type MetadataSearch } from "../p2p/metadata-fetch.ts";
import { readTorrent, type Torrent } from "../p2p/torrent.ts";
import { fetchWeb } from "../p2p/web-request.ts";
import type { EngineTerms } from "./engine-terms.ts";

export interface PublicTorrentParts {
  readonly terms: EngineTerms;
  readonly dht: Dht | undefined;
  /** Where this engine listens for peers. */
  readonly port: number;
}

/** As many as players may have open, and then some that were open before. */
const KNOWN_MAX = 64;
const METADATA_MS = 30_000;

export class PublicTorrents {
  readonly #parts: PublicTorrentParts;
  readonly #magnets = new Map<string, Magnet>();
  readonly #torrents = new Map<string, Torrent>();

  constructor(parts: PublicTorrentParts) {
    this.#parts = parts;
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
    const limited = AbortSignal.any([signal, AbortSignal.timeout(METADATA_MS)]);
    const torrent = await fetchMetadata(search, limited);
    keep(this.#torrents, infohash, torrent);
    return torrent;
  }

  #searchOf(infohash: string): MetadataSearch {
    const { terms, dht, port } = this.#parts;
    const magnet = this.#magnets.get(infohash);
    const peers = [...(magnet?.peers ?? []), ...terms.peers];
    if (terms.downloadFrom.length > 0) {
      // A private engine asks nobody else, and lets nobody else know what it looks for.
      const allowed = new AddressSet(terms.downloadFrom);
      const isAllowed = (peer: string) => allowed.has(parseAddress(peer)?.host ?? "");
      return { infohash, peers: peers.filter(isAllowed), trackers: [], port };
    }
    return {
      infohash,
      peers,
      trackers: [...(magnet?.trackers ?? []), ...terms.trackers],
      webSeeds: magnet?.webSeeds ?? [],
      port,
      ...(dht === undefined ? {} : { dht }),
    };
  }

  /** Peers that the link named. */
  peers(infohash: string): readonly string[] {
    return this.#magnets.get(infohash)?.peers ?? [];
  }
}

function keep<Value>(known: Map<string, Value>, key: string, value: Value): void {
  known.delete(key);
  known.set(key, value);
  for (const oldest of known.keys()) {
    if (known.size <= KNOWN_MAX) break;
    known.delete(oldest);
  }
}
