// Goal: a player that knows parts gets each as soon as it is there, waits for no longer than it should, and
//       leaves nothing behind; one that does not know them reads the list as ever.
// Method: a stream made piece by piece behind the port of live streams; real HTTP on loopback.
import { get } from "node:http";
import { describe, expect, it } from "vitest";
import { AceError } from "../../src/lib/errors.ts";
import { Growth } from "../../src/p2p/hls-growth.ts";
import { HLS_WAITING_MAX } from "../../src/p2p/hls-limits.ts";
import { type LiveMedia, liveMedia } from "../../src/p2p/media.ts";
import type { Player, PlayerOptions } from "../../src/p2p/player.ts";
import { until } from "./p2p-kit.ts";
import { getJson, MadeLive, sourceOf, withPlayer } from "./player-kit.ts";

interface Watching {
  readonly live: MadeLive;
  readonly media: LiveMedia;
  readonly player: Player;
  readonly listUrl: string;
  readonly stopUrl: string;
}

interface WatchingOptions {
  readonly pieces?: number;
  readonly more?: string;
  readonly options?: Partial<PlayerOptions>;
}

/** A stream of `pieces`, four a segment, and one player's list of it. */
async function watching(
  use: (parts: Watching) => Promise<void>,
  { pieces = 42, more = "", options = {} }: WatchingOptions = {},
): Promise<void> {
  const live = new MadeLive();
  live.make(pieces);
  const media = liveMedia(live);
  const contents = new Map([[live.streamId, async () => media]]);
  const playing = async (player: Player) => {
    const address = `${player.url}/ace/manifest.m3u8?format=json&infohash=${live.streamId}${more}`;
    const { response } = (await getJson(address)).body;
    const listUrl = String(response?.["playback_url"]);
    const stopUrl = `${String(response?.["command_url"])}?method=stop`;
    await use({ live, media, player, listUrl, stopUrl });
  };
  await withPlayer(sourceOf(contents), playing, options);
}

/** The status for a machine elsewhere: another address than the one that began, behind a proxy. */
async function statusAfar(url: string, headers: Record<string, string> = {}): Promise<number> {
  return await new Promise((resolve, reject) => {
    const far = { localAddress: "127.0.0.2", headers: { ...headers, via: "1.1 proxy" } };
    get(url, far, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on("error", reject);
  });
}

async function textOf(url: string): Promise<string> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return await response.text();
}

const partUrls = (list: string) =>
  [...list.matchAll(/#EXT-X-PART:[^\n]*URI="([^"]+)"/g)].map(([, url = ""]) => url);
const hintOf = (list: string) => /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/.exec(list)?.[1] ?? "";

/** What asks for the list when it has what it hints at. */
function reloadUrl(listUrl: string, list: string): string {
  const [, number, part] = /\/(\d+)\.(\d+)\.ts$/.exec(hintOf(list)) ?? [];
  return `${listUrl}?_HLS_msn=${number}&_HLS_part=${part}`;
}

/** Whether this has been answered; it goes on either way. */
function watch<T>(work: Promise<T>) {
  const state = { isDone: false, work };
  void work.then(
    () => {
      state.isDone = true;
    },
    () => {
      state.isDone = true;
    },
  );
  return state;
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 60));

describe("a list with parts", () => {
  it("has whole segments for every player and the newest ones' parts beside them", async () => {
    await watching(async ({ listUrl }) => {
      const list = await textOf(listUrl);
      expect(list).toMatch(/SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1\.\d{3}\n/);
      expect(list).toContain("#EXT-X-PART-INF:PART-TARGET=0.400\n");
      const segments = list.split("\n").filter((line) => line.startsWith("http"));
      expect(segments).toHaveLength(6);
      expect(list).toContain(",INDEPENDENT=YES");
      const last = segments.at(-1) ?? "";
      const parts = partUrls(list).filter((url) => url.startsWith(last.replace(/\.ts$/, ".")));
      const bytes = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());
      const whole = Buffer.concat(await Promise.all(parts.map(bytes)));
      expect(whole.equals(await bytes(last))).toBe(true);
      expect(parts.length).toBeGreaterThan(1);
    });
  });

  it("is one of whole segments only for who asks for that", async () => {
    await watching(
      async ({ listUrl }) => {
        expect(await textOf(listUrl)).not.toMatch(/PART|SERVER-CONTROL/);
        expect(await textOf(`${listUrl}?_HLS_msn=999`)).toContain("#EXTINF");
      },
      { more: "&low_latency=0" },
    );
  });

  it("ends with the stream, and then nobody waits", async () => {
    await watching(async ({ live, listUrl }) => {
      const list = await textOf(listUrl);
      const reload = watch(fetch(reloadUrl(listUrl, list)));
      const hinted = watch(fetch(`${hintOf(list)}`));
      await soon();
      expect(reload.isDone || hinted.isDone).toBe(false);
      live.end();
      const ended = await (await reload.work).text();
      expect(ended).toContain("#EXT-X-ENDLIST");
      expect(ended).not.toContain("PRELOAD-HINT");
      // What was hinted at is the last part: the end made it whole.
      expect((await hinted.work).status).toBe(200);
      expect(await textOf(`${listUrl}?_HLS_msn=999&_HLS_part=999`)).toContain("#EXT-X-ENDLIST");
    });
  });
});

