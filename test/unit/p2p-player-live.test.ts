// Goal: a live stream reaches any player, as endless MPEG-TS and as HLS, and no slow one harms others.
// Method: a stream made piece by piece behind the port of live streams; real HTTP on loopback.
import { connect, type Socket } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { AceError } from "../../src/lib/errors.ts";
import { HlsList } from "../../src/p2p/hls-list.ts";
import { liveMedia } from "../../src/p2p/media.ts";
import type { Player } from "../../src/p2p/player.ts";
import { isSilent } from "../../src/p2p/player-silence.ts";
import { readTsPacket } from "../../src/p2p/ts-packet.ts";
import { descriptorOf, HandSource, joinLive } from "./live-kit.ts";
import { until } from "./p2p-kit.ts";
import { getJson, MadeLive, PIECE_MS, withLive } from "./player-kit.ts";

async function start(player: Player, live: MadeLive, address = "getstream", more = "") {
  const url = `${player.url}/ace/${address}?format=json&infohash=${live.streamId}${more}`;
  const { body } = await getJson(url);
  expect(body).toMatchObject({ error: null, response: { is_live: 1, infohash: live.streamId } });
  const text = (name: string) => String(body.response?.[name] ?? "");
  return {
    playUrl: text("playback_url"),
    statUrl: text("stat_url"),
    stopUrl: `${text("command_url")}?method=stop`,
    eventUrl: text("event_url"),
    id: text("playback_session_id"),
  };
}

/** A player that asks and then reads nothing, until it is told to. */
class StuckPlayer implements Disposable {
  isClosed = false;
  hasBegun = false;
  readonly seen = new Set<number>();
  readonly #socket: Socket;

  constructor(url: string) {
    const { port, pathname } = new URL(url);
    this.#socket = connect(Number(port), "127.0.0.1");
    this.#socket.on("close", () => {
      this.isClosed = true;
    });
    this.#socket.on("error", () => {});
    this.#socket.once("data", () => {
      this.hasBegun = true;
      this.#socket.pause();
    });
    this.#socket.write(`GET ${pathname} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
  }

  takeAll(): void {
    this.#socket.on("data", (bytes: Buffer) => {
      // Sizes of chunks stand between the packets: they are text, and ends of lines.
      for (let at = 0; at + 188 < bytes.length; at += 188) {
        if (bytes[at] === bytes[at + 187]) this.seen.add(bytes[at] ?? 0);
      }
    });
    this.#socket.resume();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** The numbers of the pieces in this many bytes of a stream. */
async function readNumbers(url: string, packets: number): Promise<readonly number[]> {
  const gone = new AbortController();
  const response = await fetch(url, { signal: gone.signal });
  expect(response.headers.get("content-type")).toBe("video/mp2t");
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes >= packets * 188) break;
  }
  gone.abort();
  const bytes = Buffer.concat(chunks);
  return [...new Set(bytes)];
}

describe("MPEG-TS", () => {
  it("begins at the newest place a player can begin at, and goes on as the stream does", async () => {
    const live = new MadeLive();
    live.make(42);
    await withLive(live, async (player) => {
      const { playUrl } = await start(player, live);
      const reading = readNumbers(playUrl, 2 * 8);
      await new Promise((resolve) => setTimeout(resolve, 50));
      live.make(2);
      expect(await reading).toEqual([36, 37, 38, 39, 40, 41, 42, 43]);
    });
  });

  it("goes back within the window, by its own time", async () => {
    const live = new MadeLive();
    live.make(40);
    await withLive(live, async (player) => {
      const { playUrl, statUrl } = await start(player, live);
      const { body } = await getJson(statUrl);
      const first = Number(Object(body.response?.["livepos"]).first_ts);
      expect(await readNumbers(`${playUrl}?pos=${first + 3}`, 2 * 4)).toContain(12);
      expect((await fetch(`${playUrl}?pos=yesterday`)).status).toBe(400);
    });
  });

  it("tells where it is in the words players know: Unix seconds as text", async () => {
    const live = new MadeLive();
    live.make(40);
    await withLive(live, async (player) => {
      const { playUrl, statUrl } = await start(player, live);
      await readNumbers(playUrl, 2);
      const { body } = await getJson(statUrl);
      expect(body.response).toMatchObject({
        status: "dl",
        peers: 3,
        speed_down: 257,
        is_live: 1,
        livepos: {
          is_live: "1",
          live_first: "1800000000",
          live_last: "1800000009",
          first_ts: "1800000000",
          last_ts: "1800000009",
          last: "1800000009",
          pos: expect.stringMatching(/^18000000\d\d$/),
          buffer_pieces: expect.stringMatching(/^\d+$/),
        },
        buffer_ms: expect.any(Number),
      });
    });
  });
});

