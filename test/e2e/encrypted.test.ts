// Goal: a film that is encrypted plays for who holds the licence, on their device, and for nobody else.
// Method: a real devnet, node and licence; engines as viewers have them; the keys are looked for in
//         everything that is written down.

import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeDpopProof } from "../../src/access/dpop.ts";
import { makeKeyOpener } from "../../src/access/key-wrap.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { ContentKeys } from "../../src/node/content-keys.ts";
import { keySourceOf } from "../../src/node/keys-source.ts";
import { openTokenDesk, type Viewer } from "../../src/node/token-source.ts";
import { decryptSegment } from "../../src/p2p/cipher-segment.ts";
import { mediaOf, readPlain } from "../../src/p2p/encrypted-media.ts";
import {
  type EncryptedWorld,
  openEncryptedWorld,
  type PublishedFilm,
} from "../support/encrypted-world.ts";
import { codeOf } from "../support/node-kit.ts";
import { makeTs } from "../support/ts-maker.ts";
import { readAll } from "../unit/p2p-kit.ts";

const FILM_BYTES = 300_000;
const plain = randomBytes(FILM_BYTES);
const shot = makeTs({ seconds: 9 });
const { signal } = new AbortController();

let world: EncryptedWorld;
let film: PublishedFilm;
let openFilm: PublishedFilm;
let packaged: PublishedFilm;
let viewer: Viewer;
let url: string;

/** A node with a network of its own starts in seconds, on a busy machine in many. */
const START_MS = 180_000;

beforeAll(async () => {
  world = await openEncryptedWorld();
  const path = join(world.folder, "film.mp4");
  writeFileSync(path, plain);
  film = await world.publish(path, "file");
  openFilm = await world.publish(path, "file", "open");
  const shotPath = join(world.folder, "shot.ts");
  writeFileSync(shotPath, shot);
  packaged = await world.publish(shotPath, "hls", "open");
  await world.settle();
  viewer = world.viewer(world.buyer);
  url = await (await world.engine(viewer, silentEvents)).play({ port: 0, version: "1" });
}, START_MS);
afterAll(() => world[Symbol.asyncDispose]());

const getStream = (engine: string, { record }: PublishedFilm) =>
  `${engine}/ace/getstream?content_id=${record.contentId}`;

describe("an encrypted film", () => {
  it("plays for the licence holder, whole and by ranges, though its swarm has ciphertext only", async () => {
    for (const each of [film, openFilm]) {
      const whole = await fetch(getStream(url, each));
      expect(whole.status).toBe(200);
      expect(Buffer.from(await whole.arrayBuffer()).equals(plain)).toBe(true);
      const part = await fetch(whole.url, { headers: { range: "bytes=100001-200007" } });
      expect(part.status).toBe(206);
      const bytes = Buffer.from(await part.arrayBuffer());
      expect(bytes.equals(plain.subarray(100_001, 200_008))).toBe(true);
    }
  });

  it("is told in words to be encrypted", async () => {
    const listed = await world.client.node.content(film.record.contentId);
    expect(listed).toMatchObject({ encryption: "file", seed: "licensed" });
    const opened = await world.client.node.content(openFilm.record.contentId);
    expect(opened).toMatchObject({ encryption: "file", seed: "open" });
    const answer = await fetch(`${getStream(url, film)}&format=json`);
    expect(await answer.json()).toMatchObject({ response: { is_encrypted: 1 } });
  });

  it("is refused at once to who has no licence, also where anybody may carry it", async () => {
    const stranger = await world.engine(world.viewer(world.stranger), silentEvents);
    const strangerUrl = await stranger.play({ port: 0, version: "1" });
    for (const each of [film, openFilm]) {
      const answer = await fetch(`${getStream(strangerUrl, each)}&format=json`);
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ error: "LICENCE_MISSING" });
    }
    // What an open swarm gives a stranger is ciphertext: welcome to carry it, unable to watch it.
    const carrier = await world.engine(world.viewer(world.stranger), silentEvents);
    await using swarm = await carrier.join(openFilm.record);
    const carried = await readAll(swarm.read(0, FILM_BYTES, signal));
    expect(carried).toHaveLength(FILM_BYTES);
    expect(carried.equals(plain)).toBe(false);
    await using gated = await carrier.join(film.record);
    await expect(gated.ready(signal)).rejects.toMatchObject({ code: "LICENCE_MISSING" });
    expect(gated.stats().bytesDown).toBe(0);
  });
});