describe("a list that is asked for ahead", () => {
  it("comes when the part is there, and at once when it is there already", async () => {
    await watching(async ({ live, listUrl }) => {
      const list = await textOf(listUrl);
      const newest = partUrls(list).at(-1) ?? "";
      const asked = reloadUrl(listUrl, list);
      const reload = watch(textOf(asked));
      await soon();
      expect(reload.isDone).toBe(false);
      live.make(2);
      const next = await reload.work;
      expect(partUrls(next)).toContain(hintOf(list));
      expect(partUrls(next)).toContain(newest);
      expect(await textOf(asked)).toBe(next);
    });
  });

  it("comes with the whole segment when no part is named", async () => {
    await watching(async ({ live, listUrl }) => {
      const list = await textOf(listUrl);
      const [, number] = /\/(\d+)\.\d+\.ts$/.exec(hintOf(list)) ?? [];
      const reload = watch(textOf(`${listUrl}?_HLS_msn=${number}`));
      live.make(1);
      await soon();
      expect(reload.isDone).toBe(false);
      live.make(3);
      expect(await reload.work).toContain(`/${number}.ts\n`);
    });
  });

  it("is refused for what is too far ahead, and for what is no number", async () => {
    await watching(async ({ listUrl }) => {
      const list = await textOf(listUrl);
      const [, number = "0", part = "0"] = /\/(\d+)\.(\d+)\.ts$/.exec(hintOf(list)) ?? [];
      const statusOf = async (query: string) => (await fetch(`${listUrl}?${query}`)).status;
      const far = Number(number) + 2;
      expect(await statusOf(`_HLS_msn=${far}`)).toBe(400);
      expect(await statusOf(`_HLS_msn=${number}&_HLS_part=${Number(part) + 8}`)).toBe(400);
      expect(await statusOf("_HLS_part=1")).toBe(400);
      expect(await statusOf("_HLS_msn=-1")).toBe(400);
      expect(await statusOf("_HLS_msn=1e9")).toBe(400);
      // Of a segment that is whole, a part beyond its last one means the next segment's first.
      expect(await statusOf(`_HLS_msn=${Number(number) - 2}&_HLS_part=70`)).toBe(200);
    });
  });

  it("is late when nothing new comes for three target durations, and comes as it is to who only asks for it", async () => {
    await watching(async ({ live, listUrl, media }) => {
      const list = await textOf(listUrl);
      const asked = reloadUrl(listUrl, list);
      const [, number] = /\/(\d+)\.\d+\.ts$/.exec(hintOf(list)) ?? [];
      const [part, reload, whole] = await Promise.all([
        fetch(hintOf(list)),
        getJson(asked),
        getJson(`${listUrl}?_HLS_msn=${number}`),
      ]);
      const late = { status: 503, body: { error: "PLAYLIST_LATE" } };
      expect([reload, whole]).toMatchObject([late, late]);
      expect(part.status).toBe(504);
      expect(media.hls.waiting).toBe(0);
      expect(await textOf(listUrl)).toBe(list);
      live.make(2);
      expect(partUrls(await textOf(asked))).toContain(hintOf(list));
    });
  });
});

