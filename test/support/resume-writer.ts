// Writes the pieces of a film into a store that keeps a record, until it is killed.
// Arguments: torrent file, film, folder of the store, record, seed of the order.
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/lib/clock.ts";
import { seededChance } from "../../src/p2p/chance.ts";
import { folderStore } from "../../src/p2p/piece-store.ts";
import { resumeStore } from "../../src/p2p/resume.ts";
import { readTorrent } from "../../src/p2p/torrent.ts";

const [torrentPath = "", filmPath = "", folder = "", path = "", seed = "0"] = process.argv.slice(2);
const torrent = readTorrent(Uint8Array.from(await readFile(torrentPath)));
const film = await readFile(filmPath);
const chance = seededChance(Number(seed));
const { store, had } = await resumeStore({
  torrent,
  store: await folderStore(torrent, folder),
  path,
  clock: systemClock,
  chance,
  batchMs: 30,
});
const missing = torrent.pieceHashes.map((_, index) => index).filter((index) => !had.has(index));
process.stdout.write(`had ${had.count}\n`);
while (missing.length > 0) {
  const [index = 0] = missing.splice(chance.below(missing.length), 1);
  const start = index * torrent.pieceLength;
  await store.put(index, film.subarray(start, start + torrent.pieceLength));
  await sleep(2);
}
await store.close();
process.stdout.write("done\n");
