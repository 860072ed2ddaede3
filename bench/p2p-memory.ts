// Goal: what a connected peer costs in memory.
// Method: a process seeds four swarms; 200 peers, as simple as can be, connect from loopback addresses
//         of their own and fetch one piece each. The figure is the growth of the seed's resident memory
//         from the first hundred of them to the second, so that what warms up once is not counted.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { readTorrent } from "../src/p2p/torrent.ts";
import type { Figure } from "./figure.ts";
import { makeMovie } from "./p2p-input.ts";
import { digits } from "./p2p-pair.ts";
import { Party } from "./p2p-party.ts";

const SWARMS = 4;
const PEERS = 200;
const MOVIE_MB = 4;
const BLOCK_BYTES = 16_384;
const BLOCKS = 64;

export async function memoryFigures(): Promise<readonly Figure[]> {
  await using parts = new AsyncDisposableStack();
  const movies = [];
  for (let count = 0; count < SWARMS; count += 1) movies.push(parts.use(await makeMovie(MOVIE_MB)));
  const torrents = movies.map(({ torrentPath }) => torrentPath);
  const infohashes = torrents.map((path) => readTorrent(readFileSync(path)).infohash);
  const [seed, { port = 0 }] = await Party.start("ours", ["seed", torrents.join(":")]);
  parts.use(seed);
  const rssKb = async () => (await seed.ask({ kind: "memory" }))["rssKb"] ?? Number.NaN;
  const join = async (number: number) => {
    const target = { host: "127.0.0.1", port, localAddress: `127.0.1.${1 + number}` };
    const socket = parts.adopt(connect(target), (each) => void each.destroy());
    await fetchPiece(socket, infohashes[number % SWARMS] ?? "");
  };
  for (let number = 0; number < PEERS / 2; number += 1) await join(number);
  const beforeKb = await rssKb();
  for (let number = PEERS / 2; number < PEERS; number += 1) await join(number);
  const value = digits(((await rssKb()) - beforeKb) / (PEERS / 2));
  return [
    { name: "p2p.kb_per_peer", value, unit: "kB", input: `${PEERS} peers, ${SWARMS} swarms` },
  ];
}

/** Shakes hands, asks for a piece, and waits until about as much has come. */
async function fetchPiece(socket: Socket, infohash: string): Promise<void> {
  const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 4]);
  const protocol = Buffer.from("\u0013BitTorrent protocol", "latin1");
  const ids = [Buffer.from(infohash, "hex"), randomBytes(20)];
  socket.write(Buffer.concat([protocol, reserved, ...ids]));
  socket.write(Buffer.from([0, 0, 0, 1, 2]));
  let bytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on("error", reject);
  socket.on("close", () => reject(new Error("a peer was cut off")));
  socket.on("data", (chunk: Buffer) => {
    if (bytes === 0) askForPiece(socket);
    bytes += chunk.length;
    if (bytes >= BLOCKS * BLOCK_BYTES) resolve();
  });
  await promise;
  // Whoever has what it wants leaves its place to the next.
  socket.write(Buffer.from([0, 0, 0, 1, 3]));
}

function askForPiece(socket: Socket): void {
  for (let block = 0; block < BLOCKS; block += 1) {
    const request = Buffer.alloc(17);
    request.writeUInt32BE(13);
    request[4] = 6;
    request.writeUInt32BE(block * BLOCK_BYTES, 9);
    request.writeUInt32BE(BLOCK_BYTES, 13);
    socket.write(request);
  }
}
