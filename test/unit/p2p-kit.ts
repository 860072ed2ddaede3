// What the tests of the p2p room share: films, keys, tokens and a client that keeps no rules.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/lib/clock.ts";
import { isSignedBy } from "../../src/lib/ed25519.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { type DeviceKey, deviceKeyFromSeed } from "../../src/p2p/ed25519.ts";
import type { TokenVerifier } from "../../src/p2p/gate.ts";
import type { GatePolicy } from "../../src/p2p/link-gate.ts";
import { type Listener, openListener } from "../../src/p2p/listener.ts";
import { memoryStore, seedStore } from "../../src/p2p/piece-store.ts";
import { openSwarm } from "../../src/p2p/swarm.ts";
import type { Swarm, SwarmOptions } from "../../src/p2p/swarm-port.ts";
import { makeTorrent, readTorrent, type Torrent } from "../../src/p2p/torrent.ts";

export interface Film extends AsyncDisposable {
  readonly folder: string;
  readonly path: string;
  readonly bytes: Buffer;
  readonly torrent: Torrent;
  readonly torrentBytes: Uint8Array;
}

export async function makeFilm(
  sizeBytes: number,
  options: { readonly announce?: readonly string[]; readonly pieceLength?: number } = {},
): Promise<Film> {
  const folder = await mkdtemp(join(tmpdir(), "ace-film-"));
  const path = join(folder, "film.mp4");
  const bytes = randomBytes(sizeBytes);
  await writeFile(path, bytes);
  const torrentBytes = await makeTorrent(path, {
    announce: options.announce ?? [],
    pieceLength: options.pieceLength ?? 65_536,
  });
  const torrent = readTorrent(torrentBytes);
  const remove = () => rm(folder, { recursive: true, force: true });
  return { folder, path, bytes, torrent, torrentBytes, [Symbol.asyncDispose]: remove };
}

export function newKey(): DeviceKey {
  return deviceKeyFromSeed(randomBytes(32));
}

export function hexOf(key: DeviceKey): string {
  return key.publicKey.toHex();
}

export const issuer = newKey();

interface Claims {
  readonly aud: string;
  readonly exp: number;
  readonly key: string;
  readonly sub: string;
}

