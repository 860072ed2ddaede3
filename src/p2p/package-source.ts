/**
 * A film as MPEG-TS: as it is when it is one, otherwise put into one by ffmpeg, without encoding anew.
 *
 * ffmpeg is a tool of the publisher alone: nobody else who carries or plays the content needs it.
 *
 * Errors  `FFMPEG_MISSING`; `MEDIA_INVALID` with what ffmpeg says of the file; `FILE_UNREADABLE`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { AceError } from "../lib/errors.ts";
import { TS_PACKET_BYTES, TS_SYNC } from "./ts-packet.ts";

const PROBED_PACKETS = 4;
const COMPLAINT_CHARS_MAX = 300;
/** A name is never taken for an option or for a protocol: it goes to ffmpeg as a path. */
const COPY = ["-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy", "-f", "mpegts", "pipe:1"];

export async function* readAsTs(path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  if (await isTs(path)) yield* createReadStream(path, { signal });
  else yield* remux(path, signal);
}

async function isTs(path: string): Promise<boolean> {
  const head = new Uint8Array(PROBED_PACKETS * TS_PACKET_BYTES);
  try {
    await using file = await open(path, "r");
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    if (bytesRead < head.length) return false;
  } catch (cause) {
    throw new AceError("FILE_UNREADABLE", `cannot read ${path}`, { cause });
  }
  return Array.from(
    { length: PROBED_PACKETS },
    (_, packet) => head[packet * TS_PACKET_BYTES],
  ).every((byte) => byte === TS_SYNC);
}

async function* remux(path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const words = ["-nostdin", "-v", "error", "-i", `file:${path}`, ...COPY];
  const child = spawn("ffmpeg", words, { stdio: ["ignore", "pipe", "pipe"], signal });
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => {
    complaint = `${complaint}${text.toString()}`.slice(0, COMPLAINT_CHARS_MAX);
  });
  const ended = once(child, "close").catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new AceError("FFMPEG_MISSING", `ffmpeg cannot be started to read ${path}`, { cause });
  });
  ended.catch(() => {});
  try {
    yield* child.stdout;
    const [code] = await ended;
    if (code === 0) return;
    throw new AceError(
      "MEDIA_INVALID",
      `ffmpeg cannot make MPEG-TS of ${path}: ${complaint.trim()}`,
    );
  } finally {
    child.kill();
  }
}
