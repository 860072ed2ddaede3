/**
 * A node of the distributed hash table: peers of a swarm without a tracker, and small items that only
 * the holder of a key can change.
 *
 * Units   `infohash` is 40 hexadecimal characters; an item holds at most `DHT_VALUE_MAX_BYTES`.
 * Errors  `PORT_IN_USE`; `CONTENT_UNREACHABLE` when no node took an announcement or an item.
 * Source  BEP 5, BEP 44, by bittorrent-dht. IPv4 only: BEP 32 is not spoken.
 */
import { hash } from "node:crypto";
import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";
import Library from "bittorrent-dht";
import { type Clock, systemClock } from "../lib/clock.ts";
import { isSignedBy } from "../lib/ed25519.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { isPeerDialable } from "./addresses.ts";
import { DhtSocket } from "./dht-socket.ts";
import type { Dht } from "./discovery-port.ts";
import type { DeviceKey } from "./ed25519.ts";
import {
  DHT_LOOKUP_PEERS_MAX,
  DHT_PEER_AGE_MS,
  DHT_PEERS_MAX,
  DHT_TABLES_MAX,
  DHT_VALUE_MAX_BYTES,
  DHT_VALUES_MAX,
} from "./limits.ts";

export interface DhtOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** `host:port` of nodes to begin with. None: this node waits for others. */
  readonly bootstrap: readonly string[];
  readonly events: Events;
  readonly clock?: Clock;
}

export interface MutableItem {
  readonly seq: number;
  readonly value: Uint8Array;
}

export interface MutableName {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** At most 64 bytes. */
  readonly salt: Uint8Array;
}

/** BEP 44: the node holds an item with this `seq` or a greater one. */
const SEQ_NOT_GREATER = 302;

/** For public use; none is asked unless the operator says so. */
export const PUBLIC_BOOTSTRAP: readonly string[] = [
  "router.bittorrent.com:6881",
  "dht.transmissionbt.com:6881",
  "router.utorrent.com:6881",
];

export async function openDht(options: DhtOptions): Promise<DhtNode> {
  const { host, port, events, clock = systemClock } = options;
  const bootstrap = await resolveAll(options.bootstrap);
  const trusted = new Set(bootstrap.map((address) => address.split(":")[0] ?? ""));
  const socket = new DhtSocket({ host, trusted, clock });
  const library = new Library({
    bootstrap: bootstrap.length === 0 ? false : bootstrap,
    socket,
    verify: (signature, message, key) => isSignedBy(key, message, signature),
    maxTables: DHT_TABLES_MAX,
    maxValues: DHT_VALUES_MAX,
    maxPeers: DHT_PEERS_MAX,
    maxAge: DHT_PEER_AGE_MS,
  });
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>();
  library.on("ready", onReady);
  // The library tells of each datagram that it could not use.
  library.on("warning", () => {});
  await new Promise<void>((resolve, reject) => {
    library.on("error", (cause) => {
      reject(new AceError("PORT_IN_USE", `the DHT cannot use port ${port} of ${host}`, { cause }));
      events.warn("p2p.dht_failed", { reason: cause.message });
    });
    library.listen(port, host, resolve);
  });
  return new DhtNode(library, host, ready);
}

export class DhtNode implements Dht, AsyncDisposable {
  readonly port: number;
  readonly #library: Library;
  readonly #host: string;
  readonly #ready: Promise<void>;

  constructor(library: Library, host: string, ready: Promise<void>) {
    this.#library = library;
    this.#host = host;
    this.#ready = ready;
    this.port = library.address().port;
  }

  get nodeCount(): number {
    return this.#library.nodes.toArray().length;
  }

  async lookup(
    infohash: string,
    onPeer: (address: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#ready;
    signal.throwIfAborted();
    const found = new Set<string>();
    const hear = (peer: { host: string; port: number }, of: Buffer) => {
      const address = `${peer.host}:${peer.port}`;
      if (of.toString("hex") !== infohash || found.has(address)) return;
      if (found.size >= DHT_LOOKUP_PEERS_MAX || !isPeerDialable(peer, this.#host)) return;
      found.add(address);
      onPeer(address);
    };
    this.#library.on("peer", hear);
    const { promise, resolve } = Promise.withResolvers<void>();
    const abort = this.#library.lookup(infohash, () => resolve());
    const stop = () => {
      abort();
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#library.off("peer", hear);
    }
  }

  async announce(infohash: string, port: number): Promise<number> {
    await this.#ready;
    return await new Promise((resolve, reject) => {
      this.#library.announce(infohash, port, (cause, taken) => {
        if (cause === null) resolve(taken ?? 0);
        else reject(unreachable(`the announcement of ${infohash}`, cause));
      });
    });
  }

  /**
   * Signs and stores an item. Answers how many nodes took it: none, when those that answered hold it
   * already or hold one with a greater `seq`.
   */
  async putMutable(
    key: DeviceKey,
    { salt, seq, value }: MutableItem & { readonly salt: Uint8Array },
  ): Promise<number> {
    if (value.length >= DHT_VALUE_MAX_BYTES) {
      throw new AceError("CONTENT_INVALID", `an item of ${value.length} bytes is too long`);
    }
    await this.#ready;
    const item = {
      k: Buffer.from(key.publicKey),
      ...(salt.length === 0 ? {} : { salt: Buffer.from(salt) }),
      seq,
      v: Buffer.from(value),
      sign: (message: Uint8Array) => Buffer.from(key.sign(message)),
    };
    return await new Promise((resolve, reject) => {
      this.#library.put(item, (cause, _key, taken) => {
        if (cause === null || isHeldAlready(cause)) resolve(taken ?? 0);
        else reject(unreachable("the item", cause));
      });
    });
  }

  /** The newest item that any asked node holds, its signature checked; undefined when there is none. */
  async getMutable(name: MutableName, signal: AbortSignal): Promise<MutableItem | undefined> {
    await this.#ready;
    signal.throwIfAborted();
    const salt = Buffer.from(name.salt);
    const target = hash("sha1", Buffer.concat([name.publicKey, salt]), "buffer");
    const options = { cache: false, ...(salt.length === 0 ? {} : { salt }) } as const;
    return await new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#library.get(target, options, (_error, found) => {
        const value = found?.v;
        const isItem = found !== null && value instanceof Uint8Array;
        resolve(isItem ? { seq: found.seq, value: Uint8Array.from(value) } : undefined);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#library.destroy(resolve));
  }
}

/** Numeric addresses of the names; a name that is not known now is left out. */
async function resolveAll(names: readonly string[]): Promise<readonly string[]> {
  const resolved = names.map(async (name) => {
    const [host = "", port = ""] = name.split(":");
    if (isIPv4(host)) return [name];
    const found = await lookup(host, { family: 4 }).catch(() => undefined);
    return found === undefined ? [] : [`${found.address}:${port}`];
  });
  return (await Promise.all(resolved)).flat();
}

function isHeldAlready(error: Error): boolean {
  return "code" in error && error.code === SEQ_NOT_GREATER;
}

function unreachable(what: string, cause: Error): AceError {
  return new AceError("CONTENT_UNREACHABLE", `no node of the DHT took ${what}`, { cause });
}