describe("who waits", () => {
  it("is woken by growth, by going away or by the end of the time, and by nothing else", async () => {
    const growth = new Growth();
    const gone = new AbortController();
    const long = 600_000;
    const leaving = growth.wait(gone.signal, long);
    const staying = growth.wait(new AbortController().signal, long);
    expect(await growth.wait(new AbortController().signal, 1)).toBe(false);
    gone.abort();
    await expect(leaving).rejects.toThrow(/abort/);
    expect(growth.waiting).toBe(1);
    growth.tell();
    expect(await staying).toBe(true);
    expect(growth.waiting).toBe(0);
    await expect(growth.wait(gone.signal, long)).rejects.toThrow(/abort/);
  });

  it("for the part that is hinted at gets it when it is there; other names are not waited for", async () => {
    await watching(async ({ live, listUrl }) => {
      const list = await textOf(listUrl);
      const hinted = watch(fetch(hintOf(list)));
      const beyond = hintOf(list).replace(/\d+\.ts$/, "7.ts");
      expect((await fetch(beyond)).status).toBe(404);
      await soon();
      expect(hinted.isDone).toBe(false);
      live.make(2);
      const response = await hinted.work;
      expect(response.headers.get("content-type")).toBe("video/mp2t");
      expect((await response.arrayBuffer()).byteLength % 188).toBe(0);
    });
  });

  it("is forgotten when it goes away, or its session ends", async () => {
    await watching(async ({ listUrl, stopUrl, media }) => {
      const list = await textOf(listUrl);
      const gone = new AbortController();
      const left = watch(fetch(reloadUrl(listUrl, list), { signal: gone.signal }));
      const leftPart = watch(fetch(hintOf(list), { signal: gone.signal }));
      await until(() => media.hls.waiting === 2, "both wait");
      gone.abort();
      await until(() => media.hls.waiting === 0, "nobody waits");
      await Promise.allSettled([left.work, leftPart.work]);
      const stopped = fetch(reloadUrl(listUrl, list));
      await until(() => media.hls.waiting === 1, "it waits");
      await fetch(stopUrl);
      expect((await stopped).status).toBe(404);
      expect(media.hls.waiting).toBe(0);
    });
  });

  it("does so with a few requests only, and another player with as many", async () => {
    await watching(async ({ live, listUrl, media, player }) => {
      const list = await textOf(listUrl);
      const gone = new AbortController();
      const ask = (url: string) => fetch(url, { signal: gone.signal }).then(({ status }) => status);
      const asked = Array.from({ length: HLS_WAITING_MAX }, () => ask(reloadUrl(listUrl, list)));
      await until(() => media.hls.waiting === HLS_WAITING_MAX, "all wait");
      expect(await ask(reloadUrl(listUrl, list))).toBe(503);
      const other = await fetch(`${player.url}/ace/manifest.m3u8?infohash=${live.streamId}`);
      const theirs = await other.text();
      const waits = ask(reloadUrl(other.url, theirs));
      await until(() => media.hls.waiting === HLS_WAITING_MAX + 1, "the other one waits too");
      live.make(2);
      expect(new Set(await Promise.all([...asked, waits]))).toEqual(new Set([200]));
    });
  });
});

describe("another machine", () => {
  it("needs the token for lists and parts as for everything else of somebody's session", async () => {
    const remoteToken = "a-token-of-sixteen-and-more";
    await watching(
      async ({ listUrl }) => {
        const list = await textOf(listUrl);
        const authorization = `Bearer ${remoteToken}`;
        for (const url of [
          listUrl,
          `${listUrl}?_HLS_msn=0`,
          partUrls(list)[0] ?? "",
          hintOf(list),
        ]) {
          expect(await statusAfar(url), url).toBe(403);
          if (url !== hintOf(list)) expect(await statusAfar(url, { authorization }), url).toBe(200);
        }
      },
      { options: { host: "0.0.0.0", remoteToken } },
    );
  });
});

describe("a list with parts after a fault of the stream", () => {
  it("tells who waits, keeps what it had told, and goes on with a break", async () => {
    await watching(async ({ live, listUrl }) => {
      const before = await textOf(listUrl);
      const told = partUrls(before);
      const held = fetch(reloadUrl(listUrl, before));
      await soon();
      live.fail(new AceError("CONTENT_UNREACHABLE", "the source is away"));
      expect((await held).status).toBe(504);
      live.make(6);
      const after = await textOf(listUrl);
      expect(after.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
      for (const url of told) expect((await fetch(url)).status, url).toBe(200);
      const [, next] = /\/(\d+\.\d+)\.ts$/.exec(hintOf(after)) ?? [];
      const [, last] = /\/(\d+\.\d+)\.ts$/.exec(hintOf(before)) ?? [];
      expect(Number(next)).toBeGreaterThan(Number(last));
    });
  });
});
