/**
 * The shelf: contents that this node lists, and the swarms of those that it seeds.
 *
 * A content with a licence is gated: its swarm serves only peers that prove a token and its key.
 */
import { join } from "node:path";
import type { Content } from "../access/issue.ts";
import type { ContentPorts, Publication } from "../api/contents.ts";
import type { ContentJson } from "../client/content-schemas.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { PayloadSink } from "../p2p/access-port.ts";
import type { Bans } from "../p2p/bans.ts";
import {
  type ContentRecord,
  isSwarmGated,
  readContentRecord,
  recordTorrent,
  type SignedContentRecord,
} from "../p2p/content-record.ts";
import type { DeviceKey } from "../p2p/ed25519.ts";
import type { TokenVerifier } from "../p2p/gate.ts";
import type { Listener } from "../p2p/listener.ts";
import { isLiveDocument } from "../p2p/live-record.ts";
import type { NodePeers } from "../p2p/node-peers.ts";
import { seedStore } from "../p2p/piece-store.ts";
import { openSwarm } from "../p2p/swarm.ts";
import type { Swarm } from "../p2p/swarm-port.ts";
import type { NodeRates } from "../p2p/swarm-rates.ts";
import type { Contents } from "../store/contents.ts";
import { LiveShelf } from "./live-shelf.ts";
import { measured } from "./measured-swarm.ts";
import type { SwarmMeter } from "./p2p-metrics.ts";

export interface ShelfParts {
  readonly contents: Contents;
  readonly networkId: string;
  readonly listener: Listener;
  readonly nodeKey: DeviceKey;
  readonly verifier: TokenVerifier;
  readonly usage: PayloadSink;
  /** Where it is remembered which pieces were verified. */
  readonly resumeDir: string;
  readonly terms: SeedTerms;
  readonly meter: SwarmMeter;
  readonly events: Events;
  readonly clock: Clock;
}

/** What holds for all that a node seeds: its rates, its peers, its bans. */
export interface SeedTerms {
  readonly rates: NodeRates;
  readonly nodePeers: NodePeers;
  readonly bans: Bans;
  /** Addresses and networks that alone are given to; empty is everybody. */
  readonly uploadTo: readonly string[];
  /** Of each swarm; the usual when absent. */
  readonly peersMax?: number;
}

interface Item {
  readonly signed: SignedContentRecord;
  readonly path: string | undefined;
}

export class Shelf implements AsyncDisposable {
  readonly #parts: ShelfParts;
  readonly #live: LiveShelf;
  readonly #items = new Map<string, Item>();
  /** The same by the name that tokens give a swarm: asked at each check of a token. */
  readonly #bySwarm = new Map<string, Item>();
  readonly #swarms = new Map<string, Swarm>();
  /** By content: the end of the last work on it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(parts: ShelfParts) {
    this.#parts = parts;
    this.#live = new LiveShelf(parts.contents, parts.networkId);
    for (const { record, path } of parts.contents.all()) {
      if (this.#live.restore(record)) continue;
      this.#keep({ signed: storedRecord(record), path });
    }
  }

  /** Seeds what was published before. A file that is gone is told to the operator and left out. */
  async open(): Promise<void> {
    for (const { signed, path } of this.#items.values()) {
      try {
        await this.#inTurn(signed.record, () => this.#seed(signed.record, path));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.#parts.events.warn("shelf.unseeded", { content: signed.record.contentId, message });
      }
    }
  }

