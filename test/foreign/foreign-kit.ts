// Clients that strangers wrote, started as their users start them. They must be installed: these tests
// are never skipped, because a gate that nobody else has tried is only a claim.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentEvents } from "../../src/lib/events.ts";
import { openTrackerServer } from "../../src/p2p/tracker-server.ts";
import { freePort } from "../support/node-kit.ts";
import type { Film } from "../unit/p2p-kit.ts";

export type Client = "aria2" | "libtorrent" | "transmission";

interface Start {
  readonly folder: string;
  /** Where the client keeps what it knows, beside what it fetches. */
  readonly settings: string;
  /** The path of a torrent, or a magnet link. */
  readonly source: string;
  readonly port: number;
}

const ARIA2_QUIET = [
  "--no-conf=true",
  "--enable-dht=false",
  "--enable-dht6=false",
  "--bt-enable-lpd=false",
  "--bt-tracker-connect-timeout=5",
  "--console-log-level=error",
  "--summary-interval=0",
  "--allow-overwrite=true",
];
const LIBTORRENT = join(import.meta.dirname, "libtorrent-peer.py");
const commands: Readonly<Record<Client, (start: Start) => readonly [string, ...string[]]>> = {
  aria2: ({ folder, source, port }) => {
    const own = [`--dir=${folder}`, `--listen-port=${port}`, "--seed-ratio=0.0"];
    // What is there already is looked through, and then given to others.
    return ["aria2c", ...ARIA2_QUIET, ...own, "--check-integrity=true", source];
  },
  libtorrent: ({ folder, source, port }) => {
    return ["/usr/bin/python3", LIBTORRENT, folder, source, String(port)];
  },
  transmission: ({ folder, settings, source, port }) => {
    const own = ["--download-dir", folder, "--config-dir", settings, "--port", String(port)];
    return ["transmission-cli", ...own, "--no-portmap", "--uplimit", "100000", source];
  },
};

export interface Run extends AsyncDisposable {
  readonly folder: string;
  readonly settings: string;
  /** Where it listens. */
  readonly address: string;
  /** The exit code, when the client ends by itself. */
  readonly ended: Promise<number | null>;
  /** What it wrote to its output. */
  output(): string;
}

export async function runClient(
  client: Client,
  film: Film,
  options: { readonly hasFilm?: boolean; readonly magnet?: string } = {},
): Promise<Run> {
  const base = await mkdtemp(join(tmpdir(), `ace-${client}-`));
  const [folder, settings] = [join(base, "films"), join(base, "settings")];
  await mkdir(folder);
  await mkdir(settings);
  const torrent = join(base, "film.torrent");
  await writeFile(torrent, film.torrentBytes);
  if (options.hasFilm === true) await writeFile(join(folder, "film.mp4"), film.bytes);
  const port = await freePort();
  const source = options.magnet ?? torrent;
  const [program, ...args] = commands[client]({ folder, settings, source, port });
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, HOME: base },
  });
  let output = "";
  child.stdout.on("data", (text: Buffer) => {
    output = (output + text.toString()).slice(-10_000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", () => reject(new Error(`${program} cannot be started: install it`)));
    child.on("exit", resolve);
  });
  ended.catch(() => {});
  return {
    folder,
    settings,
    address: `127.0.0.1:${port}`,
    ended,
    output: () => output,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended.catch(() => {});
      await rm(base, { recursive: true, force: true });
    },
  };
}

export async function openTracker() {
  const isServed = () => true;
  return await openTrackerServer({ host: "127.0.0.1", port: 0, isServed, events: silentEvents });
}

/** True when the client has the film, identical to the last byte. */
export function hasWhole({ folder }: Run, film: Film): boolean {
  const path = join(folder, "film.mp4");
  return existsSync(path) && statSync(path).size === film.bytes.length
    ? readFileSync(path).equals(film.bytes)
    : false;
}

/** Every file below a folder, with what is in it. Files that only claim a length are left out. */
export function filesBelow(folder: string): readonly (readonly [string, Buffer])[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.flatMap((name) => {
    const path = join(folder, name);
    const found = statSync(path);
    return found.isFile() && found.blocks > 0 ? [[name, readFileSync(path)] as const] : [];
  });
}