it("calls a stream silent of which nothing comes and nothing new is told, by whatever clock", async () => {
  class Stopped extends MadeLive {
    bytesPerS = 0;
    toldMs = 0;
    override stats() {
      return { ...super.stats(), bytesDownPerS: this.bytesPerS };
    }
    override window() {
      const window = super.window();
      return window === undefined
        ? undefined
        : { ...window, lastCaptureMs: 0, toldCaptureMs: this.toldMs };
    }
  }
  const live = new Stopped();
  const media = liveMedia(live);
  expect(isSilent(media, 5_001)).toBe(false);
  live.make(8);
  expect([5_000, 5_001].map((nowMs) => isSilent(media, nowMs))).toEqual([false, true]);
  live.bytesPerS = 1;
  expect(isSilent(media, 5_001)).toBe(false);
  live.bytesPerS = 0;
  live.toldMs = 4_000;
  expect([9_000, 9_001].map((nowMs) => isSilent(media, nowMs))).toEqual([false, true]);
  await withLive(live, async (player) => {
    const { statUrl } = await start(player, live);
    expect((await getJson(statUrl)).body.response).toMatchObject({ is_silent: 1 });
    live.bytesPerS = 1;
    expect((await getJson(statUrl)).body.response).toMatchObject({ is_silent: 0 });
  });
});

it("calls a stream silent when its source has gone, and no more when it is back", async () => {
  const descriptor = descriptorOf("silent");
  const hand = new HandSource(descriptor);
  await using viewer = await joinLive({ descriptor, role: "viewer" });
  const peers = [viewer.address];
  const media = liveMedia(viewer.swarm);
  const silentAfter = (ms: number) => isSilent(media, Date.now() + ms);
  const join = async () => {
    const source = await joinLive({ descriptor, role: "source", peers });
    hand.publish(source.swarm, 6);
    await until(() => viewer.swarm.window()?.lastSeq === hand.seq - 1, "the pieces are here");
    return source;
  };
  expect(silentAfter(60_000)).toBe(false);
  const source = await join();
  await source[Symbol.asyncDispose]();
  await until(() => silentAfter(5_001), "nothing comes any more");
  expect(silentAfter(0)).toBe(false);
  await using _again = await join();
  expect(silentAfter(4_000)).toBe(false);
});

describe("a place in the window", () => {
  it("is moved by the engine's own API while it plays, and the stream says that it does not join on", async () => {
    const live = new MadeLive();
    live.make(80, { isTs: true });
    await withLive(live, async (player) => {
      const { playUrl, id } = await start(player, live);
      const token = await getJson(`${player.url}/server/api?method=get_api_access_token`);
      const headers = { authorization: `Bearer ${String(token.body.result?.["token"])}` };
      const response = await fetch(playUrl);
      const reader = response.body?.getReader();
      let bytes = Buffer.alloc(0);
      const readOn = async () => {
        const { value = [] } = (await reader?.read()) ?? {};
        bytes = Buffer.concat([bytes, Uint8Array.from(value)]);
      };
      // A packet ends with its piece's number.
      const numbers = () => [...bytes].filter((_, at) => at % 188 === 187);
      while (numbers().length === 0) await readOn();
      expect(numbers()[0]).toBeGreaterThanOrEqual(72);
      const seek = await fetch(`${player.url}/v1/streams/${id}/seek`, {
        method: "POST",
        headers,
        body: JSON.stringify({ behindMs: 15_000 }),
      });
      expect(seek.status).toBe(200);
      const isBefore = (number: number) => number <= 30;
      while (!numbers().some(isBefore)) await readOn();
      const moved = numbers().findIndex(isBefore);
      expect(numbers()[moved]).toBeGreaterThan(10);
      const between = bytes.subarray((moved - 1) * 188, moved * 188);
      expect(readTsPacket(between)).toMatchObject({ pid: 256, isDiscontinuity: true });
      expect(bytes.subarray(0, (moved - 1) * 188)).not.toContain(0xff);
      await reader?.cancel();
    });
  });
});

