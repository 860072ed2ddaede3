/** Live streams that this node lists: their newest records. It carries none of their bytes. */
import type { Content } from "../access/issue.ts";
import type { ContentJson } from "../client/content-schemas.ts";
import { AceError } from "../lib/errors.ts";
import { isLiveDocument, readLiveRecord, type SignedLiveRecord } from "../p2p/live-record.ts";
import type { Contents } from "../store/contents.ts";

export class LiveShelf {
  readonly #contents: Contents;
  readonly #networkId: string;
  readonly #items = new Map<string, SignedLiveRecord>();

  constructor(contents: Contents, networkId: string) {
    this.#contents = contents;
    this.#networkId = networkId;
  }

  /** Takes a record that was stored before; false when it is not a live one. */
  restore(text: string): boolean {
    const document = parsed(text);
    if (!isLiveDocument(document)) return false;
    const signed = readLiveRecord(document);
    this.#items.set(signed.record.contentId, signed);
    return true;
  }

  publish(document: unknown): ContentJson {
    const signed = readLiveRecord(document);
    const { contentId, streamId, network, publishedAtS } = signed.record;
    if (network !== this.#networkId) {
      throw new AceError("CONTENT_INVALID", "the record is for another service network");
    }
    const before = this.#items.get(contentId)?.record;
    if (before !== undefined && publishedAtS < before.publishedAtS) {
      throw new AceError("CONTENT_INVALID", `a later record of ${contentId} is here already`);
    }
    const record = JSON.stringify(signed);
    this.#contents.put({ contentId, infohash: streamId, record, path: undefined });
    this.#items.set(contentId, signed);
    return jsonOf(signed);
  }

  get size(): number {
    return this.#items.size;
  }

  list(): readonly ContentJson[] {
    return [...this.#items.values()].map(jsonOf);
  }

  /** By content id or stream id. */
  find(id: string): ContentJson | undefined {
    const found = [...this.#items.values()].find(
      ({ record }) => record.contentId === id || record.streamId === id,
    );
    return found === undefined ? undefined : jsonOf(found);
  }

  /** The licence that stands before this content id. */
  contentOf(id: string): Content | undefined {
    const record = this.#items.get(id)?.record;
    if (record === undefined || record.contract === "") return undefined;
    return { id, swarm: record.swarm, contract: BigInt(record.contract) };
  }

  licenceOf(swarm: string): bigint | undefined {
    const contract = this.#bySwarm(swarm)?.contract ?? "";
    return contract === "" ? undefined : BigInt(contract);
  }

  contentIdOf(swarm: string): string | undefined {
    return this.#bySwarm(swarm)?.contentId;
  }

  #bySwarm(swarm: string) {
    return [...this.#items.values()].find(({ record }) => record.swarm === swarm)?.record;
  }
}

function jsonOf(signed: SignedLiveRecord): ContentJson {
  const { contentId, streamId, title, contract, encryption } = signed.record;
  return {
    contentId,
    infohash: streamId,
    title,
    length: 0,
    live: true,
    ...(contract === "" ? {} : { licence: contract }),
    ...(encryption === undefined ? {} : { encryption: encryption.kind }),
    seeding: false,
    record: signed,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
