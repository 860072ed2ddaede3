// Goal: a live stream's keys come in time to who may watch, and no later one to who may not any more.
// Method: the source's ring, the node's files and its release, and a viewer's cipher, joined without a
//         network; time is a number.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { KeyRelease } from "../../src/access/key-release.ts";
import { makeKeyOpener } from "../../src/access/key-wrap.ts";
import { AceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { ContentKeys } from "../../src/node/content-keys.ts";
import { type LiveKey, liveKeyRing } from "../../src/node/live-keys.ts";
import { keyEpochOf, viewerCipher } from "../../src/p2p/cipher-epochs.ts";
import { LIVE_KEY_EPOCH_PIECES } from "../../src/p2p/limits.ts";

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "ace-live-keys-"));
  folders.push(folder);
  return folder;
}

const contentId = "5".repeat(64);
const EPOCH = 1_900_000_000;
const PIECE_MS = 200;
const plain = randomBytes(1_880);
const code = (name: string) => expect.objectContaining({ code: name });

async function openStream(secret = randomBytes(32).toString("hex"), folder?: string) {
  const clock = { at: 1_900_000_000_000, nowMs: () => clock.at };
  const kept = new ContentKeys(folder ?? (await newFolder()));
  const brought: LiveKey[] = [];
  let isNodeUp = true;
  const ring = liveKeyRing({
    contentId,
    secret,
    bring: async (key) => {
      if (!isNodeUp) throw new AceError("NODE_UNREACHABLE", "the node is away");
      brought.push(key);
      const startsAtMs = clock.at + key.startsInMs;
      kept.put({
        content: contentId,
        epoch: key.epoch,
        key: Buffer.from(key.key, "hex"),
        startsAtMs,
      });
    },
    events: silentEvents,
    clock,
  });
  const desk = new KeyRelease({ keys: kept, clock });
  let isRevoked = false;
  let asked = 0;
  const ask = (epoch: number): Uint8Array => {
    if (isRevoked) throw new AceError("LICENCE_REVOKED", "not any more");
    const opener = makeKeyOpener();
    const holder = {
      jti: "AAECAwQFBgcICQoL",
      // As many devices as questions: how often one may ask is tried elsewhere.
      deviceKey: String(asked++),
      role: "viewer",
      expiresAtS: clock.at / 1_000 + 300,
      epk: Buffer.from(opener.publicKey).toString("base64url"),
    };
    const wrapped = desk.release({ content: contentId, epoch }, holder);
    return opener.open(wrapped, { content: contentId, epoch, jti: holder.jti });
  };
  const held = new Map<number, Uint8Array>();
  const viewer = viewerCipher(contentId, {
    key: async (_content, epoch) => {
      const key = held.get(epoch) ?? ask(epoch);
      held.set(epoch, key);
      return key;
    },
  });
  const send = async (seq: number) => {
    clock.at += PIECE_MS;
    const place = { epoch: EPOCH, seq };
    const sealed = await ring.cipher.seal(place, plain);
    await ring.settled();
    return { place, sealed };
  };
  return {
    ring,
    brought,
    send,
    viewer,
    ask,
    setNode: (isUp: boolean) => {
      isNodeUp = isUp;
    },
    revoke: () => {
      isRevoked = true;
    },
  };
}

it("a viewer opens all that the source seals, through changes of keys", async () => {
  const { send, viewer, brought } = await openStream();
  for (let seq = 0; seq < 3 * LIVE_KEY_EPOCH_PIECES; seq += 1) {
    const { place, sealed } = await send(seq);
    expect(sealed).toHaveLength(plain.length);
    expect(Buffer.from(sealed).equals(plain)).toBe(false);
    expect(Buffer.from(await viewer.open(place, sealed)).equals(plain)).toBe(true);
  }
  const epochs = brought.map(({ epoch }) => epoch);
  expect(epochs).toEqual([EPOCH, EPOCH + 1, EPOCH + 2, EPOCH + 3]);
  expect(new Set(brought.map(({ key }) => key)).size).toBe(4);
  // 256 pieces of 200 ms: about 51 s from the first piece to the second key.
  expect(brought[1]?.startsInMs).toBe(LIVE_KEY_EPOCH_PIECES * PIECE_MS);
});

