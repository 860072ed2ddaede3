/**
 * The engine: a viewer's node with only the rooms a viewer needs: swarms, gate, player.
 *
 * It asks a full node for content records and tokens, takes bytes from peers, and serves them to any
 * player on this machine. Records are checked here: the node is not believed.
 */
import { join } from "node:path";
import { AceError, isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { BAN_FILE, openBanFile } from "../p2p/ban-file.ts";
import { Bans } from "../p2p/bans.ts";
import { viewerCipher } from "../p2p/cipher-epochs.ts";
import type { ContentRecord } from "../p2p/content-record.ts";
import { type ContentName, shareContents } from "../p2p/contents.ts";
import { type DhtNode, openDht } from "../p2p/dht-node.ts";
import type { FindOptions } from "../p2p/discovery-port.ts";
import { mediaOf } from "../p2p/encrypted-media.ts";
import type { KeyProvider } from "../p2p/key-port.ts";
import { openListener } from "../p2p/listener.ts";
import type { LiveDescriptor } from "../p2p/live-descriptor.ts";
import { readLiveLink } from "../p2p/live-item.ts";
import { openLocalDiscovery } from "../p2p/lsd.ts";
import { filmMedia, liveMedia, type Media } from "../p2p/media.ts";
import { openPlayer, type PlayerOptions } from "../p2p/player.ts";
import type { Swarm } from "../p2p/swarm-port.ts";
import { openEngineAccess, type Stranger } from "./engine-access.ts";
import { PublicTorrents } from "./engine-public.ts";
import { GatedMarks, type Listed, swarmIdOf } from "./engine-records.ts";
import { EngineSwarms } from "./engine-swarms.ts";
import { defaultTerms, type EngineTerms } from "./engine-terms.ts";
import { recordInDht } from "./live-finding.ts";
import type { SwarmMeter } from "./p2p-metrics.ts";
import type { Viewer } from "./token-source.ts";

export interface EngineOptions {
  readonly viewer: Viewer | Stranger;
  /** Shown to peers instead of a token of the viewer's own. */
  readonly token?: string | undefined;
  /** Where fetched pieces are kept. */
  readonly dataDir: string;
  readonly events: Events;
  readonly terms?: Partial<EngineTerms>;
  readonly meter?: SwarmMeter;
}

export interface Engine extends AsyncDisposable {
  /** `host:port` where peers reach it. */
  readonly peerAddress: string;
  /** The record of a torrent that the node lists, by content id or infohash. */
  record(id: string): Promise<ContentRecord>;
  /** What the node lists, by content id, infohash or stream id. */
  listed(id: string): Promise<Listed>;
  join(record: ContentRecord): Promise<Swarm>;
  /** What a player would be given: not shared with players. */
  open(name: ContentName, signal: AbortSignal): Promise<Media>;
  /** Serves players, of this machine unless told otherwise; answers where. */
  play(options: Omit<PlayerOptions, "contents" | "events">): Promise<string>;
}

const noSwarmMeter: SwarmMeter = {
  watch: () => ({ [Symbol.dispose]: () => {} }),
  limits: () => {},
};

export async function openEngine(options: EngineOptions): Promise<Engine> {
  await using parts = new AsyncDisposableStack();
  const { viewer, token, dataDir, events, meter = noSwarmMeter } = options;
  const { device, clock } = viewer;
  const terms: EngineTerms = { ...defaultTerms, ...options.terms };
  const listener = parts.use(await openListener({ ...terms.listen, ...socketsOf(terms), clock }));
  const { find, dht } = await openFinding(parts, { terms, events, clock });
  const access = openEngineAccess(parts, { viewer, token, dataDir, events });
  const { records, verifier, tokens, keys } = access;
  const tokensOf = (contentId: string) => tokens.of(contentId);
  const marks = new GatedMarks(dataDir);
  const bans = new Bans(parts.use(openBanFile(join(dataDir, BAN_FILE), { clock, events })));
  const shared = { terms, dataDir, listener, find, device, verifier, tokensOf, marks, bans };
  const swarms = new EngineSwarms({ ...shared, meter, events, clock });
  const publics = new PublicTorrents({ terms, dht: find.dht, port: listener.port, events });

  const findLive = async (link: LiveDescriptor, signal: AbortSignal): Promise<string> => {
    try {
      return swarmIdOf(await records.ask(link.streamId));
    } catch (error) {
      if (!isUnlisted(error) || dht === undefined) throw error;
      records.learn(await recordInDht(dht, link, signal));
      return link.streamId;
    }
  };
  const findByInfohash = async (infohash: string): Promise<string> => {
    try {
      return swarmIdOf(await records.ask(infohash));
    } catch (error) {
      if (!isUnlisted(error) || !publics.canFind(infohash)) throw error;
      return infohash;
    }
  };
  const source = {
    find: async (name: ContentName, signal: AbortSignal): Promise<{ infohash: string }> => {
      const { kind, value } = name;
      if (kind === "contentId") return { infohash: swarmIdOf(await records.ask(value)) };
      const live = kind === "magnet" ? readLiveLink(value) : undefined;
      if (live !== undefined) return { infohash: await findLive(live, signal) };
      if (kind === "magnet") return { infohash: await findByInfohash(publics.addMagnet(value)) };
      if (kind === "infohash") return { infohash: await findByInfohash(value) };
      return { infohash: await findByInfohash(await publics.addUrl(value, signal)) };
    },
    join: async (infohash: string, signal: AbortSignal): Promise<Media> => {
      const found = records.known(infohash);
      if (found?.kind === "live") return await openLive(swarms, found, keys);
      if (found?.kind === "torrent") {
        return mediaOf(await swarms.joinRecord(found.record), found.record, keys);
      }
      const torrent = await publics.torrent(infohash, signal);
      return filmMedia(await swarms.joinPublic(torrent, publics.peers(infohash)));
    },
  };
  const contents = parts.use(shareContents(source));
  const opened = parts.move();
  return {
    peerAddress: `${listener.host.includes(":") ? `[${listener.host}]` : listener.host}:${listener.port}`,
    record: async (id) => {
      const listed = await records.ask(id);
      if (listed.kind === "torrent") return listed.record;
      throw new AceError("CONTENT_INVALID", `${id} is a live stream: it is watched, not fetched`);
    },
    listed: (id) => records.ask(id),
    join: (record) => swarms.joinRecord(record),
    open: async (name, signal) => {
      const { infohash } = await source.find(name, signal);
      return await source.join(infohash, signal);
    },
    play: async (wish) => {
      const { limits } = swarms;
      const accessLeftS = (contentId: string) => tokens.leftS(contentId);
      const player = openPlayer({ ...wish, accessLeftS, limits, contents, events });
      return opened.use(await player).url;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function socketsOf({ peersMax }: EngineTerms): { readonly socketsMax?: number } {
  return peersMax === undefined ? {} : { socketsMax: peersMax };
}

async function openLive(
  swarms: EngineSwarms,
  { record, isHearsay }: Extract<Listed, { kind: "live" }>,
  keys: KeyProvider,
): Promise<Media> {
  const isEncrypted = record.encryption !== undefined;
  const cipher = isEncrypted ? viewerCipher(record.contentId, keys) : undefined;
  return liveMedia(await swarms.joinLive(record, { cipher, isHearsay }), isEncrypted);
}

function isUnlisted(error: unknown): boolean {
  if (isAceError(error, "CONTENT_NOT_FOUND")) return true;
  return isAceError(error, "NODE_UNREACHABLE") || isAceError(error, "NODE_MOVED");
}

async function openFinding(
  parts: AsyncDisposableStack,
  { terms, events, clock }: { terms: EngineTerms; events: Events; clock: Viewer["clock"] },
): Promise<{ readonly find: FindOptions; readonly dht: DhtNode | undefined }> {
  const { listen, dht, isLocalSearched } = terms;
  const node =
    dht === undefined
      ? undefined
      : parts.use(await openDht({ host: listen.host, ...dht, events, clock }));
  const lsd = isLocalSearched ? parts.use(await openLocalDiscovery({ clock })) : undefined;
  const find = {
    ...(node === undefined ? {} : { dht: node }),
    ...(lsd === undefined ? {} : { lsd }),
  };
  return { find, dht: node };
}
