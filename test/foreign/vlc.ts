/** VLC without a screen: it plays an address and writes what it played into a file. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../support/run-tool.ts";

/** VLC refuses to run as root; as root this user runs it: "nobody" of Debian. */
const NOBODY = 65_534;
/** After this long one that hangs is ended, beyond what it is told to play. */
const LIMIT_S = 120;
const OPEN_FOLDER = 0o777;

export interface Played {
  readonly code: number | null;
  /** Pictures that came out, all of them decoded once more; 0 when nothing was written. */
  readonly pictures: number;
  /** What decoding them complained about. */
  readonly complaints: string;
}

export interface Part {
  readonly fromS?: number;
  /** A stream without an end needs one. */
  readonly forS?: number;
}

export async function playInVlc(url: string, { fromS = 0, forS }: Part = {}): Promise<Played> {
  const folder = await mkdtemp(join(tmpdir(), "ace-vlc-"));
  await chmod(folder, OPEN_FOLDER);
  const out = join(folder, "played.ts");
  const sink = `--sout=#std{access=file,mux=ts,dst=${out}}`;
  const part = [`--start-time=${fromS}`, ...(forS === undefined ? [] : [`--run-time=${forS}`])];
  const own = ["-I", "dummy", "--play-and-exit", "--no-plugins-scan", sink, ...part];
  const limitS = LIMIT_S + (forS ?? 0);
  const isRoot = process.getuid?.() === 0;
  const child = spawn("timeout", [String(limitS), "cvlc", ...own, url, "vlc://quit"], {
    stdio: "ignore",
    cwd: folder,
    env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder },
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  const [code] = await once(child, "exit");
  const size = await stat(out).then(
    (file) => file.size,
    () => 0,
  );
  const judged = size === 0 ? { pictures: 0, complaints: "" } : await judge(out);
  await rm(folder, { recursive: true, force: true });
  return { code, ...judged };
}

async function judge(path: string): Promise<{ pictures: number; complaints: string }> {
  const count = ["-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"];
  const { text } = await run("ffprobe", "-v", "quiet", "-select_streams", "v", ...count, path);
  const decoded = await run("ffmpeg", "-v", "error", "-i", path, "-map", "v", "-f", "null", "-");
  return { pictures: Number.parseInt(text, 10) || 0, complaints: decoded.text };
}
