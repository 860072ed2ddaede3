// A node in one swarm as a process of its own: `swarm-process.ts seed|leech TORRENT FOLDER`. It prints
// its port, then `done` when it has all of it; a leech reads addresses of peers from its input.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { openListener } from "../../src/p2p/listener.ts";
import { folderStore, seedStore } from "../../src/p2p/piece-store.ts";
import { openSwarm } from "../../src/p2p/swarm.ts";
import { readTorrent } from "../../src/p2p/torrent.ts";

const UPLOAD_BYTES_PER_S = 6_000_000;

const [, , role = "", torrentPath = "", folder = ""] = process.argv;
const torrent = readTorrent(readFileSync(torrentPath));
const isSeed = role === "seed";
const listener = await openListener({ host: "127.0.0.1", port: 0, clock: systemClock });
const swarm = await openSwarm({
  torrent,
  store: isSeed
    ? seedStore(torrent, join(folder, torrent.name))
    : await folderStore(torrent, folder),
  role: isSeed ? "seed" : "leech",
  listener,
  announce: [],
  // Slow enough to be killed on the way.
  rates: { swarm: { uploadBytesPerS: UPLOAD_BYTES_PER_S } },
  ...(isSeed ? {} : { resumePath: join(folder, "film.resume") }),
  events: silentEvents,
  clock: systemClock,
});
const say = (word: string) => process.stdout.write(`${word}\n`);
say(String(listener.port));
const done = async () => {
  await swarm.download(new AbortController().signal);
  say("done");
};
if (!isSeed) void done();
for await (const line of createInterface({ input: process.stdin })) swarm.addPeer(line);