  ports(adminToken: string): ContentPorts {
    return {
      adminToken,
      list: () => [
        ...[...this.#items.values()].map((item) => this.#json(item)),
        ...this.#live.list(),
      ],
      find: (id) => {
        const item = this.#find(id);
        return item === undefined ? this.#live.find(id) : this.#json(item);
      },
      publish: async (publication) =>
        isLiveDocument(publication.record)
          ? this.#live.publish(publication.record)
          : await this.#publish(publication),
    };
  }

  /** The licence that stands before this content id. Public content has none. */
  contentOf(id: string): Content | undefined {
    const record = this.#items.get(id)?.signed.record;
    if (record === undefined) return this.#live.contentOf(id);
    if (record.contract === "") return undefined;
    return { id, swarm: record.swarm, contract: BigInt(record.contract) };
  }

  /** The licence contract of a swarm, by the name that tokens give it. */
  licenceOf(swarm: string): bigint | undefined {
    const contract = this.#bySwarm.get(swarm)?.signed.record.contract ?? "";
    if (contract !== "") return BigInt(contract);
    return this.#live.licenceOf(swarm);
  }

  /** Content id of a swarm, by the name that tokens give it. */
  contentIdOf(swarm: string): string | undefined {
    return this.#bySwarm.get(swarm)?.signed.record.contentId ?? this.#live.contentIdOf(swarm);
  }

  /** The swarm of a content that is seeded here, and whether who asks must show a token. */
  seeded(infohash: string): { readonly swarm: Swarm; readonly isGated: boolean } | undefined {
    const record = this.#bySwarm.get(`btih:${infohash}`)?.signed.record;
    const swarm = record === undefined ? undefined : this.#swarms.get(record.contentId);
    if (record === undefined || swarm === undefined) return undefined;
    return { swarm, isGated: isSwarmGated(record) };
  }

  /** Films and packages; live streams are counted apart. */
  get size(): number {
    return this.#items.size;
  }

  get liveSize(): number {
    return this.#live.size;
  }

  isListed(infohash: string): boolean {
    return this.#find(infohash) !== undefined || this.#live.find(infohash) !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const swarm of this.#swarms.values()) await swarm[Symbol.asyncDispose]();
    this.#swarms.clear();
  }

  async #publish({ record, path }: Publication): Promise<ContentJson> {
    const signed = readContentRecord(record);
    const { contentId, infohash, network } = signed.record;
    recordTorrent(signed.record);
    if (network !== this.#parts.networkId) {
      throw new AceError("CONTENT_INVALID", "the record is for another service network");
    }
    return await this.#inTurn(signed.record, async () => {
      this.#requireSamePublisher(signed.record);
      const isOpened = await this.#seed(signed.record, path);
      const item = { signed, path: path ?? this.#items.get(contentId)?.path };
      const text = JSON.stringify(signed);
      try {
        this.#parts.contents.put({ contentId, infohash, record: text, path: item.path });
      } catch (error) {
        if (isOpened) await this.#close(contentId);
        throw error;
      }
      this.#keep(item);
      this.#parts.events.info("shelf.published", { content: contentId, infohash });
      return this.#json(item);
    });
  }

  /** One after the other: two that publish the same content at once must not both open its swarm. */
  async #inTurn<Done>({ contentId }: ContentRecord, work: () => Promise<Done>): Promise<Done> {
    const before = this.#turns.get(contentId) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#turns.set(contentId, mine);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(contentId) === mine) this.#turns.delete(contentId);
    }
  }

  async #close(contentId: string): Promise<void> {
    const swarm = this.#swarms.get(contentId);
    this.#swarms.delete(contentId);
    await swarm?.[Symbol.asyncDispose]();
  }

  /** Nobody but its publisher may change what is listed: a new record could name another licence. */
  #requireSamePublisher(record: ContentRecord): void {
    const { contentId, publisher, publishedAtS, contract } = record;
    const before = this.#items.get(contentId)?.signed.record;
    if (before === undefined) return;
    if (before.publisher !== publisher || publishedAtS < before.publishedAtS) {
      throw new AceError("CONTENT_INVALID", `${contentId} is published by ${before.publisher}`);
    }
    if (isSwarmGated(before) !== isSwarmGated(record) && this.#swarms.has(contentId)) {
      throw new AceError("CONTENT_INVALID", "the gate of a content that is seeded cannot change");
    }
    if (before.contract !== contract && this.#swarms.has(contentId)) {
      throw new AceError(
        "CONTENT_INVALID",
        "the licence of a content that is seeded cannot change",
      );
    }
  }

  /** True when it opened a swarm. */
  async #seed(record: ContentRecord, path: string | undefined): Promise<boolean> {
    if (path === undefined || this.#swarms.has(record.contentId)) return false;
    const { listener, nodeKey, verifier, usage, resumeDir, meter, events, clock } = this.#parts;
    const { rates, uploadTo, ...terms } = this.#parts.terms;
    const torrent = recordTorrent(record);
    const gated = { gate: { deviceKey: nodeKey, upload: verifier, usage } };
    const gate = isSwarmGated(record) ? gated : {};
    const swarm = await openSwarm({
      torrent,
      store: seedStore(torrent, path),
      role: "seed",
      listener,
      announce: record.trackers,
      rates: { node: rates },
      ...(uploadTo.length > 0 ? { uploadTo } : {}),
      ...terms,
      ...gate,
      resumePath: join(resumeDir, `${torrent.infohash}.resume`),
      events,
      clock,
    });
    this.#swarms.set(record.contentId, measured(swarm, meter));
    return true;
  }

  #find(id: string): Item | undefined {
    return this.#items.get(id) ?? this.#bySwarm.get(`btih:${id}`);
  }

  #keep(item: Item): void {
    const { contentId, swarm } = item.signed.record;
    this.#items.set(contentId, item);
    // Two contents of one infohash would be a collision of SHA-1: the one that came first stays.
    const before = this.#bySwarm.get(swarm)?.signed.record.contentId ?? contentId;
    if (before === contentId) this.#bySwarm.set(swarm, item);
  }

  #json({ signed }: Item): ContentJson {
    const { contentId, infohash, title, length, contract, encryption, seed } = signed.record;
    const stats = this.#swarms.get(contentId)?.stats();
    return {
      contentId,
      infohash,
      title,
      length,
      ...(contract === "" ? {} : { licence: contract }),
      ...(encryption === undefined
        ? {}
        : { encryption: encryption.kind, seed: seed ?? "licensed" }),
      seeding: stats !== undefined,
      ...(stats === undefined ? {} : { swarm: swarmJson(stats) }),
      record: signed,
    };
  }
}

function storedRecord(text: string): SignedContentRecord {
  try {
    return readContentRecord(JSON.parse(text));
  } catch (cause) {
    throw new AceError("DB_CORRUPT", "a stored content record is not as it was written", { cause });
  }
}

function swarmJson({ peers, bytesUp, ungatedBytesUp, closed }: ReturnType<Swarm["stats"]>) {
  return { peers, bytesUp, ungatedBytesUp, closed: { ...closed } };
}
