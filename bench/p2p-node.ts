// A party of the measured swarms that runs this project: `p2p-node.ts seed|leech TORRENT FOLDER TERMS`.
// A seed may be given several torrents, with `:` between them, each beside its movie.
// It prints what it answers, a line of JSON each, and reads orders from its standard input.
import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { ReadBytes } from "../src/p2p/cipher-file.ts";
import type { Swarm } from "../src/p2p/swarm-port.ts";

enableCompileCache(join(import.meta.dirname, "../node_modules/.cache/ace"));
const { systemClock } = await import("../src/lib/clock.ts");
const { silentEvents } = await import("../src/lib/events.ts");
const { openListener } = await import("../src/p2p/listener.ts");
const { folderStore, seedStore } = await import("../src/p2p/piece-store.ts");
const { openSwarm } = await import("../src/p2p/swarm.ts");
const { readTorrent } = await import("../src/p2p/torrent.ts");
const { plainReader } = await import("../src/p2p/cipher-file.ts");
const { benchGate, benchSecret } = await import("./p2p-terms.ts");

const [, , role = "", torrentPath = "", folder = "", terms = "public"] = process.argv;
const listener = await openListener({ host: "127.0.0.1", port: 0, clock: systemClock });
/** What a player asks for at once. */
const READ_BYTES = 2_097_152;
const forever = new AbortController().signal;
const isSeed = role === "seed";
const isGated = terms === "gated";

async function joinSwarm(peers: readonly string[], path = torrentPath): Promise<Swarm> {
  const torrent = readTorrent(readFileSync(path));
  const gate = isGated ? { gate: benchGate(torrent, role) } : {};
  const movie = join(dirname(path), torrent.name);
  return await openSwarm({
    torrent,
    store: isSeed ? seedStore(torrent, movie) : await folderStore(torrent, folder),
    role: isSeed ? "seed" : "leech",
    listener,
    announce: [],
    peers,
    events: silentEvents,
    clock: systemClock,
    ...gate,
  });
}

function say(answer: Readonly<Record<string, number>>): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

/** Time until the first byte after `offset` is here and verified. */
async function firstByteMs(swarm: Swarm, offset: number): Promise<number> {
  const startMs = performance.now();
  for await (const _chunk of swarm.read(offset, READ_BYTES, forever)) break;
  return performance.now() - startMs;
}

async function seek(peers: readonly string[], offsets: readonly number[]) {
  const startMs = performance.now();
  const swarm = await joinSwarm(peers);
  await firstByteMs(swarm, 0);
  const answer: Record<string, number> = { firstMs: performance.now() - startMs };
  for (const [place, offset] of offsets.entries()) {
    answer[`seek${place}Ms`] = await firstByteMs(swarm, offset);
  }
  return answer;
}

async function fetchAll(peers: readonly string[]) {
  const startMs = performance.now();
  const swarm = await joinSwarm(peers);
  await swarm.download(forever);
  return { ms: performance.now() - startMs };
}

/** Reads as a player does; what is gated is enciphered too. */
async function readAll(peers: readonly string[]) {
  const startMs = performance.now();
  const swarm = await joinSwarm(peers);
  const cipher: ReadBytes = (...range) => swarm.read(...range);
  const read = isGated ? plainReader(cipher, benchSecret) : cipher;
  let bytes = 0;
  // Lent, as the player lends what it sends.
  for await (const chunk of read(0, swarm.torrent.length, forever, "lent")) bytes += chunk.length;
  return { ms: performance.now() - startMs, bytes };
}

function memory() {
  gc?.();
  return { rssKb: process.memoryUsage.rss() / 1_024 };
}

if (isSeed) for (const path of torrentPath.split(":")) await joinSwarm([], path);
say({ port: listener.port });
for await (const line of createInterface({ input: process.stdin })) {
  const { kind, peers = [], offsets = [] } = JSON.parse(line);
  if (kind === "fetch") say(await fetchAll(peers));
  if (kind === "read") say(await readAll(peers));
  if (kind === "seek") say(await seek(peers, offsets));
  if (kind === "memory") say(memory());
}
process.exit();
