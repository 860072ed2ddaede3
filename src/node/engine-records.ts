/**
 * Content records as an engine knows them: asked of a full node, and checked here.
 *
 * Errors  `CONTENT_NOT_FOUND`; `CONTENT_INVALID` for a record that is not what was asked for.
 */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { networkId } from "../contracts/service-network.ts";
import { AceError } from "../lib/errors.ts";
import { type ContentRecord, isSwarmGated, readContentRecord } from "../p2p/content-record.ts";
import { isLiveDocument, type LiveRecord, readLiveRecord } from "../p2p/live-record.ts";
import { NodeRing } from "./node-ring.ts";
import { mayKnowBetter, nodesOf, type Viewer } from "./token-source.ts";

type Catalogue = Pick<Viewer, "node" | "others" | "network">;

/** What a catalogue lists: a torrent, or a live stream. */
export type Listed =
  | { readonly kind: "torrent"; readonly record: ContentRecord }
  /** `isHearsay`: no node listed it. */
  | { readonly kind: "live"; readonly record: LiveRecord; readonly isHearsay?: boolean };

export class EngineRecords {
  readonly #catalogue: Catalogue | undefined;
  readonly #known = new Map<string, Listed>();

  readonly #ring: NodeRing<Catalogue["node"]> | undefined;

  /** @param catalogue Absent where no service network is known: then nothing is listed. */
  constructor(catalogue: Catalogue | undefined) {
    this.#catalogue = catalogue;
    this.#ring = catalogue && new NodeRing(nodesOf(catalogue));
  }

  /** By content id, infohash or stream id. */
  async ask(id: string): Promise<Listed> {
    const catalogue = this.#catalogue;
    const ring = this.#ring;
    if (catalogue === undefined || ring === undefined) throw unlisted(id);
    const { network } = catalogue;
    const { record } = await ring.ask((node) => node.content(id), mayKnowBetter);
    const listed = readListed(record);
    const { contentId, network: named } = listed.record;
    const isAsked = id === contentId || id === swarmIdOf(listed);
    if (named !== networkId(network) || !isAsked) {
      throw new AceError("CONTENT_INVALID", `the node answered with another content than ${id}`);
    }
    this.#known.set(swarmIdOf(listed), listed);
    return listed;
  }

  /** What somebody else than a node told of a live stream; its signature was checked when it was read. */
  learn(record: LiveRecord): void {
    const { access, streamId, title } = record;
    if (access === "gated") {
      throw new AceError("CONTENT_INVALID", `"${title}" is gated: nodes of its network list it`);
    }
    this.#known.set(streamId, { kind: "live", record, isHearsay: true });
  }

  known(infohash: string): Listed | undefined {
    return this.#known.get(infohash);
  }

  /** The contract that the record of this swarm names. */
  licenceOf(swarm: string): bigint | undefined {
    const found = [...this.#known.values()].find(({ record }) => record.swarm === swarm)?.record;
    return found === undefined || found.contract === "" ? undefined : BigInt(found.contract);
  }
}

function unlisted(id: string): AceError {
  const why = "without a network.json (--network) only public torrents are found";
  return new AceError("CONTENT_NOT_FOUND", `no node was asked about ${id}: ${why}`);
}

/** What stands in handshakes: the infohash, or the id of a live stream. */
export function swarmIdOf(listed: Listed): string {
  return listed.kind === "live" ? listed.record.streamId : listed.record.infohash;
}

function readListed(document: unknown): Listed {
  return isLiveDocument(document)
    ? { kind: "live", record: readLiveRecord(document).record }
    : { kind: "torrent", record: readContentRecord(document).record };
}

/**
 * What was fetched under a licence is never served without a gate: a later record, which anybody may
 * sign and any node may hand out, could call the same torrent public, and a magnet link says nothing.
 */
export class GatedMarks {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async check(record: ContentRecord): Promise<void> {
    if (!isSwarmGated(record)) {
      this.requireOpen(record.infohash, record.title);
      return;
    }
    await mkdir(this.#folder, { recursive: true });
    await writeFile(this.#pathOf(record.infohash), "");
  }

  requireOpen(infohash: string, title: string): void {
    if (!existsSync(this.#pathOf(infohash))) return;
    throw new AceError("CONTENT_INVALID", `"${title}" was gated before and is called open now`);
  }

  #pathOf(infohash: string): string {
    return join(this.#folder, `${infohash}.gated`);
  }
}