describe("a slow player", () => {
  it("that takes nothing is closed in the end, and others play on", async () => {
    const live = new MadeLive();
    live.make(8);
    const patience = { bufferBytes: 200_000, lateMs: 100, goneMs: 400 };
    await withLive(
      live,
      async (player) => {
        const slow = await start(player, live);
        using stuck = new StuckPlayer(slow.playUrl);
        const feeding = setInterval(() => live.make(4, { packets: 2_000 }), 20);
        const quick = await start(player, live);
        expect((await readNumbers(quick.playUrl, 20_000)).length).toBeGreaterThan(5);
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        // What was under way arrives yet; then comes the end, though the stream goes on.
        stuck.takeAll();
        await until(() => stuck.isClosed, "the player that takes nothing is closed");
        clearInterval(feeding);
      },
      { patience },
    );
  });

  it("goes on at the newest place when it was too slow, not where it was", async () => {
    const live = new MadeLive();
    live.make(4);
    const patience = { bufferBytes: 200_000, lateMs: 100, goneMs: 60_000 };
    await withLive(
      live,
      async (player) => {
        const { playUrl } = await start(player, live);
        using stuck = new StuckPlayer(playUrl);
        await until(() => stuck.hasBegun, "the answer begins");
        live.make(160, { packets: 5_000 });
        await new Promise((resolve) => setTimeout(resolve, 400));
        live.make(20, { packets: 5 });
        stuck.takeAll();
        await until(() => stuck.seen.has(183), "the newest piece is seen");
        const missing = Array.from({ length: 184 }, (_, seq) => seq).filter(
          // The first ones came before it was stuck.
          (seq) => seq > 8 && !stuck.seen.has(seq),
        );
        expect(missing.length).toBeGreaterThan(20);
        expect(missing).not.toContain(180);
        // What comes after a gap begins a picture. A busy machine's buffers may make two gaps of one.
        const after = missing.map((seq) => seq + 1).filter((seq) => stuck.seen.has(seq));
        expect(after.map((seq) => seq % 4)).toEqual(after.map(() => 0));
        expect(after.length).toBeLessThanOrEqual(3);
      },
      { patience },
    );
  });

  it("or a quick one ends when the stream ends", async () => {
    const live = new MadeLive();
    live.make(8);
    await withLive(live, async (player) => {
      const { playUrl } = await start(player, live);
      const whole = fetch(playUrl).then((response) => response.arrayBuffer());
      live.end();
      expect((await whole).byteLength % 188).toBe(0);
    });
  });
});

