/**
 * The engine: a viewer's node with only the rooms a viewer needs: swarms, gate, player.
 *
 * It asks a full node for content records and tokens, takes bytes from peers, and serves them to any
 * player on this machine. Records are checked here: the node is not believed.
 */

import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { networkId } from "../contracts/service-network.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import {
  type ContentRecord,
  isSwarmGated,
  readContentRecord,
  recordTorrent,
} from "../p2p/content-record.ts";
import { type ContentName, shareContents } from "../p2p/contents.ts";
import { mediaOf } from "../p2p/encrypted-media.ts";
import { openListener } from "../p2p/listener.ts";
import { folderStore } from "../p2p/piece-store.ts";
import { openPlayer } from "../p2p/player.ts";
import { openSwarm } from "../p2p/swarm.ts";
import type { Swarm } from "../p2p/swarm-port.ts";
import { keySourceOf } from "./keys-source.ts";
import { tokenSourceOf, type Viewer } from "./token-source.ts";
import { openViewerGuard } from "./viewer-guard.ts";

export interface EngineOptions {
  readonly viewer: Viewer;
  /** Shown to peers instead of a token of the viewer's own. */
  readonly token?: string | undefined;
  /** Where fetched pieces are kept. */
  readonly dataDir: string;
  readonly events: Events;
}

export interface Engine extends AsyncDisposable {
  /** By content id or infohash. */
  record(id: string): Promise<ContentRecord>;
  join(record: ContentRecord): Promise<Swarm>;
  /** Serves players on `port` of this machine; 0 takes any free one. */
  play(port: number, version: string): Promise<string>;
}

const LOOPBACK = "127.0.0.1";

export async function openEngine({
  viewer,
  token,
  dataDir,
  events,
}: EngineOptions): Promise<Engine> {
  await using parts = new AsyncDisposableStack();
  const { node, network, device, clock } = viewer;
  const listener = parts.use(await openListener({ host: LOOPBACK, port: 0, clock }));
  const records = new Map<string, ContentRecord>();
  const licenceOf = (swarm: string): bigint | undefined => {
    const found = [...records.values()].find((known) => known.swarm === swarm);
    return found === undefined || found.contract === "" ? undefined : BigInt(found.contract);
  };
  const guard = parts.use(openViewerGuard(viewer, licenceOf, events));
  const tokensOf = sharedTokens((contentId) =>
    token === undefined ? tokenSourceOf(viewer, contentId) : givenToken(token),
  );
  const keys = keySourceOf(viewer, async (contentId) => await tokensOf(contentId).token());

  const record = async (id: string): Promise<ContentRecord> => {
    const signed = readContentRecord((await node.content(id)).record);
    const found = signed.record;
    if (found.network !== networkId(network) || (id !== found.contentId && id !== found.infohash)) {
      throw new AceError("CONTENT_INVALID", `the node answered with another content than ${id}`);
    }
    records.set(found.infohash, found);
    return found;
  };
  const joinSwarm = async (found: ContentRecord): Promise<Swarm> => {
    const torrent = recordTorrent(found);
    await requireStillGated(found, dataDir);
    const { contentId, serverKeys, trackers, peers } = found;
    const own = tokensOf(contentId);
    // Viewers serve one another: each shows its token, and checks the other's as a seed would.
    const download = { tokens: own, serverKeys, sharing: true };
    const upload = guard.policy.verifier;
    const gate = isSwarmGated(found) ? { gate: { deviceKey: device, upload, download } } : {};
    return await openSwarm({
      torrent,
      store: await folderStore(torrent, dataDir),
      role: "leech",
      listener,
      announce: trackers,
      peers,
      ...gate,
      events,
      clock,
    });
  };
  const contents = parts.use(
    shareContents({
      find: async ({ value }: ContentName) => {
        const { infohash } = await record(value);
        return { infohash };
      },
      join: async (infohash) => {
        const found = records.get(infohash) ?? (await record(infohash));
        return mediaOf(await joinSwarm(found), found, keys);
      },
    }),
  );
  const opened = parts.move();
  return {
    record,
    join: joinSwarm,
    play: async (port, version) => {
      const player = await openPlayer({ contents, host: LOOPBACK, port, version, events });
      return opened.use(player).url;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/**
 * What was fetched under a licence is never served without a gate: a later record, which anybody may
 * sign and any node may hand out, could call the same torrent public.
 */
async function requireStillGated(record: ContentRecord, dataDir: string): Promise<void> {
  const { infohash, title } = record;
  const mark = join(dataDir, `${infohash}.gated`);
  if (isSwarmGated(record)) {
    await mkdir(dataDir, { recursive: true });
    await writeFile(mark, "");
    return;
  }
  if (!existsSync(mark)) return;
  throw new AceError("CONTENT_INVALID", `"${title}" was gated before and is called open now`);
}

interface TokenSource {
  token(): Promise<string>;
}

/** The swarm and the keys of one content are asked for with one token. */
function sharedTokens(make: (contentId: string) => TokenSource) {
  const made = new Map<string, TokenSource>();
  return (contentId: string): TokenSource => {
    const source = made.get(contentId) ?? make(contentId);
    made.set(contentId, source);
    return source;
  };
}

function givenToken(token: string) {
  return { token: async () => token };
}