const tokenOf = async (who: Viewer, contentId: string) =>
  (await openTokenDesk(who).ask(contentId)).token;
/** A request as `who` would make it, with whatever token is given. */
const ask = async (who: Viewer, token: string, change: { epoch?: number; epk?: string } = {}) => {
  const epk = change.epk ?? Buffer.from(makeKeyOpener().publicKey).toString("base64url");
  const to = `${world.node.httpUrl}/v1/keys`;
  const proof = makeDpopProof(who.device, {
    method: "POST",
    url: to,
    token,
    nowS: Date.now() / 1_000,
    epk,
  });
  const body = { content: film.record.contentId, epoch: change.epoch ?? 0 };
  return { body, proof, code: await codeOf(() => world.client.node.key(body, token, proof)) };
};

describe("a key", () => {
  it("is not given for a token that was stolen, nor for a proof that was used", async () => {
    const token = await tokenOf(viewer, film.record.contentId);
    const asked = await ask(viewer, token);
    expect(asked.code).toBe("none");
    const again = () => world.client.node.key(asked.body, token, asked.proof);
    expect(await codeOf(again)).toBe("PROOF_REPLAYED");
    const thief = world.viewer(world.stranger);
    expect((await ask(thief, token)).code).toBe("TOKEN_NOT_YOURS");
    const twin = world.viewer(world.buyer);
    expect((await ask(twin, token)).code).toBe("TOKEN_NOT_YOURS");
  });

  it("is not given without a token, for another film's token, for an epoch that is none", async () => {
    const other = await tokenOf(viewer, openFilm.record.contentId);
    expect((await ask(viewer, other)).code).toBe("TOKEN_AUDIENCE");
    const token = await tokenOf(viewer, film.record.contentId);
    expect((await ask(viewer, token, { epoch: 1 })).code).toBe("KEY_EPOCH_INVALID");
    const zero = Buffer.alloc(32).toString("base64url");
    expect((await ask(viewer, token, { epk: zero })).code).toBe("PROOF_INVALID");
    const bare = await fetch(`${world.node.httpUrl}/v1/keys`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ content: film.record.contentId, epoch: 0 }),
    });
    expect(bare.status).toBe(403);
    expect(bare.headers.get("cache-control")).toBe("no-store");
  });

  it("is not replaced, and not taken from a stranger", async () => {
    const { contentId } = film.record;
    const put = (key: Uint8Array, token: string) =>
      codeOf(() => world.client.node.keepKey(contentId, { epoch: 0, key: key.toHex() }, token));
    expect(await put(randomBytes(32), film.adminToken)).toBe("KEY_CONFLICT");
    expect(await put(film.key, film.adminToken)).toBe("none");
    expect(await put(randomBytes(32), "guess")).toBe("FORBIDDEN");
  });
});

