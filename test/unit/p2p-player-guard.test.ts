// Goal: nobody but this machine's programs, the pages that were allowed and who has the token reaches the
// engine; nobody else learns what is watched.
// Method: requests as browsers and strangers make them, by raw HTTP where fetch would tidy them up.
import { IncomingMessage, request, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { Player } from "../../src/p2p/player.ts";
import { PlayerGuard } from "../../src/p2p/player-guard.ts";
import { getJson, MadeLive, withLive } from "./player-kit.ts";

async function ask(
  url: string,
  headers: Record<string, string>,
  method = "GET",
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  return await new Promise((resolve, reject) => {
    const sent = request(url, { headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** A connection of two addresses that this machine need not have. */
class MadeSocket extends Socket {
  override readonly remoteAddress: string;
  override readonly localAddress: string;

  constructor(remoteAddress: string, localAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
  }
}

const versionUrl = ({ url }: Player) => `${url}/webui/api/service?method=get_version`;
const tokenUrl = ({ url }: Player) => `${url}/server/api?api_version=3&method=get_api_access_token`;

describe("a name that was rebound to this machine", () => {
  it.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::1].evil"])(
    "is refused as Host: %j",
    async (name) => {
      await withLive(new MadeLive(), async (player) => {
        const { port } = new URL(player.url);
        for (const host of [`${name}:${port}`, name]) {
          const answer = await ask(versionUrl(player), { host });
          expect([host, answer.status]).toEqual([host, 421]);
        }
      });
    },
  );

  it("is refused on another port too, and our own names are not", async () => {
    await withLive(new MadeLive(), async (player) => {
      const { port } = new URL(player.url);
      expect((await ask(versionUrl(player), { host: "127.0.0.1:1" })).status).toBe(421);
      for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
        expect((await ask(versionUrl(player), { host: `${name}:${port}` })).status).toBe(200);
      }
    });
  });
});

describe("a web page", () => {
  it("of another origin is refused, before and with its question", async () => {
    await withLive(new MadeLive(), async (player) => {
      const origin = "https://evil.example";
      for (const method of ["GET", "OPTIONS", "POST", "DELETE"]) {
        const answer = await ask(`${player.url}/v1/streams`, { origin }, method);
        expect([method, answer.status]).toEqual([method, 403]);
        expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
      }
    });
  });

  it("that was allowed may call, and is told so", async () => {
    const origin = "https://tv.example";
    await withLive(
      new MadeLive(),
      async (player) => {
        const answer = await ask(versionUrl(player), { origin });
        expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([
          200,
          origin,
        ]);
        const before = await ask(`${player.url}/v1/streams`, { origin }, "OPTIONS");
        expect(before.status).toBe(204);
        expect(before.headers["access-control-allow-headers"]).toContain("authorization");
      },
      { origins: [origin] },
    );
  });

  it("never gets the token of private methods, not even one that was allowed", async () => {
    const origin = "https://tv.example";
    await withLive(
      new MadeLive(),
      async (player) => {
        expect((await ask(tokenUrl(player), { origin })).status).toBe(403);
        expect((await ask(tokenUrl(player), { "sec-fetch-site": "same-origin" })).status).toBe(403);
        expect((await ask(tokenUrl(player), {})).status).toBe(200);
      },
      { origins: [origin] },
    );
  });
});

describe("private methods", () => {
  it("need the token: the list of streams, and every method that is not known", async () => {
    await withLive(new MadeLive(), async (player) => {
      const { body } = await getJson(tokenUrl(player));
      const token = String(body.result?.["token"]);
      expect(token).toMatch(/^[0-9a-f]{64}$/);
      for (const [path, status] of [
        ["/v1/streams", 403],
        [`/v1/streams?token=${"0".repeat(64)}`, 403],
        [`/v1/streams?token=${token}`, 200],
        ["/server/api?method=playlist_add_item", 403],
        [`/server/api?method=playlist_add_item&token=${token}`, 400],
      ] as const) {
        expect([path, (await getJson(`${player.url}${path}`)).status]).toEqual([path, status]);
      }
    });
  });

  it("list, start, show and stop what is played", async () => {
    const live = new MadeLive();
    live.make(40);
    await withLive(live, async (player) => {
      const { body } = await getJson(tokenUrl(player));
      const headers = { authorization: `Bearer ${String(body.result?.["token"])}` };
      const post = (json: unknown) =>
        getJson(`${player.url}/v1/streams`, {
          method: "POST",
          headers,
          body: JSON.stringify(json),
        });
      const started = await post({ content: live.streamId, output: "hls" });
      expect(started).toMatchObject({ status: 201, body: { kind: "live", output: "hls" } });
      const list = await getJson(`${player.url}/v1/streams`, { headers });
      expect(list.body).toMatchObject({
        contents: [{ infohash: live.streamId, players: 1, peers: 3 }],
        sessions: [{ id: started.body["id"], caller: "127.0.0.1" }],
      });
      const one = `${player.url}/v1/streams/${String(started.body["id"])}`;
      expect((await getJson(one, { headers })).status).toBe(200);
      expect((await getJson(one, { headers, method: "DELETE" })).status).toBe(200);
      expect((await getJson(one, { headers })).status).toBe(404);
      for (const wrong of [
        {},
        { content: 5 },
        { content: live.streamId, more: 1 },
        { content: "x" },
      ]) {
        expect((await post(wrong)).status, JSON.stringify(wrong)).toBe(400);
      }
    });
  });
});

describe("another machine", () => {
  it("shows the token, and plays what it has started", async () => {
    const live = new MadeLive();
    live.make(40);
    const remoteToken = "a token of sixteen and more";
    await withLive(
      live,
      async (player) => {
        const { url } = player;
        // A proxy here speaks for another machine: so there is one from afar wherever this runs.
        const askAfar = (asked: string, headers: Record<string, string>) =>
          ask(asked, { ...headers, via: "1.1 proxy" });
        const start = `${url}/ace/getstream?format=json&id=${live.streamId}`;
        expect((await askAfar(start, {})).status).toBe(403);
        expect((await askAfar(start, { authorization: "Bearer wrong" })).status).toBe(403);
        const basic = Buffer.from(`ace:${remoteToken}`).toString("base64");
        const started = await askAfar(start, { authorization: `Basic ${basic}` });
        expect(started.status).toBe(200);
        const { response } = JSON.parse(started.text);
        expect(response.playback_url).toContain(`${url}/ace/r/`);
        // The player itself need not know the token, at the same address.
        expect((await askAfar(response.stat_url, {})).status).toBe(200);
        // Keys and the engine's own token never leave this machine.
        const token = `${url}/server/api?method=get_api_access_token`;
        expect((await askAfar(token, { authorization: `Basic ${basic}` })).status).toBe(403);
      },
      { host: "0.0.0.0", remoteToken },
    );
  });

  it("is told apart by where its connection comes from, and asks at the address it connected to", () => {
    const [afar, own] = ["192.0.2.7", "198.51.100.4"];
    const guard = new PlayerGuard({ host: "0.0.0.0", port: 6878, origins: [], token: "secret" });
    const check = (from: string, host: string, authorization?: string) => {
      const message = new IncomingMessage(new MadeSocket(from, own));
      message.headers = { host, ...(authorization === undefined ? {} : { authorization }) };
      const reached = guard.check(message, new ServerResponse(message));
      guard.requireToken(message);
      return reached;
    };
    expect(check(afar, `${own}:6878`, "Bearer secret")).toBe(`http://${own}:6878`);
    expect(check("127.0.0.1", `${own}:6878`)).toBe(`http://${own}:6878`);
    expect(() => check(afar, `${own}:6878`)).toThrow(
      expect.objectContaining({ code: "FORBIDDEN" }),
    );
    for (const host of [`${own}:6879`, `${afar}:6878`, "evil.example:6878", own]) {
      expect(() => check(afar, host, "Bearer secret"), host).toThrow(
        expect.objectContaining({ code: "HOST_REFUSED" }),
      );
    }
  });

  it("is not served without a token, or with one that can be guessed", async () => {
    for (const more of [{}, { remoteToken: "short" }]) {
      const opening = withLive(new MadeLive(), async () => {}, { host: "0.0.0.0", ...more });
      await expect(opening).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    }
  });

  it("is another machine still when a proxy on this one passes its request on", async () => {
    await withLive(new MadeLive(), async (player) => {
      for (const name of ["forwarded", "x-forwarded-for", "via"]) {
        expect((await ask(tokenUrl(player), { [name]: "203.0.113.9" })).status, name).toBe(403);
      }
      expect((await ask(tokenUrl(player), {})).status).toBe(200);
    });
  });
});
