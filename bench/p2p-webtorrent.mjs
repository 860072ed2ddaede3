// A party of the measured swarms that runs webtorrent: `p2p-webtorrent.mjs seed|leech TORRENT FOLDER`.
// It answers and is told what to do as p2p-node.ts is.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import WebTorrent from "webtorrent";

const [, , role, torrentPath, folder] = process.argv;
const READ_BYTES = 2_097_152;
const quiet = { dht: false, tracker: false, lsd: false, natUpnp: false, natPmp: false, utp: false };
const client = new WebTorrent(quiet);
client.on("error", (error) => {
  process.stderr.write(`${error}\n`);
  process.exit(1);
});
const isSeed = role === "seed";

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function add(options) {
  const torrent = client.add(readFileSync(torrentPath), { path: folder, ...options });
  await new Promise((resolve) => torrent.once("ready", resolve));
  return torrent;
}

async function fetchAll(peers) {
  const startMs = performance.now();
  const torrent = await add({});
  const done = new Promise((resolve) => torrent.once("done", resolve));
  for (const peer of peers) torrent.addPeer(peer);
  await done;
  return { ms: performance.now() - startMs };
}

async function firstByteMs(file, start) {
  const startMs = performance.now();
  const end = Math.min(file.length, start + READ_BYTES) - 1;
  for await (const _chunk of file[Symbol.asyncIterator]({ start, end })) break;
  return performance.now() - startMs;
}

async function seek(peers, offsets) {
  const startMs = performance.now();
  const torrent = await add({ deselect: true });
  for (const peer of peers) torrent.addPeer(peer);
  const [file] = torrent.files;
  await firstByteMs(file, 0);
  const answer = { firstMs: performance.now() - startMs };
  for (const [place, offset] of offsets.entries()) {
    answer[`seek${place}Ms`] = await firstByteMs(file, offset);
  }
  return answer;
}

if (isSeed) await add({ skipVerify: true });
while (!client.listening || client.torrentPort === 0) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
say({ port: client.torrentPort });
for await (const line of createInterface({ input: process.stdin })) {
  const { kind, peers, offsets } = JSON.parse(line);
  if (kind === "fetch") say(await fetchAll(peers));
  if (kind === "seek") say(await seek(peers, offsets));
}