it("who loses the right sees no epoch but the one that runs, and the next if its key was there", async () => {
  const { send, viewer, revoke, ask } = await openStream();
  const sealed = [];
  for (let seq = 0; seq <= 10; seq += 1) sealed.push(await send(seq));
  for (const each of sealed) await viewer.open(each.place, each.sealed);
  expect(() => ask(EPOCH + 1), "51 s ahead").toThrow(code("KEY_EPOCH_INVALID"));
  revoke();
  const rest = [];
  for (let seq = 11; seq <= LIVE_KEY_EPOCH_PIECES; seq += 1) rest.push(await send(seq));
  const last = rest.pop();
  for (const each of rest) await viewer.open(each.place, each.sealed);
  if (last === undefined) throw new Error("no piece was sent");
  expect(keyEpochOf(last.place)).toBe(EPOCH + 1);
  await expect(viewer.open(last.place, last.sealed)).rejects.toThrow(code("LICENCE_REVOKED"));
});

it("a source that is started again goes on with its keys; another secret is refused", async () => {
  const [secret, folder] = [randomBytes(32).toString("hex"), await newFolder()];
  const first = await openStream(secret, folder);
  await first.send(5);
  const again = await openStream(secret, folder);
  const { place, sealed } = await again.send(205);
  expect(Buffer.from(await first.viewer.open(place, sealed)).equals(plain)).toBe(true);
  const other = await openStream(randomBytes(32).toString("hex"), folder);
  await other.send(206);
  expect(other.brought.map(({ epoch }) => epoch)).toEqual([EPOCH]);
});

it("a node that was away gets the keys when it is back", async () => {
  const { send, setNode, brought } = await openStream();
  setNode(false);
  for (let seq = 0; seq < 20; seq += 1) await send(seq);
  expect(brought).toEqual([]);
  setNode(true);
  for (let seq = 20; seq <= 32; seq += 1) await send(seq);
  expect(brought.map(({ epoch }) => epoch)).toEqual([EPOCH, EPOCH + 1]);
});

it("keys of a stream that began anew are never those of before", () => {
  const before = keyEpochOf({ epoch: EPOCH, seq: 4_000 * LIVE_KEY_EPOCH_PIECES });
  // Four thousand keys last longer than four thousand seconds.
  const anew = keyEpochOf({ epoch: EPOCH + 4_001, seq: 0 });
  expect(anew).toBeGreaterThan(before);
});

it("keys are kept in files of their owner alone, and a damaged one is told without its words", async () => {
  const folder = await newFolder();
  const kept = new ContentKeys(folder);
  const key = randomBytes(32);
  kept.put({ content: contentId, epoch: 0, key, startsAtMs: 0 });
  const path = join(folder, "content-keys", `${contentId}.json`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "content-keys"))).mode & 0o777).toBe(0o700);
  expect(new ContentKeys(folder).find(contentId, 0)?.key?.toHex()).toBe(key.toHex());
  const conflict = { content: contentId, epoch: 0, key: randomBytes(32), startsAtMs: 0 };
  expect(() => kept.put(conflict)).toThrow(code("KEY_CONFLICT"));

  await writeFile(path, key.toHex(), { mode: 0o600 });
  const find = () => new ContentKeys(folder).find(contentId, 0);
  expect(find).toThrow(code("KEY_FILE_INVALID"));
  expect(find).not.toThrow(key.toHex().slice(0, 6));
  await rm(path);
  await writeFile(path, "{}", { mode: 0o644 });
  expect(find).toThrow(code("KEY_FILE_MODE"));
});