describe("a key on its way", () => {
  it("of another film than the record's is told, not played", async () => {
    const liar = keySourceOf(viewer, (contentId) => tokenOf(viewer, contentId));
    const engine = await world.engine(viewer, silentEvents);
    await using swarm = await engine.join(openFilm.record);
    const keys = { key: async () => await liar.key(film.record.contentId, 0, signal) };
    const read = () => readAll(readPlain(mediaOf(swarm, openFilm.record, keys), signal));
    expect(await codeOf(read)).toBe("KEY_UNAVAILABLE");
  });

  it("is in no log, no answer and no file but the one that keeps it", async () => {
    const seen: string[] = [];
    const tell = (...words: readonly unknown[]) => {
      seen.push(JSON.stringify(words));
    };
    const events = { ...silentEvents, info: tell, warn: tell };
    const engine = await world.engine(world.viewer(world.buyer), events);
    const answer = await fetch(getStream(await engine.play({ port: 0, version: "1" }), film));
    expect(Buffer.from(await answer.arrayBuffer()).equals(plain)).toBe(true);
    seen.push(await (await fetch(`${world.node.httpUrl}/metrics`)).text());
    seen.push(JSON.stringify(await world.client.node.content(film.record.contentId)));
    const canaries = [film, openFilm, packaged].flatMap(({ key }) => [
      key.toHex(),
      Buffer.from(key).toString("base64"),
      Buffer.from(key).toString("base64url"),
    ]);
    for (const canary of canaries) expect(seen.join("\n")).not.toContain(canary);

    const kept = join(world.folder, "node", "content-keys");
    for (const path of filesBelow(world.folder)) {
      const bytes = readFileSync(path);
      const holds = [film, openFilm, packaged].some(
        ({ key }) => bytes.includes(key) || bytes.includes(key.toHex()),
      );
      expect(holds, path).toBe(path.startsWith(kept));
      if (holds) expect(statSync(path).mode & 0o077, path).toBe(0);
    }
  });
});

describe("an encrypted package", () => {
  it("is played from this engine alone: its list, its key and its segments", async () => {
    const list = await fetch(`${url}/ace/manifest.m3u8?content_id=${packaged.record.contentId}`);
    const text = await list.text();
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const [, keyUrl = ""] = /^#EXT-X-KEY:METHOD=AES-128,URI="([^"]+)"$/m.exec(text) ?? [];
    expect(new URL(keyUrl, list.url).origin).toBe(url);
    const key = await fetch(new URL(keyUrl, list.url));
    expect(key.headers.get("cache-control")).toBe("no-store");
    expect(Buffer.from(await key.arrayBuffer()).equals(packaged.key)).toBe(true);
    const plain = [];
    for (const [number, line] of lines.entries()) {
      const segment = await fetch(new URL(line, list.url));
      expect(new URL(segment.url).origin).toBe(url);
      const bytes = new Uint8Array(await segment.arrayBuffer());
      plain.push(decryptSegment(packaged.key, number, bytes));
    }
    expect(Buffer.concat(plain).equals(shot)).toBe(true);
  });

  it("gives its key to its own session only, and not to a page that is not let in", async () => {
    const list = await fetch(`${url}/ace/manifest.m3u8?content_id=${packaged.record.contentId}`);
    const [, keyUrl = ""] = /URI="([^"]+)"/.exec(await list.text()) ?? [];
    const at = new URL(keyUrl, list.url);
    const status = async (change: (wanted: URL) => void, init: RequestInit = {}) => {
      const wanted = new URL(at);
      change(wanted);
      return (await fetch(wanted, init)).status;
    };
    const same = () => {};
    expect(await status(same)).toBe(200);
    expect(await status((wanted) => wanted.searchParams.set("s", "0".repeat(32)))).toBe(404);
    expect(await status((wanted) => wanted.searchParams.delete("s"))).toBeGreaterThanOrEqual(400);
    const other = film.record.infohash;
    const elsewhere = (wanted: URL) => {
      wanted.pathname = wanted.pathname.replace(packaged.record.infohash, other);
    };
    expect(await status(elsewhere)).toBe(404);
    expect(await status(same, { headers: { origin: "https://evil.example" } })).toBe(403);
  });
});

describe("a node that was closed and opened again", () => {
  it("still has its keys", async () => {
    const kept = new ContentKeys(join(world.folder, "node"));
    expect(kept.find(film.record.contentId, 0)).toMatchObject({ isFollowed: false });
    expect(kept.find(film.record.contentId, 0)?.key?.toHex()).toBe(film.key.toHex());
  });
});

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