describe("HLS", () => {
  it("is a sliding list of segments that begin where a player can begin", async () => {
    const live = new MadeLive();
    live.make(62);
    await withLive(live, async (player) => {
      const { playUrl } = await start(player, live, "manifest.m3u8");
      expect(playUrl).toMatch(/\.m3u8$/);
      const list = await fetch(playUrl);
      expect(list.headers.get("content-type")).toBe("application/vnd.apple.mpegurl");
      const text = await list.text();
      expect(text).toContain("#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n");
      const urls = text.split("\n").filter((line) => line.startsWith("http"));
      expect(urls).toHaveLength(6);
      const before = text.match(/MEDIA-SEQUENCE:(\d+)/)?.[1];
      const bytes = Buffer.from(await (await fetch(urls[0] ?? "")).arrayBuffer());
      expect(bytes.length).toBe(4 * 2 * 188);
      expect((bytes[0] ?? 1) % 4).toBe(0);
      live.make(8);
      const after = await (await fetch(playUrl)).text();
      expect(after.match(/MEDIA-SEQUENCE:(\d+)/)?.[1]).toBe(String(Number(before) + 2));
      // What just left the list is still there for a player that is a little late.
      expect((await fetch(urls[0] ?? "")).status).toBe(200);
      live.make(60);
      await fetch(playUrl);
      expect((await fetch(urls[0] ?? "")).status).toBe(404);
    });
  });

  it("without format=json leads straight to the list, and the first request waits for it", async () => {
    const live = new MadeLive();
    await withLive(live, async ({ url }) => {
      const asked = fetch(`${url}/ace/manifest.m3u8?infohash=${live.streamId}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      live.make(9);
      const response = await asked;
      expect(response.redirected).toBe(true);
      expect(await response.text()).toMatch(/^#EXTM3U\n/);
    });
  });

  it("says what does not join on, and counts it when it has left the list", () => {
    const live = new MadeLive();
    live.make(10);
    live.make(6, { isDiscontinuity: true });
    live.make(60);
    const list = new HlsList();
    const discontinuities: string[] = [];
    const beginnings: unknown[] = [];
    for (const piece of live.pieces_) {
      if (!list.add(piece)) continue;
      const text = list.playlist(({ number }) => String(number));
      const breaks = (text.match(/#EXT-X-DISCONTINUITY\n/g) ?? []).length;
      const counted = /DISCONTINUITY-SEQUENCE:(\d+)/.exec(text)?.[1];
      discontinuities.push(`${breaks}+${counted}`);
      beginnings.push(list.find(beginnings.length)?.chunks[0]?.[0]);
    }
    expect([...new Set(discontinuities)]).toEqual(["0+0", "1+0", "0+1"]);
    // The piece that broke off was in the middle of a picture: the next beginning is waited for.
    expect(beginnings.slice(0, 5)).toEqual([0, 4, 8, 12, 16]);
  });

  it("has durations that add up to the stream's own time", () => {
    const live = new MadeLive();
    live.make(41);
    const list = new HlsList();
    for (const piece of live.pieces_) list.add(piece);
    const text = list.playlist(({ number }) => String(number));
    const durations = [...text.matchAll(/#EXTINF:([\d.]+),/g)].map(([, seconds]) =>
      Number(seconds),
    );
    expect(durations.reduce((sum, seconds) => sum + seconds, 0)).toBe((6 * 4 * PIECE_MS) / 1_000);
  });
});

describe("HLS after a fault of the stream", () => {
  it("goes on where it was, with a break, and never counts backwards", async () => {
    const live = new MadeLive();
    live.make(20);
    await withLive(live, async (player) => {
      const { playUrl } = await start(player, live, "manifest.m3u8");
      const before = await (await fetch(playUrl)).text();
      live.fail(new AceError("CONTENT_UNREACHABLE", "the source is away"));
      await until(() => live.failed > 0, "the fault is met");
      live.make(16);
      const after = await (await fetch(playUrl)).text();
      const numberOf = (text: string) => Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
      expect(numberOf(after)).toBeGreaterThanOrEqual(numberOf(before));
      expect(after.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
      const dates = [...after.matchAll(/DATE-TIME:(.*)/g)].map(([, date]) => date ?? "");
      expect(dates).toEqual([...new Set(dates)].toSorted());
    });
  });

  it.each([
    ["while nobody read", true, 0],
    ["while nobody read, by a clock that is an hour behind", true, -3_600_000],
    ["when it was read again", false, 0],
  ])("goes on at once with a source that lost count %s", async (_, isUnread, aheadMs) => {
    const live = new MadeLive();
    live.make(82);
    await withLive(live, async (player) => {
      const { playUrl } = await start(player, live, "manifest.m3u8");
      const read = async () => {
        const text = await (await fetch(playUrl)).text();
        const numbers = [...text.matchAll(/(\d+)\.ts\n/g)].map(([, number]) => Number(number));
        const first = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
        expect(numbers).toEqual(numbers.map((_number, place) => first + place));
        return { breaks: text.match(/#EXT-X-DISCONTINUITY\n/g)?.length, newest: numbers.at(-1) };
      };
      const { newest = 0 } = await read();
      live.fail(new AceError("CONTENT_UNREACHABLE", "the source is away"));
      await until(() => live.failed > 0, "the fault is met");
      if (isUnread) live.beginEpoch(aheadMs);
      live.make(9);
      await read();
      if (!isUnread) live.beginEpoch(aheadMs);
      live.make(9);
      await vi.waitFor(async () => {
        const after = await read();
        // The segment that broke off, and of nine pieces two or more whole ones.
        expect(after.newest).toBeGreaterThanOrEqual(newest + 3);
        expect(after.breaks).toBe(isUnread ? 1 : 2);
      });
    });
  });
});

describe("a session", () => {
  it("that stops is told to who waits for it, and is unknown afterwards", async () => {
    const live = new MadeLive();
    live.make(8);
    await withLive(live, async (player) => {
      const session = await start(player, live, "getstream", "&use_stop_notifications=1");
      const waiting = getJson(session.eventUrl);
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect((await getJson(session.stopUrl)).body).toEqual({ response: "ok", error: null });
      expect((await waiting).body).toEqual({
        response: { name: "download_stopped", params: { reason: "stopped" } },
        error: null,
      });
      const after = await getJson(session.eventUrl);
      expect(after).toMatchObject({
        status: 404,
        body: { error: "unknown playback session id", code: "PLAYER_SESSION_OVER" },
      });
    });
  });

  it("of a stream without a right is refused at once, for both outputs", async () => {
    const live = new MadeLive();
    live.refusal = new AceError("LICENCE_MISSING", "no licence for this stream");
    await withLive(live, async ({ url }) => {
      for (const address of ["getstream", "manifest.m3u8"]) {
        const { status, body } = await getJson(`${url}/ace/${address}?infohash=${live.streamId}`);
        expect({ status, error: body["error"] }).toEqual({ status: 403, error: "LICENCE_MISSING" });
      }
    });
  });
});