/** A token in the smallest form that can be forged, stolen, outlived and sent to the wrong place. */
export function issueToken(claims: Claims, by: DeviceKey = issuer): string {
  const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${body}.${Buffer.from(by.sign(Buffer.from(body))).toString("base64url")}`;
}

export const verifier: TokenVerifier = {
  verify: (token, want) => {
    const [body = "", signature = ""] = token.split(".");
    const isGenuine = isSignedBy(
      issuer.publicKey,
      Buffer.from(body),
      Buffer.from(signature, "base64url"),
    );
    if (!isGenuine) return { ok: false, code: "TOKEN_INVALID" };
    const claims = JSON.parse(Buffer.from(body, "base64url").toString());
    if (claims.aud !== want.aud) return { ok: false, code: "TOKEN_AUDIENCE" };
    if (claims.exp <= want.nowS) return { ok: false, code: "TOKEN_EXPIRED" };
    return { ok: true, deviceKey: claims.key, account: claims.sub, expiresAtS: claims.exp };
  },
};

export function goodToken(torrent: Torrent, key: DeviceKey, lifeS = 300): string {
  const exp = Math.floor(Date.now() / 1_000) + lifeS;
  return issueToken({ aud: `btih:${torrent.infohash}`, exp, key: hexOf(key), sub: "viewer" });
}

/** What a viewer brings who holds a token for the film: it gives on to who shows one, and trusts one server. */
export function viewerGate(
  { torrent }: Film,
  server: DeviceKey,
  more: { readonly lifeS?: number; readonly sharing?: boolean } = {},
): GatePolicy {
  const { lifeS, ...sharing } = more;
  const deviceKey = newKey();
  const tokens = { token: async () => goodToken(torrent, deviceKey, lifeS) };
  const download = { tokens, serverKeys: [hexOf(server)], ...sharing };
  return { deviceKey, upload: verifier, download };
}

/** A seed that gives to holders of a token alone, and the key by which viewers know it. */
export async function joinGatedSeed(
  film: Film,
  more: Partial<SwarmOptions> = {},
): Promise<{ readonly key: DeviceKey; readonly seed: Party }> {
  const key = newKey();
  return { key, seed: await joinSeed(film, { deviceKey: key, upload: verifier }, more) };
}

export interface Party extends AsyncDisposable {
  readonly listener: Listener;
  readonly swarm: Swarm;
  readonly address: string;
}

/** One node in one swarm, with a listener of its own. */
export async function joinSwarm(
  options: Partial<SwarmOptions> & Pick<SwarmOptions, "torrent" | "store" | "role">,
): Promise<Party> {
  const listener = await openListener({ host: "127.0.0.1", port: 0, clock: systemClock });
  const swarm = await openSwarm({ listener, events: silentEvents, clock: systemClock, ...options });
  return {
    listener,
    swarm,
    address: `127.0.0.1:${listener.port}`,
    [Symbol.asyncDispose]: async () => {
      await swarm[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
    },
  };
}

export function joinSeed(
  film: Film,
  gate?: GatePolicy,
  more: Partial<SwarmOptions> = {},
): Promise<Party> {
  const { torrent, path } = film;
  const policy = gate ? { gate } : {};
  return joinSwarm({ torrent, store: seedStore(torrent, path), role: "seed", ...policy, ...more });
}

export function joinLeech(
  film: Film,
  peers: readonly string[],
  gate?: GatePolicy,
  more: Partial<SwarmOptions> = {},
): Promise<Party> {
  const { torrent } = film;
  const policy = gate ? { gate } : {};
  return joinSwarm({
    torrent,
    store: memoryStore(torrent),
    role: "leech",
    peers,
    ...policy,
    ...more,
  });
}

export async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** More than a starved machine needs, and less than a test may take. */
const SOON_MS = 45_000;

/** A limit for what comes at once when all is well. */
export const soon = (): AbortSignal => AbortSignal.timeout(SOON_MS);

/** Waits until `isTrue`, and says what it waited for when that never comes. */
export async function until(isTrue: () => boolean, what: string, limitMs = SOON_MS): Promise<void> {
  const endMs = Date.now() + limitMs;
  while (!isTrue()) {
    if (Date.now() > endMs) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A client that knows the wire and none of its manners: it asks while choked, and floods. */
export class RawClient implements Disposable {
  payloadBytes = 0;
  rejects = 0;
  /** The kinds of messages that came. */
  readonly kinds = new Set<number>();
  isClosed = false;
  isUnchoked = false;
  readonly messages: Buffer[] = [];
  readonly #socket: Socket;
  #buffer = Buffer.alloc(0);
  #isShaken = false;

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("data", (bytes: Buffer) => this.#read(bytes));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.isClosed = true;
    });
  }

  handshake(infohash: string): void {
    const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 4]);
    const protocol = Buffer.from("\u0013BitTorrent protocol", "latin1");
    const peerId = Buffer.concat([Buffer.from("-RAW-"), randomBytes(15)]);
    this.write(Buffer.concat([protocol, reserved, Buffer.from(infohash, "hex"), peerId]));
  }

  message(id: number, ...numbers: readonly number[]): void {
    const frame = Buffer.alloc(5 + 4 * numbers.length);
    frame.writeUInt32BE(frame.length - 4);
    frame[4] = id;
    for (const [place, number] of numbers.entries()) frame.writeUInt32BE(number, 5 + 4 * place);
    this.write(frame);
  }

  extended(id: number, body: Uint8Array): void {
    const head = Buffer.alloc(6);
    head.writeUInt32BE(body.length + 2);
    head[4] = 20;
    head[5] = id;
    this.write(Buffer.concat([head, body]));
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.writable && this.#socket.write(bytes);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    if (!this.#isShaken) {
      if (this.#buffer.length < 68) return;
      this.#buffer = this.#buffer.subarray(68);
      this.#isShaken = true;
    }
    while (this.#buffer.length >= 4) {
      const length = this.#buffer.readUInt32BE(0);
      if (this.#buffer.length < 4 + length) return;
      this.#take(this.#buffer.subarray(4, 4 + length));
      this.#buffer = this.#buffer.subarray(4 + length);
    }
  }

  #take(message: Buffer): void {
    this.kinds.add(message[0] ?? -1);
    if (message[0] === 1) this.isUnchoked = true;
    if (message[0] === 7) this.payloadBytes += message.length - 9;
    if (message[0] === 16) this.rejects += 1;
    if (message[0] === 20) this.messages.push(Buffer.from(message.subarray(1)));
  }
}
