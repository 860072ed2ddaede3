/**
 * The stranger: a BitTorrent client that never heard of licences.
 *
 * aria2 where it is installed; else a client that speaks the bare wire, pays no heed to choking, and
 * asks for every block it wants.
 *
 * Source  BEP 3: handshake, `interested` (2), `request` (6), `piece` (7).
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

export interface Stranger {
  readonly client: string;
  /** Payload bytes that it got. */
  readonly bytes: number;
}

export interface Wanted {
  readonly torrent: Uint8Array;
  readonly infohash: string;
  /** `host:port` of a seed. */
  readonly peer: string;
  readonly name: string;
  readonly length: number;
}

const TRY_MS = 8_000;
const BLOCK_BYTES = 16_384;
/** What `ace content publish` cuts films into. */
const PIECE_BYTES = 262_144;
const REQUESTS = 64;
const PIECE = 7;

export async function strangerTries(folder: string, wanted: Wanted): Promise<Stranger> {
  const hasAria2 = spawnSync("aria2c", ["--version"]).status === 0;
  return hasAria2 ? await aria2Tries(folder, wanted) : await wireTries(wanted);
}

async function aria2Tries(folder: string, wanted: Wanted): Promise<Stranger> {
  const dir = join(folder, "stranger");
  mkdirSync(dir, { recursive: true });
  const torrentPath = join(dir, "wanted.torrent");
  writeFileSync(torrentPath, wanted.torrent);
  const child = spawn(
    "aria2c",
    [
      "--seed-time=0",
      `--bt-stop-timeout=${TRY_MS / 1_000}`,
      "--enable-dht=false",
      "--file-allocation=none",
      `--dir=${dir}`,
      torrentPath,
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), TRY_MS * 2);
  await new Promise((resolve) => child.once("exit", resolve));
  clearTimeout(timer);
  return { client: "aria2", bytes: Math.max(downloadedBy(text), bytesOf(join(dir, wanted.name))) };
}

/** aria2 prints `1.2MiB/1.5MiB(80%)`; anything but 0 at the left is payload. */
function downloadedBy(text: string): number {
  const shown = [...text.matchAll(/ (\d+(?:\.\d+)?)([KMG]?i?)B\/\d/g)];
  return shown.reduce((most, [, count = "0"]) => Math.max(most, Number(count)), 0);
}

function bytesOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

async function wireTries({ infohash, peer, length }: Wanted): Promise<Stranger> {
  const colon = peer.lastIndexOf(":");
  const socket = connect({ host: peer.slice(0, colon), port: Number(peer.slice(colon + 1)) });
  let bytes = 0;
  let received = Buffer.alloc(0);
  let isGreeted = false;
  socket.on("connect", () => socket.write(handshake(infohash)));
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (!isGreeted && received.length >= 68) {
      isGreeted = true;
      received = received.subarray(68);
      socket.write(Buffer.concat([Buffer.from([0, 0, 0, 1, 2]), ...requests(length)]));
    }
    while (isGreeted && received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) {
      const size = received.readUInt32BE(0);
      if (size > 9 && received[4] === PIECE) bytes += size - 9;
      received = received.subarray(4 + size);
    }
  });
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, TRY_MS);
    socket.once("error", () => undefined);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  socket.destroy();
  return { client: "a bare wire client that ignores choking", bytes };
}

function handshake(infohash: string): Buffer {
  const name = Buffer.from("\x13BitTorrent protocol");
  const peerId = Buffer.from("-XX0001-stranger0000");
  return Buffer.concat([name, Buffer.alloc(8), Buffer.from(infohash, "hex"), peerId]);
}

function requests(length: number): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (
    let offset = 0;
    offset + BLOCK_BYTES <= length && frames.length < REQUESTS;
    offset += BLOCK_BYTES
  ) {
    const frame = Buffer.alloc(17);
    frame.writeUInt32BE(13, 0);
    frame.writeUInt8(6, 4);
    frame.writeUInt32BE(Math.floor(offset / PIECE_BYTES), 5);
    frame.writeUInt32BE(offset % PIECE_BYTES, 9);
    frame.writeUInt32BE(BLOCK_BYTES, 13);
    frames.push(frame);
  }
  return frames;
}
