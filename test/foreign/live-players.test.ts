// Goal: players written by strangers play a live stream from the engine, as MPEG-TS and as HLS, without a
// complaint.
// Method: ffmpeg makes a picture and a tone in real time; a source signs it, a viewer's swarm brings it, and
// ffprobe, ffmpeg and VLC read what the engine serves. ACE_LIVE_SECONDS says for how long (600: ten minutes).
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { openLiveCounter } from "../../src/p2p/live-counter.ts";
import { streamIngest } from "../../src/p2p/live-ingest.ts";
import { runLiveSource } from "../../src/p2p/live-source.ts";
import { liveMedia, type Media } from "../../src/p2p/media.ts";
import { broadcaster, descriptorOf, joinLive } from "../unit/live-kit.ts";
import { getJson, sourceOf, withPlayer } from "../unit/player-kit.ts";
import { playInVlc } from "./vlc.ts";

const SECONDS = Number(process.env["ACE_LIVE_SECONDS"] ?? "8");

const PICTURES_A_SECOND = 25;
const PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"];
const TONE = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"];
const VIDEO = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p"];
const MADE = ["-v", "error", "-re", ...PICTURE, "-re", ...TONE, ...VIDEO, "-c:a", "aac"];

interface Done {
  readonly code: number | null;
  readonly text: string;
}

function start(program: string, words: readonly string[]): ChildProcess {
  return spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
}

async function run(program: string, ...words: readonly string[]): Promise<Done> {
  const child = start(program, words);
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", () => {
      reject(new Error(`${program} cannot be started: install it (apt-get install ffmpeg)`));
    });
    child.on("close", (code) => resolve({ code, text: Buffer.concat(chunks).toString() }));
  });
}

it(
  "ffprobe, ffmpeg and VLC read both outputs of a live stream without errors",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "ace-live-"));
    const descriptor = descriptorOf("pictures");
    await using source = await joinLive({ descriptor, role: "source" });
    await using viewer = await joinLive({ descriptor, role: "viewer", peers: [source.address] });
    const over = new AbortController();
    const camera = start("ffmpeg", [...MADE, "-f", "mpegts", "-"]);
    const counter = await openLiveCounter(join(folder, "counter.json"), 1);
    const options = { descriptor, key: broadcaster, counter, swarm: source.swarm };
    const filming = runLiveSource(
      streamIngest(camera.stdout ?? Readable.from([]), over.signal),
      { ...options, clock: systemClock },
      over.signal,
    ).catch((error) => {
      if (!over.signal.aborted) throw error;
    });
    const join_ = async () => liveMedia(viewer.swarm);
    const contents = new Map<string, () => Promise<Media>>([[descriptor.streamId, join_]]);
    await withPlayer(sourceOf(contents), async ({ url }) => {
      const query = `infohash=${descriptor.streamId}`;
      const streams = [`${url}/ace/getstream?${query}`, `${url}/ace/manifest.m3u8?${query}`];
      for (const stream of streams) {
        const words = ["-v", "error", "-show_entries", "stream=codec_name", stream];
        const probe = await run("ffprobe", ...words);
        expect(probe.code, probe.text).toBe(0);
        expect(probe.text).toContain("h264");
        expect(probe.text).toContain("aac");
      }
      const played = await Promise.all(
        streams.map((stream) =>
          run("ffmpeg", "-v", "error", "-i", stream, "-t", String(SECONDS), "-f", "null", "-"),
        ),
      );
      expect(played, "played without a complaint").toEqual([
        { code: 0, text: "" },
        { code: 0, text: "" },
      ]);
      // Less than all: VLC waits for a buffer of its own before it begins to count.
      const seen = await Promise.all(streams.map((stream) => playInVlc(stream, { forS: SECONDS })));
      for (const { code, complaints, pictures } of seen) {
        expect({ code, complaints }, "played by VLC").toEqual({ code: 0, complaints: "" });
        expect(pictures).toBeGreaterThan((SECONDS * PICTURES_A_SECOND) / 2);
      }
      const list = await (await fetch(streams[1] ?? "")).text();
      const durations = [...list.matchAll(/#EXTINF:([\d.]+)/g)].map(([, text]) => Number(text));
      expect(durations.length).toBeGreaterThan(2);
      expect(Math.min(...durations)).toBeGreaterThanOrEqual(0.9);
      expect(Math.max(...durations)).toBeLessThanOrEqual(4);
      const { body } = await getJson(`${url}/ace/getstream?format=json&${query}`);
      expect(body.response).toMatchObject({ is_live: 1, infohash: descriptor.streamId });
    });
    over.abort();
    camera.kill();
    await filming;
    await rm(folder, { recursive: true, force: true });
  },
  // A machine that does much else films more slowly.
  (3 * SECONDS + 60) * 1_000,
);
